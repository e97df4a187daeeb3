//! Looking for keys: nothing changes, but for values that are written where they lie.

use super::{check_depth, Map};
use crate::glance::Glance;
use crate::memory::{Fault, Memory};
use alloc::vec::Vec;

/// What the search for a key found in a node.
pub(super) struct Searched {
    /// Index of the key, or of the child to go on with.
    pub(super) index: usize,
    /// Whether the key is in this node.
    pub(super) here: bool,
    pub(super) leaf: bool,
    pub(super) full: bool,
    pub(super) entries: usize,
    /// Address of the child at the index, 0 in a leaf.
    pub(super) child: u64,
    /// Bytes of the page that the buffer holds; 0 if the node had to be loaded as a whole.
    pub(super) page: usize,
}

/// Where the bytes of a value lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    address: u64,
    length: usize,
    moves: u64,
}

impl Map {
    /// Looks for a key in the node at an address.
    pub(super) fn search<M: Memory>(
        &self,
        memory: &M,
        address: u64,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Searched, Fault> {
        if let Some(glance) = Glance::load(memory, address, self.layout, buffer)? {
            let (index, here) = match glance.search(key) {
                Ok(index) => (index, true),
                Err(index) => (index, false),
            };
            let (child, entries, page) = (glance.child(index), glance.len(), glance.page.len());
            let (leaf, full) = (glance.is_leaf(), glance.is_full());
            return Ok(Searched { index, here, leaf, child, full, entries, page });
        }
        let mut node = self.node(memory, address)?;
        let (index, here) = match node.search(memory, key)? {
            Ok(index) => (index, true),
            Err(index) => (index, false),
        };
        let child = node.children.get(index).copied().unwrap_or(0);
        let (leaf, full, entries) = (node.is_leaf(), node.is_full(), node.len());
        Ok(Searched { index, here, leaf, child, full, entries, page: 0 })
    }

    /// The node with a key: what the search found there, its address, and the nodes above it from the root on
    /// with the indices where the search went on.
    #[allow(clippy::type_complexity)]
    pub(super) fn find<M: Memory>(
        &self,
        memory: &M,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Option<(Searched, u64, Vec<(u64, usize)>)>, Fault> {
        let mut way = Vec::with_capacity(8);
        let mut address = self.root;
        while address != 0 {
            check_depth(way.len())?;
            let found = self.search(memory, address, key, buffer)?;
            if found.here {
                return Ok(Some((found, address, way)));
            }
            way.push((address, found.index));
            address = found.child;
        }
        Ok(None)
    }

    /// Where the value of a key lies, if it lies in one piece.
    pub fn place<M: Memory>(&self, memory: &M, key: &[u8]) -> Result<Option<Place>, Fault> {
        let mut buffer = self.buffer.take();
        let place = self.place_in(memory, key, &mut buffer);
        self.buffer.give(buffer);
        place
    }

    fn place_in<M: Memory>(
        &self,
        memory: &M,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Place>, Fault> {
        let Some((found, address, _)) = self.find(memory, key, buffer)? else { return Ok(None) };
        let glance = Glance::of(&buffer[..found.page], self.layout);
        Ok(glance.and_then(|glance| glance.value_range(found.index)).map(|(start, length)| Place {
            address: address + start as u64,
            length,
            moves: self.moves,
        }))
    }

    /// Writes a value where it lies; false, with nothing done, if it may lie elsewhere by now or if its length
    /// is another.
    pub fn write_at<M: Memory>(&mut self, memory: &mut M, place: Place, value: &[u8]) -> Result<bool, Fault> {
        if place.moves != self.moves || place.length != value.len() {
            return Ok(false);
        }
        self.changes += 1;
        memory.write(place.address, value)?;
        Ok(true)
    }

    /// The value of a key.
    pub fn get<M: Memory>(&self, memory: &M, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut buffer = self.buffer.take();
        let value = self.get_in(memory, key, &mut buffer);
        self.buffer.give(buffer);
        value
    }

    fn get_in<M: Memory>(
        &self,
        memory: &M,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut address = self.root;
        let mut depth = 0;
        while address != 0 {
            check_depth(depth)?;
            depth += 1;
            if let Some(glance) = Glance::load(memory, address, self.layout, buffer)? {
                match glance.search(key) {
                    Err(index) => {
                        address = glance.child(index);
                        continue;
                    }
                    Ok(index) => {
                        if let Some(value) = glance.value(index) {
                            return Ok(Some(value.to_vec()));
                        }
                    }
                }
            }
            // The node has overflow pages.
            let mut node = self.node(memory, address)?;
            match node.search(memory, key)? {
                Ok(index) => return node.value(memory, index).map(Some),
                Err(index) => address = node.children.get(index).copied().unwrap_or(0),
            }
        }
        Ok(None)
    }

    /// Whether there is such a key.
    pub fn contains<M: Memory>(&self, memory: &M, key: &[u8]) -> Result<bool, Fault> {
        Ok(self.find(memory, key, &mut Vec::new())?.is_some())
    }
}
