//! The entries of a `dict`, in place.
//!
//! A dict whose keys are all `str` keeps them, with the values, in one array in the order of insertion.
//! Records are such dicts. Comparing a few addresses there is several times cheaper than a
//! look-up through the C API; so is putting values into a copy of a dict that has the right keys.

use super::heap::{allocate, allocate_memory};
use super::inline::{copy_bytes, is_immortal};
use super::layout::*;
use super::object::{Borrowed, Owned, PyResult, Raised};
use super::raw;
use core::mem::ManuallyDrop;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};

/// How many entries to look at before asking the dict.
const FEW: usize = 16;

/// The place of a key among the entries where it was found last: dicts of one kind mostly have one order.
#[derive(Default)]
pub struct Place(AtomicU32);

impl Borrowed<'_> {
    /// The value of a key found by its address alone. `None` says nothing: the key may be there as
    /// another object of the same text, or farther away, or the dict may have another form.
    ///
    /// # Safety
    /// No Python code runs while the value is in use: it could change the dict.
    #[inline(always)]
    pub unsafe fn dict_find(&self, key: Borrowed<'_>, place: &Place) -> Option<Borrowed<'_>> {
        if !self.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            return None;
        }
        // SAFETY: the object is a dict; entries and count are read anew each time.
        unsafe {
            let (entries, count) = unicode_entries(self.as_ptr());
            let index = place.0.load(Ordering::Relaxed) as usize;
            if index < count {
                let entry = entries.add(index);
                if (*entry).me_key == key.as_ptr() && !(*entry).me_value.is_null() {
                    return Some(Borrowed::from_raw((*entry).me_value));
                }
            }
            for index in 0..count.min(FEW) {
                let entry = entries.add(index);
                if (*entry).me_key == key.as_ptr() && !(*entry).me_value.is_null() {
                    place.0.store(index as u32, Ordering::Relaxed);
                    return Some(Borrowed::from_raw((*entry).me_value));
                }
            }
            None
        }
    }
}

/// Address and number of the entries; none for a dict of another form.
///
/// # Safety
/// `dict` is a live dict.
#[inline(always)]
unsafe fn unicode_entries(dict: *mut PyObject) -> (*mut PyDictUnicodeEntry, usize) {
    // SAFETY: the layouts are checked against the headers; entries follow the indices.
    unsafe {
        let dict = dict.cast::<PyDictObject>();
        let keys = (*dict).ma_keys;
        if (*keys).dk_kind != DICT_KEYS_UNICODE || !(*dict).ma_values.is_null() {
            return (core::ptr::null_mut(), 0);
        }
        let indices = keys.add(1).cast::<u8>();
        (indices.add(1 << (*keys).dk_log2_index_bytes).cast(), (*keys).dk_nentries as usize)
    }
}

/// A dict with given keys, from whose table those of others are made.
pub struct Template {
    dict: Owned,
    /// Bytes of its table, those before the entries, and the number of entries.
    table: usize,
    head: usize,
    count: usize,
}

impl Template {
    /// A template with these keys, which are interned for ever ([`Owned::interned_forever`]).
    pub fn new<'k>(keys: impl Iterator<Item = Borrowed<'k>>) -> PyResult<Self> {
        let dict = Owned::dict()?;
        for key in keys {
            // SAFETY: the key is alive.
            assert!(unsafe { is_immortal(key.as_ptr()) });
            dict.borrow().dict_set(key, Owned::none().borrow())?;
        }
        // SAFETY: the object is a dict whose keys are all `str`: the entries are behind the indices, as many as
        // are used and may still be used.
        unsafe {
            let keys = (*dict.as_ptr().cast::<PyDictObject>()).ma_keys;
            let (first, count) = unicode_entries(dict.as_ptr());
            if count == 0 {
                return Ok(Template { dict, table: 0, head: 0, count });
            }
            let head = first.cast::<u8>().offset_from(keys.cast()) as usize;
            let entries = count + (*keys).dk_usable as usize;
            Ok(Template { dict, table: head + entries * size_of::<PyDictUnicodeEntry>(), head, count })
        }
    }

    /// Number of different keys.
    pub fn size(&self) -> usize {
        self.count
    }

    /// A new dict that will have these keys. One that `holds_containers` counts for the garbage collector.
    ///
    /// It gets a table as `dict.copy` makes one (`clone_combined_dict_keys`), with the indices at once and the
    /// entries as they come: until then it has none.
    #[inline(always)]
    pub fn start(&self, holds_containers: bool) -> PyResult<Filling> {
        if self.count == 0 {
            return Ok(Filling { dict: Owned::dict()?, next: null_mut(), model: null(), filled: 0, count: 0 });
        }
        // SAFETY: the block is as large as the template's table, of which the head is copied. A new dict has no
        // table, or the shared one without entries, which is not counted and may be replaced.
        unsafe {
            let keys: *mut PyDictKeysObject = allocate_memory(self.table).cast();
            if keys.is_null() {
                raw::PyErr_NoMemory();
                return Err(Raised);
            }
            let model = (*self.dict.as_ptr().cast::<PyDictObject>()).ma_keys;
            copy_bytes(core::slice::from_raw_parts(model.cast(), self.head), keys.cast());
            (*keys).dk_nentries = 0;
            let dict = match if holds_containers { Owned::dict() } else { dict_without_table() } {
                Ok(dict) => dict,
                Err(raised) => {
                    raw::PyMem_Free(keys.cast());
                    return Err(raised);
                }
            };
            (*dict.as_ptr().cast::<PyDictObject>()).ma_keys = keys;
            let next = keys.cast::<u8>().add(self.head).cast();
            let model = model.cast::<u8>().add(self.head).cast();
            Ok(Filling { dict, next, model, filled: 0, count: self.count })
        }
    }
}

