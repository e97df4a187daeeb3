//! The entries of a `dict`, in place.
//!
//! A dict whose keys are all `str` keeps them, with the values, in one array in the order of insertion.
//! Records are such dicts. Comparing a few addresses there is several times cheaper than a
//! look-up through the C API; so is putting values into a copy of a dict that has the right keys.

use super::inline::{Py_None, Py_TYPE};
use super::layout::*;
use super::object::{Borrowed, Owned, PyResult};
use super::raw;

impl Borrowed<'_> {
    /// The value of a key found by its address alone, searched from entry `*hint` on; afterwards
    /// `*hint` is the entry behind the one found. `None` says nothing: the key may be there as
    /// another object of the same text, or the dict may have another form.
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
            for _ in 0..count {
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
    /// A template with these keys, which are distinct interned strings.
    pub fn new<'k>(keys: impl Iterator<Item = Borrowed<'k>>) -> PyResult<Self> {
        let dict = Owned::dict()?;
        for key in keys {
            dict.borrow().dict_set(key, Owned::none().borrow())?;
        }
        Ok(Template(dict))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.0.borrow().dict_len()
    }

    /// A new dict with these values, one for each key in order.
    ///
    /// # Panics
    /// When there are more or fewer values than keys.
    #[inline]
    pub fn fill(&self, values: impl ExactSizeIterator<Item = Owned>) -> PyResult<Owned> {
        if values.len() == 0 {
            return Owned::dict();
        }
        // SAFETY: the template is a dict; the result is a new reference.
        let dict = unsafe { Owned::from_raw(raw::PyDict_Copy(self.0.as_ptr()))? };
        // SAFETY: the copy of a compact dict with `str` keys has the same form: one entry for each
        // key, with the immortal None, which may be overwritten without giving up a reference.
        unsafe {
            let (entries, count) = unicode_entries(dict.as_ptr());
            assert_eq!(count, values.len());
            let mut tracked = false;
            for (index, value) in values.take(count).enumerate() {
                let entry = entries.add(index);
                debug_assert_eq!((*entry).me_value, Py_None());
                tracked |= (*Py_TYPE(value.as_ptr())).tp_flags & Py_TPFLAGS_HAVE_GC != 0;
                (*entry).me_value = value.into_raw();
            }
            // As CPython does: a dict is known to the garbage collector once it holds a container.
            if tracked && raw::PyObject_GC_IsTracked(dict.as_ptr()) == 0 {
                raw::PyObject_GC_Track(dict.as_ptr().cast());
            }
        }
        Ok(dict)
    }
}
