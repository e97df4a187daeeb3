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
use crate::edit::{Edit, Edited};
use crate::fields::{set_u64, u32_at, u64_at};
use crate::glance::Glance;
use crate::memory::{Fault, Memory};
use crate::node::{bounded_size, Entry, Layout, Node, Order, CAPACITY, MINIMUM};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

/// First bytes of a map's memory.
pub const MAGIC: &[u8; 3] = b"BTR";
const ALLOCATOR: usize = 52;
const HEADER: usize = ALLOCATOR + allocator::HEADER;
const PAGE_SIZE_IS_GIVEN: u32 = u32::MAX;
const DEFAULT_PAGE: u32 = 1024;
const SMALLEST_PAGE: u32 = 128;
/// Levels that no tree of 2^64 entries has: each node but the root has at least six children.
const DEEPEST: usize = 32;

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

const EMPTY: Fault = Fault::Corrupt("a node of a B-tree is empty");

/// Fails where no undamaged tree leads.
pub(crate) fn check_depth(depth: usize) -> Result<(), Fault> {
    if depth < DEEPEST {
        Ok(())
    } else {
        Err(Fault::Corrupt("a B-tree is deeper than any can be"))
    }
}

/// What the search for a key found in a node.
struct Searched {
    /// Index of the key, or of the child to go on with.
    index: usize,
    /// Whether the key is in this node.
    here: bool,
    leaf: bool,
    full: bool,
    entries: usize,
    /// Address of the child at the index, 0 in a leaf.
    child: u64,
    /// Bytes of the page that the buffer holds; 0 if the node had to be loaded as a whole.
    page: usize,
}

/// Where the bytes of a value lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    address: u64,
    length: usize,
    moves: u64,
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
    /// Changes after which entries may lie elsewhere.
    moves: u64,
    pub(crate) buffer: Page,
}

/// Room for a page, kept from one operation to the next.
#[derive(Default)]
pub(crate) struct Page(Cell<Vec<u8>>);

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

