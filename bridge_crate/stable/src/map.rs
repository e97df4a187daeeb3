//! The B-tree.
//!
//! | at | bytes | holds |
//! |--:|--:|---|
//! | 0 | 3 | `BTR` |
//! | 3 | 1 | version: 2, or 1 if the page size is derived from maximal sizes |
//! | 4 | 4 | page size, or maximal size of keys |
//! | 8 | 4 | 0xFFFFFFFF, or maximal size of values |
//! | 12 | 8 | address of the root, 0 for none |
//! | 20 | 8 | number of entries |
//! | 28 | 24 | reserved |
//! | 52 | 48 | the allocator's header |

use crate::allocator::{self, Allocator};
use crate::fields::{set_u64, u32_at, u64_at};
use crate::memory::{Fault, Memory};
use crate::node::{bounded_size, Entry, Layout, Node, Order, CAPACITY, MINIMUM};
use alloc::string::String;
use alloc::vec::Vec;

/// First bytes of a map's memory.
pub const MAGIC: &[u8; 3] = b"BTR";
const ALLOCATOR: usize = 52;
const HEADER: usize = ALLOCATOR + allocator::HEADER;
const PAGE_SIZE_IS_GIVEN: u32 = u32::MAX;
const DEFAULT_PAGE: u32 = 1024;
const SMALLEST_PAGE: u32 = 128;

/// What is known of the sizes of keys or of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// All have this size in bytes.
    Fixed(u32),
    /// None has more bytes.
    Bounded(u32),
    /// Nothing.
    Any,
}

impl Sizes {
    fn maximum(self) -> Option<u32> {
        match self {
            Sizes::Fixed(size) | Sizes::Bounded(size) => Some(size),
            Sizes::Any => None,
        }
    }
}

/// A map from bytes to bytes, in the order of the keys.
#[derive(Debug)]
pub struct Map {
    layout: Layout,
    root: u64,
    length: u64,
    allocator: Allocator,
    header: [u8; HEADER],
    changes: u64,
}

impl Map {
    /// Opens the map of a memory, or makes one in an empty memory.
    ///
    /// Fails with [`Fault::Foreign`] if something else lies there.
    pub fn open<M: Memory>(memory: &mut M, order: Order, keys: Sizes, values: Sizes) -> Result<Map, Fault> {
        if memory.size() == 0 {
            return Map::create(memory, order, keys, values);
        }
        let header: [u8; HEADER] = memory.bytes(0)?;
        if &header[..3] != MAGIC {
            return Err(Fault::Foreign(String::from("the memory holds no map")));
        }
        let (first, second) = (u32_at(&header, 4), u32_at(&header, 8));
        let key = match keys {
            Sizes::Fixed(size) => Some(size),
            _ => None,
        };
        let layout = match (header[3], second) {
            (2, PAGE_SIZE_IS_GIVEN) => Layout { order, page: first, key, version_1: None },
            (1 | 2, _) => {
                let page = u32::try_from(bounded_size(first, second))
                    .map_err(|_| Fault::Corrupt("the maximal sizes of a map are too large"))?;
                Layout { order, page, key, version_1: Some((first, second)) }
            }
            (version, _) => {
                return Err(Fault::Foreign(alloc::format!(
                    "the map in stable memory has version {version}; this one knows 1 and 2"
                )))
            }
        };
        if layout.page < SMALLEST_PAGE && layout.version_1.is_none() {
            return Err(Fault::Corrupt("the page size of a map is too small"));
        }
        let mut allocator = [0; allocator::HEADER];
        allocator.copy_from_slice(&header[ALLOCATOR..]);
        Ok(Map {
            layout,
            root: u64_at(&header, 12),
            length: u64_at(&header, 20),
            allocator: Allocator::load(&allocator)?,
            header,
            changes: 0,
        })
    }

    fn create<M: Memory>(memory: &mut M, order: Order, keys: Sizes, values: Sizes) -> Result<Map, Fault> {
        let page = match (keys.maximum(), values.maximum()) {
            // Most nodes have no more than 8 of 11 entries, so three quarters of a full node do.
            (Some(key), Some(value)) => u32::try_from(bounded_size(key, value) * 3 / 4)
                .map_or(DEFAULT_PAGE, |page| page.max(SMALLEST_PAGE)),
            _ => DEFAULT_PAGE,
        };
        let key = match keys {
            Sizes::Fixed(size) => Some(size),
            _ => None,
        };
        let allocator = Allocator::create(memory, ALLOCATOR as u64, u64::from(page))?;
        let mut header = [0; HEADER];
        header[..3].copy_from_slice(MAGIC);
        header[3] = 2;
        header[4..8].copy_from_slice(&page.to_le_bytes());
        header[8..12].copy_from_slice(&PAGE_SIZE_IS_GIVEN.to_le_bytes());
        let layout = Layout { order, page, key, version_1: None };
        let mut map = Map { layout, root: 0, length: 0, allocator, header, changes: 0 };
        map.save(memory)?;
        Ok(map)
    }

