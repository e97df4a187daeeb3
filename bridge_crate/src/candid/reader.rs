//! Bytes and LEB128 numbers of a message.

/// A position in a message. Methods return `None` when the bytes do not hold what is asked for.
#[derive(Clone)]
pub struct Reader<'m> {
    data: &'m [u8],
    position: usize,
}

impl<'m> Reader<'m> {
    /// A reader at the start of `data`.
    pub fn new(data: &'m [u8]) -> Self {
        Reader { data, position: 0 }
    }

    /// Number of bytes read.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Goes back to a position got from [`Reader::position`].
    #[inline(always)]
    pub fn rewind(&mut self, position: usize) {
        debug_assert!(position <= self.data.len());
        self.position = position;
    }

    /// Number of bytes left.
    #[inline(always)]
    pub fn remaining(&self) -> usize {
        self.data.len() - self.position
    }

    /// The whole message.
    #[inline(always)]
    pub fn message(&self) -> &'m [u8] {
        self.data
    }

    /// The next byte.
    #[inline(always)]
    pub fn byte(&mut self) -> Option<u8> {
        let byte = *self.data.get(self.position)?;
        self.position += 1;
        Some(byte)
    }

    /// The next `count` bytes.
    #[inline(always)]
    pub fn take(&mut self, count: usize) -> Option<&'m [u8]> {
        if count > self.remaining() {
            return None;
        }
        let bytes = &self.data[self.position..][..count];
        self.position += count;
        Some(bytes)
    }

    /// The next `N` bytes.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// An unsigned LEB128 number of at most 64 bits; overlong forms are allowed up to ten bytes.
    #[inline(always)]
    pub fn leb(&mut self) -> Option<u64> {
        match self.data.get(self.position) {
            Some(&byte) if byte < 0x80 => {
                self.position += 1;
                Some(byte.into())
            }
            _ => self.long_leb(),
        }
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
        self.leb()?.try_into().ok()
    }

    /// A signed LEB128 number of at most 32 bits (type references), ten bytes at most.
    pub fn sleb_i32(&mut self) -> Option<i32> {
        let mut value = 0i64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = i64::from(byte & 0x7f);
            if shift < 63 {
                value |= bits << shift;
            } else if bits != 0 && bits != 0x7f {
                return None;
            }
            if byte < 0x80 {
                if byte & 0x40 != 0 && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return value.try_into().ok();
            }
        }
        None
    }

    /// A LEB128 number of at most 63 bits: the value of its groups and how many bits they have.
    /// `None`, without moving, when it is longer or cut off.
    #[inline(always)]
    pub fn short_leb(&mut self) -> Option<(u64, u32)> {
        let (mut value, mut bits) = (0u64, 0);
        let mut position = self.position;
        while bits < 63 {
            let byte = *self.data.get(position)?;
            position += 1;
            value |= u64::from(byte & 0x7f) << bits;
            bits += 7;
            if byte < 0x80 {
                self.position = position;
                return Some((value, bits));
            }
        }
        None
    }

    /// The bytes of a LEB128 number of any size, the last included.
    #[inline]
    pub fn leb_bytes(&mut self) -> Option<&'m [u8]> {
        let rest = &self.data[self.position..];
        let last = rest.iter().position(|&byte| byte < 0x80)?;
        self.take(last + 1)
    }
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
