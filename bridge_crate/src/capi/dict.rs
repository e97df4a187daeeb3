//! The entries of a `dict`, in place.
//!
//! A dict whose keys are all `str` keeps them, with the values, in one array in the order of insertion.
//! Records are such dicts. Comparing a few addresses there is several times cheaper than a
//! look-up through the C API; so is putting values into a copy of a dict that has the right keys.

use super::layout::*;
use super::object::{Borrowed, Owned, PyResult};
use super::raw;

/// How many entries to look at before asking the dict.
const FEW: usize = 16;

impl Borrowed<'_> {
    /// The value of a key found by its address alone, searched from entry `*hint` on; afterwards
    /// `*hint` is the entry behind the one found. `None` says nothing: the key may be there as
    /// another object of the same text, or farther away, or the dict may have another form.
    #[inline(always)]
    pub fn dict_find(self, key: Borrowed<'_>, hint: &mut usize) -> Option<Owned> {
        if !self.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            return None;
        }
        // SAFETY: the object is a dict; entries and count are read anew each time, and no other
        // code runs before the reference is taken.
        unsafe {
            let (entries, count) = unicode_entries(self.as_ptr());
            let mut index = *hint;
            for _ in 0..count.min(FEW) {
                if index >= count {
                    index = 0;
                }
                let entry = entries.add(index);
                index += 1;
                if (*entry).me_key == key.as_ptr() && !(*entry).me_value.is_null() {
                    *hint = index;
                    return Some(Borrowed::from_raw((*entry).me_value).to_owned());
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

/// A dict with given keys, to be copied and filled.
pub struct Template(Owned);

impl Template {
    /// A template with these keys, which are interned strings.
    pub fn new<'k>(keys: impl Iterator<Item = Borrowed<'k>>) -> PyResult<Self> {
        let dict = Owned::dict()?;
        for key in keys {
            dict.borrow().dict_set(key, Owned::none().borrow())?;
        }
        Ok(Template(dict))
    }

    /// Number of different keys.
    pub fn size(&self) -> usize {
        self.0.borrow().dict_len()
    }

    /// A new dict with these keys, each with `None` until it is filled.
    #[inline(always)]
    pub fn start(&self) -> PyResult<Filling> {
        // SAFETY: the template is a dict; the copy of a compact dict with `str` keys has the same
        // form: one entry for each key, in order.
        unsafe {
            let dict = Owned::from_raw(raw::PyDict_Copy(self.0.as_ptr()))?;
            let (next, count) = unicode_entries(dict.as_ptr());
            Ok(Filling { dict, next, rest: count })
        }
    }
}

/// A new dict whose values are put in one after the other. Nobody else can know it: the garbage
/// collector does not list it before [`Filling::finish`].
pub struct Filling {
    dict: Owned,
    next: *mut PyDictUnicodeEntry,
    rest: usize,
}

impl Filling {
    /// Sets the value of the next key.
    ///
    /// # Panics
    /// When all keys have their values.
    #[inline(always)]
    pub fn push(&mut self, value: Owned) {
        assert!(self.rest > 0);
        self.rest -= 1;
        // SAFETY: `rest` entries begin at `next`. The value there is None, which is immortal and
        // needs not be given up.
        unsafe {
            debug_assert_eq!((*self.next).me_value, super::inline::Py_None());
            (*self.next).me_value = value.into_raw();
            self.next = self.next.add(1);
        }
    }

    /// The dict. As CPython does, one that `holds_containers` is made known to the garbage collector.
    #[inline(always)]
    pub fn finish(self, holds_containers: bool) -> Owned {
        // SAFETY: the object is a dict, and not tracked yet.
        unsafe {
            if holds_containers && raw::PyObject_GC_IsTracked(self.dict.as_ptr()) == 0 {
                raw::PyObject_GC_Track(self.dict.as_ptr().cast());
            }
        }
        self.dict
    }
}
