//! What a structure needs of a memory.

use alloc::string::String;
use core::fmt;

/// Bytes of a WebAssembly page, the unit in which memories grow.
pub const PAGE: u64 = 65_536;

/// Why an operation on stable memory failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The memory cannot grow by so many pages.
    Full {
        /// Pages that were asked for.
        pages: u64,
    },
    /// The memory holds something else than was expected.
    Foreign(String),
    /// The memory holds the right thing, but its content contradicts itself.
    Corrupt(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Full { pages } => {
                write!(f, "the stable memory cannot grow by {pages} pages of 64 KiB")
            }
            Fault::Foreign(text) => f.write_str(text),
            Fault::Corrupt(text) => write!(f, "the stable memory is damaged: {text}"),
        }
    }
}

/// A memory that grows in pages and is read and written by the byte.
pub trait Memory {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Bytes that it may grow to, as far as it knows.
    fn most(&self) -> u64 {
        u64::MAX
    }

    /// Grows by whole pages.  Fails with [`Fault::Full`].
    fn grow(&mut self, pages: u64) -> Result<(), Fault>;

    /// Fills a buffer.  Fails with [`Fault::Corrupt`] beyond the end: only a damaged structure points there.
    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Fault>;

    /// Writes inside the memory.  Fails with [`Fault::Corrupt`] beyond the end.
    fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Fault>;

    /// Grows so that `end` bytes are there.
    fn reserve(&mut self, end: u64) -> Result<(), Fault> {
        let size = self.size();
        if end <= size {
            return Ok(());
        }
        self.grow((end - size).div_ceil(PAGE))
    }

    /// Writes, growing where needed.
    fn put(&mut self, offset: u64, data: &[u8]) -> Result<(), Fault> {
        let end = offset.checked_add(data.len() as u64).ok_or(Fault::Corrupt("an address overflows"))?;
        self.reserve(end)?;
        self.write(offset, data)
    }

    /// Reads so many bytes as an array.
    fn bytes<const N: usize>(&self, offset: u64) -> Result<[u8; N], Fault>
    where
        Self: Sized,
    {
        let mut bytes = [0; N];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads a little-endian number of 64 bits.
    fn number(&self, offset: u64) -> Result<u64, Fault>
    where
        Self: Sized,
    {
        Ok(u64::from_le_bytes(self.bytes(offset)?))
    }
}

/// Says that a range lies beyond a memory of `size` bytes.
pub(crate) fn check_range(size: u64, offset: u64, length: usize) -> Result<(), Fault> {
    match offset.checked_add(length as u64) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Fault::Corrupt("an address lies beyond the end of its memory")),
    }
}

/// A memory of the host, for tests and tools.
impl Memory for alloc::vec::Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn grow(&mut self, pages: u64) -> Result<(), Fault> {
        self.resize(self.len() + (pages * PAGE) as usize, 0);
        Ok(())
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Fault> {
        check_range(self.size(), offset, into.len())?;
        into.copy_from_slice(&self[offset as usize..][..into.len()]);
        Ok(())
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Fault> {
        check_range(self.size(), offset, data.len())?;
        self[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }
}