    fn save<M: Memory>(&mut self, memory: &mut M) -> Result<(), Fault> {
        set_u64(&mut self.header, 12, self.root);
        set_u64(&mut self.header, 20, self.length);
        self.header[ALLOCATOR..].copy_from_slice(&self.allocator.header());
        self.changes += 1;
        memory.put(0, &self.header)
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Number of chunks in use: one a node and one an overflow page.
    pub fn chunks(&self) -> u64 {
        self.allocator.used()
    }

    /// A number that differs after every change, so that a cursor sees that it is out of date.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    pub(crate) fn node<M: Memory>(&self, memory: &M, address: u64) -> Result<Node, Fault> {
        Node::load(memory, address, self.layout)
    }

    /// The node that holds a key, and the key's index in it.
    fn find<M: Memory>(&self, memory: &M, key: &[u8]) -> Result<Option<(Node, usize)>, Fault> {
        let mut address = self.root;
        while address != 0 {
            let mut node = self.node(memory, address)?;
            match node.search(memory, key)? {
                Ok(index) => return Ok(Some((node, index))),
                Err(index) => address = node.children.get(index).copied().unwrap_or(0),
            }
        }
        Ok(None)
    }

    /// The value of a key.
    pub fn get<M: Memory>(&self, memory: &M, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.find(memory, key)? {
            Some((mut node, index)) => node.value(memory, index).map(Some),
            None => Ok(None),
        }
    }

    /// Whether there is such a key.
    pub fn contains<M: Memory>(&self, memory: &M, key: &[u8]) -> Result<bool, Fault> {
        Ok(self.find(memory, key)?.is_some())
    }

