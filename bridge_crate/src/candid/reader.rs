//! Bytes and LEB128 numbers of a message.

use core::marker::PhantomData;

/// A position in a message. Methods return `None` when the bytes do not hold what is asked for.
///
/// Two addresses instead of a slice and an index: reading takes fewer steps, and there is one thing to move.
#[derive(Clone)]
pub struct Reader<'m> {
    /// `start <= next <= end`, all within or at the end of one slice that lives for `'m`.
    next: *const u8,
    end: *const u8,
    start: *const u8,
    message: PhantomData<&'m [u8]>,
}

impl<'m> Reader<'m> {
    /// A reader at the start of `data`.
    pub fn new(data: &'m [u8]) -> Self {
        let bytes = data.as_ptr_range();
        Reader { next: bytes.start, end: bytes.end, start: bytes.start, message: PhantomData }
    }

    /// Number of bytes read.
    #[inline(always)]
    pub fn position(&self) -> usize {
        // SAFETY: both addresses belong to one slice.
        unsafe { self.next.offset_from(self.start) as usize }
    }

    /// Goes to a position, as [`Reader::position`] counts.
    ///
    /// # Panics
    /// When it lies beyond the end.
    #[inline(always)]
    pub fn rewind(&mut self, position: usize) {
        assert!(position <= self.message().len());
        // SAFETY: the position lies within the slice.
        self.next = unsafe { self.start.add(position) };
    }

    /// Number of bytes left.
    #[inline(always)]
    pub fn remaining(&self) -> usize {
        // SAFETY: both addresses belong to one slice, and this is not the later one.
        unsafe { self.end.offset_from(self.next) as usize }
    }