impl Page {
    /// The room; who takes it gives it back.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.take()
    }

    pub(crate) fn give(&self, buffer: Vec<u8>) {
        self.0.set(buffer);
    }
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
            allocator: Allocator::load(&allocator, layout.page.into())?,
            header,
            changes: 0,
            moves: 0,
            buffer: Page::default(),
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
        let mut map = Map { layout, root: 0, length: 0, allocator, header, changes: 0, moves: 0, buffer: Page::default() };
        map.save(memory)?;
        Ok(map)
    }

    fn save<M: Memory>(&mut self, memory: &mut M) -> Result<(), Fault> {
        set_u64(&mut self.header, 12, self.root);
        set_u64(&mut self.header, 20, self.length);
        self.header[ALLOCATOR..].copy_from_slice(&self.allocator.header());
        self.changes += 1;
        self.moves += 1;
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

    /// Bytes of a page of the tree.
    pub fn page_size(&self) -> u64 {
        self.layout.page.into()
    }

    /// A number that differs after every change, so that a cursor sees that it is out of date.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How its keys are compared.
    pub fn order(&self) -> Order {
        self.layout.order
    }

    /// How its nodes are laid out.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Address of the root, 0 for none.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    pub(crate) fn node<M: Memory>(&self, memory: &M, address: u64) -> Result<Node, Fault> {
        Node::load(memory, address, self.layout)
    }

    /// Looks for a key in the node at an address.
    fn search<M: Memory>(
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

    /// Changes the entry that was found at an address on its node's bytes, which `buffer` holds; none if that
    /// does not do.
    fn edit<M: Memory>(
        &mut self,
        memory: &mut M,
        address: u64,
        found: &Searched,
        buffer: &[u8],
        edit: Edit<'_>,
    ) -> Result<Option<Edited>, Fault> {
        match Glance::of(&buffer[..found.page], self.layout) {
            Some(glance) => glance.edit(memory, address, found.index, edit),
            None => Ok(None),
        }
    }

    /// The node with a key: what the search found there, its address, and the nodes above it from the root on
    /// with the indices where the search went on.
    #[allow(clippy::type_complexity)]
    fn find<M: Memory>(
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

    /// Sets the value of a key and returns the one it had.
    pub fn insert<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        value: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut buffer = self.buffer.take();
        let old = self.insert_in(memory, key, value, &mut buffer);
        self.buffer.give(buffer);
        old
    }

    fn insert_in<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        value: Vec<u8>,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut depth = 0;
        let mut split = false;
        // The node above `address` and the index that led down; none above the root.
        let mut above: Option<(u64, usize)> = None;
        let mut address = self.root;
        if address == 0 {
            address = self.allocator.allocate(memory)?;
            self.root = address;
            Node::create(address, self.layout).save(memory, &mut self.allocator)?;
        }
        loop {
            let found = self.search(memory, address, key, buffer)?;
            if found.here {
                if let Some(done) = self.edit(memory, address, &found, buffer, Edit::Replace(&value))? {
                    self.changes += 1;
                    self.moves += u64::from(!done.in_place);
                    return Ok(Some(done.old));
                }
                let mut node = self.node(memory, address)?;
                let old = node.replace(memory, found.index, value)?;
                node.save(memory, &mut self.allocator)?;
                self.save(memory)?;
                return Ok(Some(old));
            }
            if found.full && !split {
                // The middle entry goes up: look again above where the key belongs.  The node above may be
                // full now, but what is below it is not.
                address = self.split(memory, above, address)?;
                split = true;
                continue;
            }
            split = false;
            if found.leaf {
                let edit = Edit::Insert(key, &value);
                if self.edit(memory, address, &found, buffer, edit)?.is_none() {
                    let mut node = self.node(memory, address)?;
                    node.insert(memory, found.index, (key.to_vec(), value))?;
                    node.save(memory, &mut self.allocator)?;
                }
                self.length = self.length.saturating_add(1);
                self.save(memory)?;
                return Ok(None);
            }
            check_depth(depth)?;
            depth += 1;
            above = Some((address, found.index));
            address = found.child;
        }
    }

    /// Splits a full node: its upper half becomes its right sibling.  Returns the node above, which is a new
    /// root if there was none.
    fn split<M: Memory>(
        &mut self,
        memory: &mut M,
        above: Option<(u64, usize)>,
        address: u64,
    ) -> Result<u64, Fault> {
        let (mut parent, index) = match above {
            Some((above, index)) => (self.node(memory, above)?, index),
            None => {
                let mut parent = Node::create(self.allocator.allocate(memory)?, self.layout);
                parent.children.push(address);
                self.root = parent.address;
                (parent, 0)
            }
        };
        let mut child = self.node(memory, address)?;
        let mut sibling = Node::create(self.allocator.allocate(memory)?, self.layout);
        let middle = child.split(memory, &mut sibling)?;
        parent.insert(memory, index, middle)?;
        parent.children.insert(index + 1, sibling.address);
        let found = parent.address;
        self.save_all(memory, [sibling, child, parent])?;
        Ok(found)
    }

    /// Removes a key and returns the value it had.
    pub fn remove<M: Memory>(&mut self, memory: &mut M, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut buffer = self.buffer.take();
        let removed = self.remove_in(memory, key, &mut buffer);
        self.buffer.give(buffer);
        removed
    }

    fn remove_in<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some((found, address, way)) = self.find(memory, key, buffer)? else { return Ok(None) };
        let least = if way.is_empty() { 1 } else { MINIMUM };
        if found.leaf && found.entries > least {
            if let Some(done) = self.edit(memory, address, &found, buffer, Edit::Remove)? {
                return self.removed(memory, done.old).map(Some);
            }
        }
        let node = self.node(memory, address)?;
        self.remove_at(memory, way, node, found.index).map(Some)
    }

    /// Notes that there is an entry less.
    fn removed<M: Memory>(&mut self, memory: &mut M, value: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.length = self.length.checked_sub(1).ok_or(Fault::Corrupt("the length of a map is wrong"))?;
        self.save(memory)?;
        Ok(value)
    }

    /// Removes the first or the last entry and returns it.
    pub fn pop<M: Memory>(&mut self, memory: &mut M, last: bool) -> Result<Option<Entry>, Fault> {
        if self.root == 0 {
            return Ok(None);
        }
        let mut way = Vec::new();
        let mut node = self.descend(memory, self.root, last, &mut way)?;
        let index = if last { node.len().saturating_sub(1) } else { 0 };
        if node.is_empty() {
            return Err(EMPTY);
        }
        let key = node.key(memory, index)?.to_vec();
        let value = self.remove_at(memory, way, node, index)?;
        Ok(Some((key, value)))
    }

    /// Goes down to the first or last leaf below an address, and adds the nodes above it to the way.
    fn descend<M: Memory>(
        &self,
        memory: &M,
        mut address: u64,
        last: bool,
        way: &mut Vec<(u64, usize)>,
    ) -> Result<Node, Fault> {
        loop {
            check_depth(way.len())?;
            let node = self.node(memory, address)?;
            let index = if last { node.children.len().saturating_sub(1) } else { 0 };
            let Some(&child) = node.children.get(index) else { return Ok(node) };
            way.push((address, index));
            address = child;
        }
    }

    /// Removes an entry of a node; `way` leads from the root to the node.
    fn remove_at<M: Memory>(
        &mut self,
        memory: &mut M,
        mut way: Vec<(u64, usize)>,
        mut node: Node,
        index: usize,
    ) -> Result<Vec<u8>, Fault> {
        let removed;
        if node.is_leaf() {
            removed = node.remove(memory, index)?.1;
        } else {
            // The greatest entry below takes the place of the removed one.
            let mut holder = node;
            way.push((holder.address, index));
            node = self.descend(memory, holder.child(index)?, true, &mut way)?;
            let last = node.len().checked_sub(1).ok_or(EMPTY)?;
            let entry = node.remove(memory, last)?;
            removed = holder.swap(memory, index, entry)?.1;
            holder.save(memory, &mut self.allocator)?;
        }
        self.balance(memory, way, node)?;
        self.removed(memory, removed)
    }

    /// Saves a node that lost an entry, and mends it and the nodes above it that have too few.
    fn balance<M: Memory>(
        &mut self,
        memory: &mut M,
        mut way: Vec<(u64, usize)>,
        mut node: Node,
    ) -> Result<(), Fault> {
        while node.len() < MINIMUM {
            let Some((above, index)) = way.pop() else {
                return self.save_root(memory, node);
            };
            let mut parent = self.node(memory, above)?;
            let sibling = self.node(memory, parent.child(if index > 0 { index - 1 } else { 1 })?)?;
            if sibling.is_leaf() != node.is_leaf() {
                return Err(Fault::Corrupt("a B-tree has leaves at different heights"));
            }
            if index > 0 {
                let mut left = sibling;
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
                let mut right = sibling;
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
        for node in nodes {
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
    fn save_root<M: Memory>(&mut self, memory: &mut M, root: Node) -> Result<(), Fault> {
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
