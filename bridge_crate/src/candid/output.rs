//! The buffer that a message is written to.
//!
//! Small things are written as whole words into reserved space: appending byte by byte, or
//! through `memcpy`, costs a multiple of that where every instruction is paid.

use super::reader::spread;
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

    /// Appends a length and as many bytes.
    #[inline(always)]
    pub fn counted(&mut self, bytes: &[u8]) {
        if bytes.len() >= 0x80 {
            self.leb(bytes.len() as u64);
            return self.bytes(bytes);
        }
        self.0.reserve(1 + bytes.len());
        // SAFETY: the room was made just now, and it does not overlap a slice of something else.
        unsafe {
            let length = self.0.len();
            let at = self.0.as_mut_ptr().add(length);
            at.write(bytes.len() as u8);
            copy_bytes(bytes, at.add(1));
            self.0.set_len(length + 1 + bytes.len());
        }
    }

    /// Appends an unsigned LEB128 number.
    #[inline(always)]
    pub fn leb(&mut self, value: u64) {
        if value < 0x80 {
            return self.byte(value as u8);
        }
        self.groups(value, u64::BITS - value.leading_zeros(), 0);
    }

    /// Appends a signed LEB128 number.
    #[inline(always)]
    pub fn sleb(&mut self, value: i64) {
        if (-0x40..0x40).contains(&value) {
            return self.byte(value as u8 & 0x7f);
        }
        let sign = value >> 63;
        let bits = u64::BITS + 1 - (value ^ sign).leading_zeros();
        self.groups(value as u64, bits, sign as u8 & 0x7f);
    }

    /// Appends the lowest `bits` bits, between 8 and 65, in groups of seven; `above` fills up the tenth.
    #[inline(always)]
    fn groups(&mut self, value: u64, bits: u32, above: u8) {
        self.0.reserve(LONGEST);
        // bits / 7, rounded up, without a division: right up to 70.
        let count = (bits * 9 + 64) >> 6;
        // SAFETY: the longest form has room.
        unsafe {
            let length = self.0.len();
            let at = self.0.as_mut_ptr().add(length);
            at.cast::<u64>().write_unaligned(spread(value).to_le());
            if count > 8 {
                at.add(8).write((value >> 56) as u8 | 0x80);
                at.add(9).write((value >> 63) as u8 | above);
            }
            // The last group has nothing behind it.
            let last = at.add(count as usize - 1);
            *last &= 0x7f;
            self.0.set_len(length + count as usize);
        }
    }

    /// Appends the lowest `count` bytes, at most eight, of a word.
    #[inline(always)]
    pub fn part_of_word(&mut self, word: u64, count: usize) {
        debug_assert!(count <= 8);
        self.0.reserve(8);
        // SAFETY: eight more bytes have room.
        unsafe {
            let length = self.0.len();
            self.0.as_mut_ptr().add(length).cast::<u64>().write_unaligned(word.to_le());
            self.0.set_len(length + count);
        }
    }
}
