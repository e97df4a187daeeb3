//! The characters of a `str`, read in place.

use super::heap::allocate;
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
    /// A `str` from ASCII characters, of which there are two at least. `None`, without an exception, when there are
    /// others or fewer, or no memory; then [`Owned::decode_utf8`] knows more.
    ///
    /// The bytes are copied and looked at together, and given up when one is not ASCII.
    #[inline(always)]
    pub fn ascii(bytes: &[u8]) -> Option<Owned> {
        const STATE: u32 = UNICODE_STATE_COMPACT | UNICODE_STATE_ASCII | (1 << UNICODE_STATE_KIND_SHIFT);
        // The empty text and texts of one character are shared objects.
        if bytes.len() < 2 {
            return None;
        }
        // SAFETY: a compact ASCII string has its characters and a zero behind the structure, for which the block
        // has room; all of it is set, as `PyUnicode_New` does it.
        unsafe {
            let text: *mut PyASCIIObject = allocate(size_of::<PyASCIIObject>() + bytes.len() + 1).cast();
            if text.is_null() {
                return None;
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
                return None;
            }
            Owned::from_raw_optional(text.cast())
        }
    }

    /// A `str` from bytes that ought to be UTF-8; `None` when they are not.
    #[inline]
    pub fn utf8(bytes: &[u8]) -> PyResult<Option<Owned>> {
        match Owned::ascii(bytes) {
            Some(text) => Ok(Some(text)),
            None => Owned::decode_utf8(bytes),
        }
    }

    /// The same for bytes that [`Owned::ascii`] has refused.
    #[cold]
    pub fn decode_utf8(bytes: &[u8]) -> PyResult<Option<Owned>> {
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

/// Copies at least two bytes, in the largest pieces that fit, of which the last may overlap the one before; false
/// when a byte is 0x80 or more.
///
/// # Safety
/// There is room for the bytes at `target`, and it does not overlap them.
#[inline(always)]
unsafe fn copy_ascii(bytes: &[u8], target: *mut u8) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    /// A piece of the type's size at that place, and its bits.
    macro_rules! piece {
        ($type:ty, $at:expr) => {{
            let piece = bytes.as_ptr().add($at).cast::<$type>().read_unaligned();
            target.add($at).cast::<$type>().write_unaligned(piece);
            u64::from(piece)
        }};
    }
    let length = bytes.len();
    debug_assert!(length >= 2);
    // SAFETY: only what lies within the slice is read, and as much is written.
    let all = unsafe {
        match length {
            17.. => {
                let last = length - 16;
                let mut all = piece!(u64, last) | piece!(u64, last + 8);
                let mut index = 0;
                while index < last {
                    all |= piece!(u64, index) | piece!(u64, index + 8);
                    index += 16;
                }
                all
            }
            8.. => piece!(u64, 0) | piece!(u64, length - 8),
            4.. => piece!(u32, 0) | piece!(u32, length - 4),
            _ => piece!(u16, 0) | piece!(u8, length - 1),
        }
    };
    all & HIGH_BITS == 0
}
