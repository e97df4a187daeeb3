//! The characters of a `str`, read in place.

use super::inline::copy_bytes;
use super::layout::*;
use super::object::{Borrowed, Owned, PyResult};
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
    #[inline]
    pub fn utf8(bytes: &[u8]) -> PyResult<Option<Owned>> {
        // The empty text and texts of one character are shared objects, which the decoder knows.
        if bytes.len() < 2 || !is_ascii(bytes) {
            return Owned::decode_utf8(bytes);
        }
        // SAFETY: a new compact ASCII string has room for its characters behind the structure.
        unsafe {
            let text = Owned::from_raw(raw::PyUnicode_New(bytes.len() as isize, 0x7f))?;
            copy_bytes(bytes, text.as_ptr().cast::<PyASCIIObject>().add(1).cast());
            Ok(Some(text))
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

/// Whether all bytes are below 0x80, eight at a time.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    let mut words = bytes.chunks_exact(8);
    // SAFETY: a chunk has eight bytes.
    let word = |chunk: &[u8]| unsafe { chunk.as_ptr().cast::<u64>().read_unaligned() };
    words.by_ref().all(|chunk| word(chunk) & 0x8080_8080_8080_8080 == 0)
        && words.remainder().iter().all(|byte| *byte < 0x80)
}
