//! Elements of one size or of a maximal size, one after the other.
//!
//! | at | bytes | holds |
//! |--:|--:|---|
//! | 0 | 3 | `SVC`, or `SMH` for a heap |
//! | 3 | 1 | version, 1 |
//! | 4 | 8 | number of elements |
//! | 12 | 4 | maximal size of an element |
//! | 16 | 1 | 1 if all elements have that size |
//! | 17 | 47 | reserved |
//! | 64 | | slots: the element's length, if it varies, in as few bytes as the maximal size needs (1, 2 or 4), and the element |

use crate::fields::{u32_at, u64_at};
use crate::map::Sizes;
use crate::memory::{Fault, Memory};
use alloc::vec::Vec;

/// First bytes of an array's memory.
pub const MAGIC: &[u8; 3] = b"SVC";
const VERSION: u8 = 1;
const LENGTH: u64 = 4;
const HEADER: u64 = 64;

/// An array of encoded elements.
#[derive(Debug)]
pub struct Array {
    length: u64,
    maximum: u32,
    /// Bytes of the length in front of an element, 0 if all have one size.
    prefix: u32,
}

impl Array {
    /// Opens the array of a memory, or makes one in an empty memory; sizes must not be [`Sizes::Any`].
    pub fn open<M: Memory>(memory: &mut M, magic: &[u8; 3], sizes: Sizes) -> Result<Array, Fault> {
        let (maximum, fixed) = match sizes {
            Sizes::Fixed(size) => (size, true),
            Sizes::Bounded(size) => (size, false),
            Sizes::Any => return Err(Fault::Foreign("elements of any size do not fit into slots".into())),
        };
        let prefix = match maximum {
            _ if fixed => 0,
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            _ => 4,
        };
        if memory.size() == 0 {
            let mut header = [0; HEADER as usize];
            header[..3].copy_from_slice(magic);
            header[3] = VERSION;
            header[12..16].copy_from_slice(&maximum.to_le_bytes());
            header[16] = u8::from(fixed);
            memory.put(0, &header)?;
            return Ok(Array { length: 0, maximum, prefix });
        }
        let header: [u8; 17] = memory.bytes(0)?;
        if &header[..3] != magic || header[3] != VERSION {
            return Err(Fault::Foreign("the memory holds no such array".into()));
        }
        if u32_at(&header, 12) != maximum || (header[16] != 0) != fixed {
            return Err(Fault::Foreign("the array's elements have another size".into()));
        }
        let array = Array { length: u64_at(&header, 4), maximum, prefix };
        if array.place(array.length)? > memory.size() {
            return Err(Fault::Corrupt("an array is longer than its memory"));
        }
        Ok(array)
    }

    /// Number of elements.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn place(&self, index: u64) -> Result<u64, Fault> {
        index
            .checked_mul(u64::from(self.maximum) + u64::from(self.prefix))
            .and_then(|offset| offset.checked_add(HEADER))
            .ok_or(Fault::Corrupt("an index is beyond all memories"))
    }

    /// An element; none beyond the end.
    pub fn get<M: Memory>(&self, memory: &M, index: u64) -> Result<Option<Vec<u8>>, Fault> {
        if index >= self.length {
            return Ok(None);
        }
        let place = self.place(index)?;
        let size = if self.prefix == 0 {
            self.maximum
        } else {
            let mut size = [0; 4];
            memory.read(place, &mut size[..self.prefix as usize])?;
            u32::from_le_bytes(size)
        };
        if size > self.maximum {
            return Err(Fault::Corrupt("an element is larger than its slot"));
        }
        let mut bytes = alloc::vec![0; size as usize];
        memory.read(place + u64::from(self.prefix), &mut bytes)?;
        Ok(Some(bytes))
    }

    fn store<M: Memory>(&self, memory: &mut M, index: u64, element: &[u8]) -> Result<(), Fault> {
        let fits = if self.prefix == 0 {
            element.len() == self.maximum as usize
        } else {
            element.len() <= self.maximum as usize
        };
        if !fits {
            return Err(Fault::Foreign(alloc::format!(
                "an element has {} bytes, its slot {}",
                element.len(),
                self.maximum
            )));
        }
        let mut slot = Vec::with_capacity(element.len() + 4);
        slot.extend_from_slice(&(element.len() as u32).to_le_bytes()[..self.prefix as usize]);
        slot.extend_from_slice(element);
        memory.put(self.place(index)?, &slot)
    }

    /// Replaces an element; false beyond the end.
    pub fn set<M: Memory>(&mut self, memory: &mut M, index: u64, element: &[u8]) -> Result<bool, Fault> {
        if index >= self.length {
            return Ok(false);
        }
        self.store(memory, index, element)?;
        Ok(true)
    }

    /// Appends an element.
    pub fn push<M: Memory>(&mut self, memory: &mut M, element: &[u8]) -> Result<(), Fault> {
        self.store(memory, self.length, element)?;
        self.resize(memory, self.length + 1)
    }

    /// Removes the last element and returns it.
    pub fn pop<M: Memory>(&mut self, memory: &mut M) -> Result<Option<Vec<u8>>, Fault> {
        let Some(last) = self.length.checked_sub(1) else {
            return Ok(None);
        };
        let element = self.get(memory, last)?;
        self.resize(memory, last)?;
        Ok(element)
    }

    /// Removes everything.
    pub fn clear<M: Memory>(&mut self, memory: &mut M) -> Result<(), Fault> {
        self.resize(memory, 0)
    }

    fn resize<M: Memory>(&mut self, memory: &mut M, length: u64) -> Result<(), Fault> {
        self.length = length;
        memory.write(LENGTH, &length.to_le_bytes())
    }
}
