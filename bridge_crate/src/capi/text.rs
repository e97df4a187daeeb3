//! The characters of a `str`, read in place.

use super::heap::allocate;
use super::layout::*;
use super::object::{Borrowed, Owned, PyResult, Raised};
use super::raw;

/// Characters of a `str` in the width that CPython chose for them.
#[derive(Clone, Copy)]
pub enum Characters<'a> {
    /// Below U+0080: already UTF-8.
    Ascii(&'a [u8]),
    /// Below U+0100.
    Latin(&'a [u8]),
    /// Below U+10000; may hold lone surrogates.
    Narrow(&'a [u16]),
    /// Any; may hold lone surrogates.
    Wide(&'a [u32]),
}

impl<'a> Borrowed<'a> {
    /// The characters, when the object is a `str`.
    #[inline(always)]
    pub fn characters(self) -> Option<Characters<'a>> {
        const COMPACT_ASCII: u32 = UNICODE_STATE_COMPACT | UNICODE_STATE_ASCII;
        if !self.has_feature(Py_TPFLAGS_UNICODE_SUBCLASS) {
            return None;
        }
        // SAFETY: the object is a live string, whose characters never change; the three layouts
        // are those of the headers.
        unsafe {
            let ascii = self.as_ptr().cast::<PyASCIIObject>();
            let length = (*ascii).length as usize;
            if (*ascii).state & COMPACT_ASCII == COMPACT_ASCII {
                return Some(Characters::Ascii(core::slice::from_raw_parts(ascii.add(1).cast(), length)));
            }
            Some(self.other_characters())
        }
    }

    /// # Safety
    /// The object is a live `str` that is not compact ASCII.
    #[cold]
    unsafe fn other_characters(self) -> Characters<'a> {
        // SAFETY: see above.
        unsafe {
            let object = self.as_ptr().cast::<PyUnicodeObject>();
            let ascii = self.as_ptr().cast::<PyASCIIObject>();
            let (state, length) = ((*ascii).state, (*ascii).length as usize);
            let data: *const u8 = if state & UNICODE_STATE_COMPACT != 0 {
                self.as_ptr().cast::<PyCompactUnicodeObject>().add(1).cast()
            } else {
                (*object).data.cast_const().cast()
            };
            match (state >> UNICODE_STATE_KIND_SHIFT) & UNICODE_STATE_KIND_MASK {
                1 if state & UNICODE_STATE_ASCII != 0 => {
                    Characters::Ascii(core::slice::from_raw_parts(data, length))
                }
                1 => Characters::Latin(core::slice::from_raw_parts(data, length)),
                2 => Characters::Narrow(core::slice::from_raw_parts(data.cast(), length)),
                _ => Characters::Wide(core::slice::from_raw_parts(data.cast(), length)),
            }
        }
    }
}

impl Owned {
    /// A `str` from bytes that ought to be UTF-8; `None` when they are not.
    ///
    /// Taken for ASCII at first: the bytes are copied and looked at together, and given up when one is not.
    #[inline(always)]
    pub fn utf8(bytes: &[u8]) -> PyResult<Option<Owned>> {
        const STATE: u32 = UNICODE_STATE_COMPACT | UNICODE_STATE_ASCII | (1 << UNICODE_STATE_KIND_SHIFT);
        // The empty text and texts of one character are shared objects, which the decoder knows.
        if bytes.len() < 2 {
            return Owned::decode_utf8(bytes);
        }
        // SAFETY: a compact ASCII string has its characters and a zero behind the structure, for which the block
        // has room; all of it is set, as `PyUnicode_New` does it.
        unsafe {
            let text: *mut PyASCIIObject = allocate(size_of::<PyASCIIObject>() + bytes.len() + 1).cast();
            if text.is_null() {
                raw::PyErr_NoMemory();
                return Err(Raised);
            }
            (*text).ob_base.ob_refcnt = 1;
            (*text).ob_base.ob_type = &raw mut raw::PyUnicode_Type;
            (*text).length = bytes.len() as Py_ssize_t;
            (*text).hash = -1;
            (*text).state = STATE;
            let characters = text.add(1).cast::<u8>();
            characters.add(bytes.len()).write(0);
            if !copy_ascii(bytes, characters) {
                raw::PyObject_Free(text.cast());
                return Owned::decode_utf8(bytes);
            }
            Ok(Some(Owned::from_raw(text.cast())?))
        }
    }

    #[cold]
    fn decode_utf8(bytes: &[u8]) -> PyResult<Option<Owned>> {
        // SAFETY: the slice is valid for its length; the result is null or a new reference.
        unsafe {
            let text = raw::PyUnicode_DecodeUTF8(bytes.as_ptr().cast(), bytes.len() as isize, core::ptr::null());
            match Owned::from_raw(text) {
                Ok(text) => Ok(Some(text)),
                Err(raised) if raw::PyErr_ExceptionMatches(raw::PyExc_UnicodeDecodeError) == 0 => Err(raised),
                Err(_) => {
                    raw::PyErr_Clear();
                    Ok(None)
                }
            }
        }
    }
}

/// Copies bytes, eight at a time and the last eight perhaps twice; false when one of them is 0x80 or more.
///
/// # Safety
/// There is room for the bytes at `target`, and it does not overlap them.
#[inline(always)]
unsafe fn copy_ascii(bytes: &[u8], target: *mut u8) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    const WORD: usize = size_of::<u64>();
    let (source, length) = (bytes.as_ptr(), bytes.len());
    let mut all = 0;
    // SAFETY: only what lies within the slice is read, and as much is written.
    unsafe {
        if length < WORD {
            for (index, byte) in bytes.iter().enumerate() {
                target.add(index).write(*byte);
                all |= u64::from(*byte);
            }
            return all < 0x80;
        }
        let mut word = |index: usize| {
            let word = source.add(index).cast::<u64>().read_unaligned();
            target.add(index).cast::<u64>().write_unaligned(word);
            all |= word;
        };
        let last = length - WORD;
        let mut index = 0;
        while index < last {
            word(index);
            index += WORD;
        }
        word(last);
    }
    all & HIGH_BITS == 0
}