    /// What is left.
    #[inline(always)]
    fn rest(&self) -> &'m [u8] {
        // SAFETY: that many bytes of the slice lie there.
        unsafe { core::slice::from_raw_parts(self.next, self.remaining()) }
    }

    /// Moves on.
    ///
    /// # Safety
    /// At least `count` bytes are left.
    #[inline(always)]
    unsafe fn skip(&mut self, count: usize) {
        debug_assert!(count <= self.remaining());
        // SAFETY: the caller vouches for it.
        self.next = unsafe { self.next.add(count) };
    }

    /// The whole message.
    #[inline(always)]
    pub fn message(&self) -> &'m [u8] {
        // SAFETY: these are the bounds of the slice.
        unsafe { core::slice::from_raw_parts(self.start, self.end.offset_from(self.start) as usize) }
    }

    /// The next byte.
    #[inline(always)]
    pub fn byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        // SAFETY: there is a byte.
        unsafe { self.skip(1) };
        Some(byte)
    }

    /// The next byte, without going past it.
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        // SAFETY: a byte lies there when it is not the end.
        (self.next != self.end).then(|| unsafe { *self.next })
    }

    /// The next `count` bytes.
    #[inline(always)]
    pub fn take(&mut self, count: usize) -> Option<&'m [u8]> {
        if count > self.remaining() {
            return None;
        }
        // SAFETY: that many bytes are left.
        unsafe {
            let bytes = core::slice::from_raw_parts(self.next, count);
            self.skip(count);
            Some(bytes)
        }
    }

    /// The next `N` bytes.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// An unsigned LEB128 number of at most 64 bits; overlong forms are allowed up to ten bytes.
    #[inline(always)]
    pub fn leb(&mut self) -> Option<u64> {
        match self.short() {
            Some(byte) => Some(byte.into()),
            None => self.long_leb(),
        }
    }

    /// A number of one byte: the next byte, when it is below 128.
    #[inline(always)]
    fn short(&mut self) -> Option<u8> {
        let byte = self.peek().filter(|byte| *byte < 0x80)?;
        // SAFETY: there is a byte.
        unsafe { self.skip(1) };
        Some(byte)
    }

    #[cold]
    fn long_leb(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// An unsigned LEB128 number of at most 32 bits (field ids, indices).
    #[inline(always)]
    pub fn leb_u32(&mut self) -> Option<u32> {
        self.leb()?.try_into().ok()
    }

    /// A length: an unsigned LEB128 number that fits the address space.
    #[inline(always)]
    pub fn leb_usize(&mut self) -> Option<usize> {
        match self.short() {
            Some(byte) => Some(byte.into()),
            // One word instead of an option, which would come back through memory.
            None => Some(self.long_length()).filter(|length| *length != usize::MAX),
        }
    }

    /// The same when it is not of one byte; `usize::MAX`, which is no length, when there is none.
    #[cold]
    #[inline(never)]
    fn long_length(&mut self) -> usize {
        self.long_leb().and_then(|value| value.try_into().ok()).unwrap_or(usize::MAX)
    }

    /// A signed LEB128 number of at most 32 bits (type references), ten bytes at most.
    pub fn sleb_i32(&mut self) -> Option<i32> {
        let mut value = 0i64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = i64::from(byte & 0x7f);
            if shift == 63 && bits != 0 && bits != 0x7f {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                if byte & 0x40 != 0 && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return value.try_into().ok();
            }
        }
        None
    }

    /// An unsigned LEB128 number of at most ten bytes that fits 64 bits. `None`, without moving, when it
    /// is longer or larger, or cut off.
    #[inline(always)]
    pub fn short_unsigned(&mut self) -> Option<u64> {
        match self.short() {
            Some(byte) => Some(byte.into()),
            None => match self.groups()? {
                (value, ..=9) => Some(value),
                (value, _) => self.tenth(value, 1),
            },
        }
    }

    /// The same for a signed number.
    #[inline(always)]
    pub fn short_signed(&mut self) -> Option<i64> {
        match self.short() {
            Some(byte) => Some(i64::from((byte << 1) as i8 >> 1)),
            None => match self.groups()? {
                (value, count @ ..=9) => {
                    let unused = 64 - 7 * count;
                    Some(((value << unused) as i64) >> unused)
                }
                (value, _) => self.tenth(value, 0x7f).map(|value| value as i64),
            },
        }
    }

    /// The groups of a number of at most nine bytes, the last included, and how many there are. For a longer
    /// one the first nine groups and a count of 10; then the position is that of the tenth byte less nine.
    #[inline(always)]
    fn groups(&mut self) -> Option<(u64, u32)> {
        let Some(bytes) = self.rest().first_chunk::<9>() else {
            return self.groups_at_the_end();
        };
        let [word @ .., ninth] = *bytes;
        let word = u64::from_le_bytes(word);
        let ends = !word & HIGH_BITS;
        if ends != 0 {
            // The lowest bit set is the highest of the last byte.
            let count = ends.trailing_zeros() / 8 + 1;
            // SAFETY: the word has eight bytes, and nine are left.
            unsafe { self.skip(count as usize) };
            return Some((squeeze(word & (ends ^ (ends - 1))), count));
        }
        let value = squeeze(word) | (u64::from(ninth & 0x7f) << 56);
        if ninth < 0x80 {
            // SAFETY: nine bytes are left.
            unsafe { self.skip(9) };
            return Some((value, 9));
        }
        Some((value, 10))
    }

    /// The same where fewer than nine bytes are left.
    #[cold]
    fn groups_at_the_end(&mut self) -> Option<(u64, u32)> {
        let rest = self.rest();
        let count = rest.iter().position(|&byte| byte < 0x80)? + 1;
        let groups = rest[..count].iter().rev();
        // SAFETY: the slice of what is left has a byte at `count - 1`.
        unsafe { self.skip(count) };
        Some((groups.fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f)), count as u32))
    }

    /// Adds the tenth byte, which must be 0 or `other`: bit 63, for signed numbers with copies of it above.
    #[inline(always)]
    fn tenth(&mut self, value: u64, other: u8) -> Option<u64> {
        let byte = *self.rest().get(9)?;
        if byte != 0 && byte != other {
            return None;
        }
        // SAFETY: ten bytes are left.
        unsafe { self.skip(10) };
        Some(value | (u64::from(byte) << 63))
    }

    /// The bytes of a LEB128 number of any size, the last included.
    #[inline]
    pub fn leb_bytes(&mut self) -> Option<&'m [u8]> {
        let rest = self.rest();
        let mut length = 0;
        for word in rest.chunks_exact(8) {
            if let Ok(word) = word.try_into() {
                if u64::from_le_bytes(word) & HIGH_BITS != HIGH_BITS {
                    break;
                }
            }
            length += 8;
        }
        let last = rest[length..].iter().position(|&byte| byte < 0x80)?;
        self.take(length + last + 1)
    }
}

/// The highest bit of each byte: set where a LEB128 number goes on.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Moves the lower seven bits of eight bytes together: a number of 56 bits.
#[inline(always)]
pub fn squeeze(word: u64) -> u64 {
    let pairs = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let fours = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
    (fours & 0x0fff_ffff) | ((fours & 0x0fff_ffff_0000_0000) >> 4)
}

/// The inverse of [`squeeze`], with the highest bit of each byte set.
#[inline(always)]
pub fn spread(value: u64) -> u64 {
    let fours = (value & 0x0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
    let pairs = (fours & 0x0000_3fff_0000_3fff) | ((fours & 0x0fff_c000_0fff_c000) << 2);
    (pairs & 0x007f_007f_007f_007f) | ((pairs & 0x3f80_3f80_3f80_3f80) << 1) | HIGH_BITS
}

/// Appends an unsigned LEB128 number.
pub fn put_leb(out: &mut alloc::vec::Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed LEB128 number.
pub fn put_sleb(out: &mut alloc::vec::Vec<u8>, mut value: i64) {
    while !(-0x40..0x40).contains(&value) {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8 & 0x7f);
}
