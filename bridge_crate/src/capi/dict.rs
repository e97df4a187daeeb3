//! The entries of a `dict`, in place.
//!
//! A dict whose keys are all `str` keeps them, with the values, in one array in the order of insertion.
//! Records are such dicts. Comparing a few addresses there is several times cheaper than a
//! look-up through the C API; so is putting values into a copy of a dict that has the right keys.

use super::heap::{allocate, allocate_memory};
use super::inline::is_immortal;
use super::layout::*;
use super::object::{Borrowed, Owned, PyResult, Raised};
use super::raw;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

/// How many entries to look at before asking the dict.
const FEW: usize = 16;

/// The place of a key among the entries where it was found last: dicts of one kind mostly have one order.
#[derive(Default)]
pub struct Place(AtomicU32);

/// The entries of a dict, where they lie now.
pub struct Entries<'a> {
    first: *mut PyDictUnicodeEntry,
    count: usize,
    dict: PhantomData<&'a PyObject>,
}

impl Borrowed<'_> {
    /// The entries; none for another object, or a dict of another form.
    ///
    /// # Safety
    /// No Python code runs while they are in use, or values that were found there: it could change the dict.
    #[inline(always)]
    pub unsafe fn dict_entries(&self) -> Entries<'_> {
        if !self.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            return Entries { first: null_mut(), count: 0, dict: PhantomData };
        }
        // SAFETY: the object is a dict.
        let (first, count) = unsafe { unicode_entries(self.as_ptr()) };
        Entries { first, count, dict: PhantomData }
    }
}

impl<'a> Entries<'a> {
    /// The value of a key found by its address alone. `None` says nothing: the key may be there as
    /// another object of the same text, or farther away.
    #[inline(always)]
    pub fn find(&self, key: Borrowed<'_>, place: &Place) -> Option<Borrowed<'a>> {
        let index = place.0.load(Ordering::Relaxed) as usize;
        self.at(index, key).or_else(|| self.elsewhere(key, place))
    }

    /// The value of an entry, when it has that key.
    #[inline(always)]
    fn at(&self, index: usize, key: Borrowed<'_>) -> Option<Borrowed<'a>> {
        if index >= self.count {
            return None;
        }
        // SAFETY: that many entries lie there, as long as nobody changes the dict.
        unsafe {
            let entry = self.first.add(index);
            let found = (*entry).me_key == key.as_ptr() && !(*entry).me_value.is_null();
            found.then(|| Borrowed::from_raw((*entry).me_value))
        }
    }

    /// Looks at the first entries, and remembers where the key was.
    fn elsewhere(&self, key: Borrowed<'_>, place: &Place) -> Option<Borrowed<'a>> {
        for index in 0..self.count.min(FEW) {
            if let Some(value) = self.at(index, key) {
                place.0.store(index as u32, Ordering::Relaxed);
                return Some(value);
            }
        }
        None
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
            return Ok(Filling { dict: Owned::dict()?, next: null_mut() });
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
            copy_head(model, keys, self.head);
            let dict = match if holds_containers { Owned::dict() } else { dict_without_table() } {
                Ok(dict) => dict,
                Err(raised) => {
                    raw::PyMem_Free(keys.cast());
                    return Err(raised);
                }
            };
            let object = dict.as_ptr().cast::<PyDictObject>();
            (*object).ma_keys = keys;
            (*object).ma_used = self.count as Py_ssize_t;
            Ok(Filling { dict, next: keys.cast::<u8>().add(self.head).cast() })
        }
    }
}

/// Copies the first `length` bytes of a table and a few of those behind them, in words.
///
/// # Safety
/// Both tables have entries behind the head, which is `length` bytes long; those of the target are set later.
#[inline(always)]
unsafe fn copy_head(source: *const PyDictKeysObject, target: *mut PyDictKeysObject, length: usize) {
    const WORD: usize = size_of::<u64>();
    /// Whole words that each head has: the structure and at least eight indices.
    const ALWAYS: usize = (size_of::<PyDictKeysObject>() + 8) / WORD;
    debug_assert!(length >= ALWAYS * WORD);
    // SAFETY: the last word begins within the head, and the entry behind that is at least a word long.
    unsafe {
        let word = |at: usize| {
            let word = source.cast::<u8>().add(at).cast::<u64>().read_unaligned();
            target.cast::<u8>().add(at).cast::<u64>().write_unaligned(word);
        };
        for index in 0..ALWAYS {
            word(index * WORD);
        }
        let mut at = ALWAYS * WORD;
        while at < length {
            word(at);
            at += WORD;
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

/// A new dict whose entries are put in one after the other. Nobody else can know it: the garbage
/// collector does not list it before [`Filling::finish`].
pub struct Filling {
    dict: Owned,
    /// The next entry of the table, which counts all as set already. Null for a dict without keys.
    next: *mut PyDictUnicodeEntry,
}

impl Filling {
    /// Sets the next key, and its value.
    ///
    /// # Safety
    /// The template has a further key, and it is this one.
    #[inline(always)]
    pub unsafe fn push(&mut self, key: Borrowed<'_>, value: Owned) {
        // SAFETY: the entry has room in the table; keys of a template are not counted.
        unsafe {
            self.next.write(PyDictUnicodeEntry { me_key: key.as_ptr(), me_value: value.into_raw() });
            self.next = self.next.add(1);
        }
    }

    /// The dict. As CPython does, one that `holds_containers` is made known to the garbage collector.
    ///
    /// # Safety
    /// Each key of the template has been pushed.
    #[inline(always)]
    pub unsafe fn finish(self, holds_containers: bool) -> Owned {
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

impl Drop for Filling {
    /// Gives up what was filled: only as many entries are there.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        if !self.next.is_null() {
            // SAFETY: the table is the dict's own, and its entries before `next` are set.
            unsafe {
                let dict = self.dict.as_ptr().cast::<PyDictObject>();
                let (first, _) = unicode_entries(self.dict.as_ptr());
                let filled = self.next.offset_from(first);
                (*(*dict).ma_keys).dk_nentries = filled;
                (*dict).ma_used = filled;
            }
        }
    }
}