/// A dict as `_PyObject_GC_New` and `new_dict` make it, which the garbage collector neither lists nor counts.
///
/// # Safety
/// The caller gives it a table before anything else happens to it.
#[inline(always)]
unsafe fn dict_without_table() -> PyResult<Owned> {
    // SAFETY: the block has room for both structures, and all of them is set.
    unsafe {
        let head: *mut PyGC_Head = allocate(size_of::<PyGC_Head>() + size_of::<PyDictObject>()).cast();
        if head.is_null() {
            raw::PyErr_NoMemory();
            return Err(Raised);
        }
        head.write(PyGC_Head { _gc_next: 0, _gc_prev: 0 });
        let dict = head.add(1).cast::<PyDictObject>();
        dict.write(PyDictObject {
            ob_base: PyObject { ob_refcnt: 1, ob_type: &raw mut raw::PyDict_Type },
            ma_used: 0,
            ma_version_tag: 0,
            ma_keys: null_mut(),
            ma_values: null_mut(),
        });
        Owned::from_raw(dict.cast())
    }
}

/// A new dict whose values are put in one after the other. Nobody else can know it: the garbage
/// collector does not list it before [`Filling::finish`].
pub struct Filling {
    dict: Owned,
    next: *mut PyDictUnicodeEntry,
    model: *const PyDictUnicodeEntry,
    filled: usize,
    count: usize,
}

impl Filling {
    /// Sets the value of the next key.
    ///
    /// # Panics
    /// When all keys have their values.
    #[inline(always)]
    pub fn push(&mut self, value: Owned) {
        assert!(self.filled < self.count);
        // SAFETY: `count - filled` entries begin at `next`, and at `model`; the keys are not counted.
        unsafe {
            (*self.next).me_key = (*self.model).me_key;
            (*self.next).me_value = value.into_raw();
            self.next = self.next.add(1);
            self.model = self.model.add(1);
        }
        self.filled += 1;
    }

    /// The dict. As CPython does, one that `holds_containers` is made known to the garbage collector.
    ///
    /// # Panics
    /// When a key has no value.
    #[inline(always)]
    pub fn finish(self, holds_containers: bool) -> Owned {
        assert!(self.filled == self.count);
        self.publish();
        // SAFETY: the reference is moved out of a value that is not dropped.
        let dict = unsafe { core::ptr::read(&ManuallyDrop::new(self).dict) };
        // SAFETY: the object is a dict, and not tracked yet.
        unsafe {
            if holds_containers && raw::PyObject_GC_IsTracked(dict.as_ptr()) == 0 {
                raw::PyObject_GC_Track(dict.as_ptr().cast());
            }
        }
        dict
    }
}

impl Filling {
    /// Tells the dict of its entries: as many as were filled.
    #[inline(always)]
    fn publish(&self) {
        if self.filled > 0 {
            // SAFETY: the table is the dict's own, and that many of its entries are set.
            unsafe {
                let dict = self.dict.as_ptr().cast::<PyDictObject>();
                (*(*dict).ma_keys).dk_nentries = self.filled as Py_ssize_t;
                (*dict).ma_used = self.filled as Py_ssize_t;
            }
        }
    }
}

impl Drop for Filling {
    /// Gives up what was filled.
    #[cold]
    fn drop(&mut self) {
        self.publish();
    }
}
