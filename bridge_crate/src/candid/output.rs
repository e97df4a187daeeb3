//! The buffer that a message is written to.
//!
//! Small things are written as whole words into reserved space: appending byte by byte, or
//! through `memcpy`, costs a multiple of that where every instruction is paid.

use crate::capi::inline::copy_bytes;
use alloc::vec::Vec;

/// The longest LEB128 form of 64 bits.
const LONGEST: usize = 10;

/// Appends to a vector.
pub struct Output<'o>(&'o mut Vec<u8>);

impl<'o> Output<'o> {
    /// Appends to `out`.
    #[inline(always)]
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Output(out)
    }

    /// Number of bytes in the vector.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written after the vector had that length.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Makes room for so many more bytes.
    #[inline(always)]
    pub fn reserve(&mut self, count: usize) {
        self.0.reserve(count);
    }

    /// Appends a byte.
    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Appends a few bytes whose number is known to the compiler.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.reserve(N);
        // SAFETY: N more bytes have room.
        unsafe {
            let length = self.0.len();
            self.0.as_mut_ptr().add(length).cast::<[u8; N]>().write_unaligned(bytes);
            self.0.set_len(length + N);
        }
    }

    /// Appends bytes.
    #[inline(always)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.reserve(bytes.len());
        // SAFETY: the room was made just now, and it does not overlap a slice of something else.
        unsafe {
            let length = self.0.len();
            copy_bytes(bytes, self.0.as_mut_ptr().add(length));
            self.0.set_len(length + bytes.len());
        }
    }

    /// Appends an unsigned LEB128 number.
    #[inline(always)]
    pub fn leb(&mut self, mut value: u64) {
        self.0.reserve(LONGEST);
        // SAFETY: the longest form has room.
        unsafe {
            let length = self.0.len();
            let mut at = self.0.as_mut_ptr().add(length);
            while value >= 0x80 {
                at.write(value as u8 | 0x80);
                at = at.add(1);
                value >>= 7;
            }
            at.write(value as u8);
            self.0.set_len(at.offset_from(self.0.as_ptr()) as usize + 1);
        }
    }

    /// Appends a signed LEB128 number.
    #[inline(always)]
    pub fn sleb(&mut self, mut value: i64) {
        self.0.reserve(LONGEST);
        // SAFETY: the longest form has room.
        unsafe {
            let length = self.0.len();
            let mut at = self.0.as_mut_ptr().add(length);
            while !(-0x40..0x40).contains(&value) {
                at.write(value as u8 | 0x80);
                at = at.add(1);
                value >>= 7;
            }
            at.write(value as u8 & 0x7f);
            self.0.set_len(at.offset_from(self.0.as_ptr()) as usize + 1);
        }
    }
}
