//! A priority queue in an array: no element is smaller than the one at half its index.

use crate::array::Array;
use crate::map::Sizes;
use crate::memory::{Fault, Memory};
use alloc::vec::Vec;

/// First bytes of a heap's memory.
pub const MAGIC: &[u8; 3] = b"SMH";

/// A heap of encoded elements, compared as bytes; the smallest comes first.
#[derive(Debug)]
pub struct Heap(Array);

impl Heap {
    /// Opens the heap of a memory, or makes one in an empty memory.
    pub fn open<M: Memory>(memory: &mut M, sizes: Sizes) -> Result<Heap, Fault> {
        Array::open(memory, MAGIC, sizes).map(Heap)
    }

    /// The elements in the order in which they lie in the memory.
    pub fn array(&self) -> &Array {
        &self.0
    }

    /// Removes everything.
    pub fn clear<M: Memory>(&mut self, memory: &mut M) -> Result<(), Fault> {
        self.0.clear(memory)
    }

    fn at<M: Memory>(&self, memory: &M, index: u64) -> Result<Vec<u8>, Fault> {
        self.0.get(memory, index)?.ok_or(Fault::Corrupt("a heap is shorter than its length"))
    }

    /// The smallest element.
    pub fn peek<M: Memory>(&self, memory: &M) -> Result<Option<Vec<u8>>, Fault> {
        self.0.get(memory, 0)
    }

    /// Adds an element.
    pub fn push<M: Memory>(&mut self, memory: &mut M, element: &[u8]) -> Result<(), Fault> {
        self.0.push(memory, element)?;
        let mut index = self.0.len() - 1;
        while index > 0 {
            let above = (index - 1) / 2;
            let parent = self.at(memory, above)?;
            if parent.as_slice() <= element {
                break;
            }
            self.0.set(memory, index, &parent)?;
            index = above;
        }
        self.0.set(memory, index, element)?;
        Ok(())
    }

    /// Removes the smallest element and returns it.
    pub fn pop<M: Memory>(&mut self, memory: &mut M) -> Result<Option<Vec<u8>>, Fault> {
        let Some(last) = self.0.pop(memory)? else {
            return Ok(None);
        };
        let length = self.0.len();
        if length == 0 {
            return Ok(Some(last));
        }
        let smallest = self.at(memory, 0)?;
        let mut index = 0;
        loop {
            let left = 2 * index + 1;
            if left >= length {
                break;
            }
            let (mut child, mut least) = (left, self.at(memory, left)?);
            if left + 1 < length {
                let right = self.at(memory, left + 1)?;
                if right < least {
                    (child, least) = (left + 1, right);
                }
            }
            if last <= least {
                break;
            }
            self.0.set(memory, index, &least)?;
            index = child;
        }
        self.0.set(memory, index, &last)?;
        Ok(Some(smallest))
    }
}