    /// Sets the value of a key and returns the one it had.
    pub fn insert<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        value: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut node = self.root_with_room(memory)?;
        loop {
            let index = match node.search(memory, key)? {
                Ok(index) => {
                    let old = node.replace(memory, index, value)?;
                    node.save(memory, &mut self.allocator)?;
                    self.save(memory)?;
                    return Ok(Some(old));
                }
                Err(index) => index,
            };
            if node.is_leaf() {
                node.insert(memory, index, (key.to_vec(), value))?;
                node.save(memory, &mut self.allocator)?;
                self.length += 1;
                self.save(memory)?;
                return Ok(None);
            }
            let mut child = self.node(memory, node.children[index])?;
            if child.is_full() {
                // The middle entry came up: look again where the key belongs.
                self.split(memory, &mut node, index, &mut child)?;
                continue;
            }
            node = child;
        }
    }

    /// The root, made or split if needed so that it has room for an entry.
    fn root_with_room<M: Memory>(&mut self, memory: &mut M) -> Result<Node, Fault> {
        if self.root == 0 {
            self.root = self.allocator.allocate(memory)?;
            return Ok(Node::create(self.root, self.layout));
        }
        let mut root = self.node(memory, self.root)?;
        if !root.is_full() {
            return Ok(root);
        }
        let mut above = Node::create(self.allocator.allocate(memory)?, self.layout);
        above.children.push(self.root);
        self.root = above.address;
        self.split(memory, &mut above, 0, &mut root)?;
        Ok(above)
    }

    /// Splits a full child: its upper half becomes its right sibling.
    fn split<M: Memory>(
        &mut self,
        memory: &mut M,
        parent: &mut Node,
        index: usize,
        child: &mut Node,
    ) -> Result<(), Fault> {
        let mut sibling = Node::create(self.allocator.allocate(memory)?, self.layout);
        let middle = child.split(memory, &mut sibling)?;
        parent.insert(memory, index, middle)?;
        parent.children.insert(index + 1, sibling.address);
        for node in [&mut sibling, child, parent] {
            node.save(memory, &mut self.allocator)?;
        }
        Ok(())
    }

    /// Removes a key and returns the value it had.
    pub fn remove<M: Memory>(&mut self, memory: &mut M, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut way: Vec<(Node, usize)> = Vec::new();
        let mut address = self.root;
        while address != 0 {
            let mut node = self.node(memory, address)?;
            match node.search(memory, key)? {
                Ok(index) => return self.remove_at(memory, way, node, index).map(Some),
                Err(index) => {
                    address = node.children.get(index).copied().unwrap_or(0);
                    way.push((node, index));
                }
            }
        }
        Ok(None)
    }

    /// Removes the first or the last entry and returns it.
    pub fn pop<M: Memory>(&mut self, memory: &mut M, last: bool) -> Result<Option<Entry>, Fault> {
        let mut way: Vec<(Node, usize)> = Vec::new();
        let mut address = self.root;
        while address != 0 {
            let mut node = self.node(memory, address)?;
            let index = if last { node.children.len().saturating_sub(1) } else { 0 };
            if node.is_leaf() {
                let index = if last { node.len().saturating_sub(1) } else { 0 };
                let key = node.key(memory, index)?.to_vec();
                let value = self.remove_at(memory, way, node, index)?;
                return Ok(Some((key, value)));
            }
            address = node.children[index];
            way.push((node, index));
        }
        Ok(None)
    }

    /// Removes an entry of a node; `way` leads from the root to the node.
    fn remove_at<M: Memory>(
        &mut self,
        memory: &mut M,
        mut way: Vec<(Node, usize)>,
        mut node: Node,
        index: usize,
    ) -> Result<Vec<u8>, Fault> {
        let removed;
        if node.is_leaf() {
            removed = node.remove(memory, index)?.1;
        } else {
            // The greatest entry below takes the place of the removed one.
            let place = way.len();
            let mut address = node.children[index];
            way.push((node, index));
            loop {
                node = self.node(memory, address)?;
                match node.children.last() {
                    Some(&child) => {
                        address = child;
                        let last = node.children.len() - 1;
                        way.push((node, last));
                    }
                    None => break,
                }
            }
            let last = node.len().checked_sub(1).ok_or(Fault::Corrupt("a node of a B-tree is empty"))?;
            let entry = node.remove(memory, last)?;
            let (holder, _) = &mut way[place];
            removed = holder.swap(memory, index, entry)?.1;
            holder.save(memory, &mut self.allocator)?;
        }
        self.balance(memory, way, node)?;
        self.length = self.length.checked_sub(1).ok_or(Fault::Corrupt("the length of a map is wrong"))?;
        self.save(memory)?;
        Ok(removed)
    }

    /// Saves a node that lost an entry, and mends it and the nodes above it that have too few.
    fn balance<M: Memory>(
        &mut self,
        memory: &mut M,
        mut way: Vec<(Node, usize)>,
        mut node: Node,
    ) -> Result<(), Fault> {
        while node.len() < MINIMUM {
            let Some((mut parent, index)) = way.pop() else {
                return self.save_root(memory, node);
            };
            if index > 0 {
                let mut left = self.node(memory, parent.children[index - 1])?;
                if left.len() > MINIMUM {
                    let last = left.len() - 1;
                    let moved = left.remove(memory, last)?;
                    let between = parent.swap(memory, index - 1, moved)?;
                    node.insert(memory, 0, between)?;
                    if let Some(child) = left.children.pop() {
                        node.children.insert(0, child);
                    }
                    return self.save_all(memory, [left, node, parent]);
                }
                let between = parent.remove(memory, index - 1)?;
                parent.children.remove(index);
                self.merge(memory, left, between, node)?;
            } else {
                let right = *parent.children.get(1).ok_or(Fault::Corrupt("a node of a B-tree is alone"))?;
                let mut right = self.node(memory, right)?;
                if right.len() > MINIMUM {
                    let moved = right.remove(memory, 0)?;
                    let between = parent.swap(memory, 0, moved)?;
                    let end = node.len();
                    node.insert(memory, end, between)?;
                    if !right.children.is_empty() {
                        node.children.push(right.children.remove(0));
                    }
                    return self.save_all(memory, [right, node, parent]);
                }
                let between = parent.remove(memory, 0)?;
                parent.children.remove(1);
                self.merge(memory, node, between, right)?;
            }
            node = parent;
        }
        node.save(memory, &mut self.allocator)
    }

    fn save_all<M: Memory>(&mut self, memory: &mut M, nodes: [Node; 3]) -> Result<(), Fault> {
        for mut node in nodes {
            node.save(memory, &mut self.allocator)?;
        }
        Ok(())
    }

    /// Joins two neighbours and the entry between them in the left one.
    fn merge<M: Memory>(
        &mut self,
        memory: &mut M,
        mut left: Node,
        between: Entry,
        mut right: Node,
    ) -> Result<(), Fault> {
        if left.len() + right.len() >= CAPACITY {
            return Err(Fault::Corrupt("neighbours in a B-tree cannot be joined"));
        }
        left.append(memory, between, &mut right)?;
        right.free(memory, &mut self.allocator)?;
        left.save(memory, &mut self.allocator)
    }

    /// Saves a root; one without entries gives way to its only child or to nothing.
    fn save_root<M: Memory>(&mut self, memory: &mut M, mut root: Node) -> Result<(), Fault> {
        if !root.is_empty() {
            return root.save(memory, &mut self.allocator);
        }
        self.root = root.children.first().copied().unwrap_or(0);
        root.free(memory, &mut self.allocator)
    }

    /// Removes everything.  What the memory has grown to stays with it.
    pub fn clear<M: Memory>(&mut self, memory: &mut M) -> Result<(), Fault> {
        self.allocator = Allocator::create(memory, ALLOCATOR as u64, u64::from(self.layout.page))?;
        self.root = 0;
        self.length = 0;
        self.save(memory)
    }
}
