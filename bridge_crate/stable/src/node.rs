//! A node of a B-tree: loading and saving.
//!
//! A node lies in a chunk, the *initial page*, and in as many *overflow pages* as its content needs.
//!
//! | initial page, at | bytes | holds |
//! |--:|--:|---|
//! | 0 | 3 | `BTN` |
//! | 3 | 1 | version, 2 |
//! | 4 | 1 | 0 leaf, 1 inner node |
//! | 5 | 2 | entries, n |
//! | 7 | 8 | first overflow page, 0 for none |
//! | 15 | 8 × (n + 1) | children, in inner nodes |
//! | | | n keys: length (4 bytes, unless all keys have one length) and bytes |
//! | | | n values: length (4 bytes) and bytes |
//!
//! An overflow page is `NOF`, the address of the next one (8 bytes, 0 for none), and content.
//!
//! Nodes of version 1, which old libraries wrote, are read as well and become version 2 when they are saved.

use crate::allocator::Allocator;
use crate::fields::{set_u64, u16_at, u32_at, u64_at};
use crate::memory::{Fault, Memory};
use alloc::vec::Vec;
use core::cmp::Ordering;

pub(crate) const MAGIC: &[u8; 3] = b"BTN";
const OVERFLOW_MAGIC: &[u8; 3] = b"NOF";
const HEADER_1: usize = 7;
pub(crate) const HEADER_2: usize = 15;
pub(crate) const CHAIN: usize = 7;
const OVERFLOW_HEADER: usize = 11;

/// Entries that a node may hold; a node other than the root has at least [`MINIMUM`].
pub const CAPACITY: usize = 11;
/// Entries that a node other than the root must hold.
pub const MINIMUM: usize = 5;

/// How keys are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As bytes.
    Bytes,
    /// Shorter ones first, those of one length as bytes: so the Rust type `Principal` compares.
    LengthFirst,
}

impl Order {
    /// Compares two keys.
    pub fn compare(self, left: &[u8], right: &[u8]) -> Ordering {
        match self {
            Order::Bytes => left.cmp(right),
            Order::LengthFirst => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        }
    }
}

/// How the nodes of a map are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How keys are ordered.
    pub order: Order,
    /// Bytes of a page.
    pub page: u32,
    /// The length of every key, or none if each has its own.
    pub key: Option<u32>,
    /// Maximal sizes of keys and values in nodes of version 1.
    pub version_1: Option<(u32, u32)>,
}

/// Bytes of a node of version 1, from which page sizes are derived.
pub fn bounded_size(key: u32, value: u32) -> u64 {
    HEADER_1 as u64 + CAPACITY as u64 * (8 + u64::from(key) + u64::from(value)) + 8 * (CAPACITY as u64 + 1)
}

/// A key or a value: in the memory until it is needed.
#[derive(Debug)]
enum Item {
    /// Where it lies in the node's content.
    At(u64, u32),
    /// Its bytes.
    Here(Vec<u8>),
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Item::At(_, length) => *length as usize,
            Item::Here(bytes) => bytes.len(),
        }
    }
}

/// Key and value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// A node in the heap.
#[derive(Debug)]
pub struct Node {
    /// Address of the initial page.
    pub address: u64,
    /// Addresses of the children; empty in a leaf.
    pub children: Vec<u64>,
    keys: Vec<Item>,
    /// Empty as long as nobody has asked where the values lie.
    values: Vec<Item>,
    values_at: u64,
    layout: Layout,
    page: Vec<u8>,
    overflow: Overflow,
}

/// The overflow pages, as far as they are known.
#[derive(Debug, Default)]
struct Overflow {
    pages: Vec<u64>,
    /// The page after the known ones, 0 for none.
    next: u64,
}

impl Node {
    /// A new node in a chunk.
    pub fn create(address: u64, layout: Layout) -> Node {
        Node {
            address,
            children: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
            values_at: 0,
            layout,
            page: Vec::new(),
            overflow: Overflow::default(),
        }
    }

    /// Loads a node: its keys' places and its children, but no value.
    pub fn load<M: Memory>(memory: &M, address: u64, layout: Layout) -> Result<Node, Fault> {
        let mut node = Node::create(address, layout);
        let available = memory.size().saturating_sub(address).min(u64::from(layout.page));
        if available < HEADER_2 as u64 {
            return Err(Fault::Corrupt("a node of a B-tree lies beyond the end of its memory"));
        }
        node.page = alloc::vec![0; available as usize];
        memory.read(address, &mut node.page)?;
        if &node.page[..3] != MAGIC {
            return Err(Fault::Corrupt("an address that should lead to a node of a B-tree leads elsewhere"));
        }
        let entries = usize::from(u16_at(&node.page, 5));
        if entries > CAPACITY {
            return Err(Fault::Corrupt("a node of a B-tree has too many entries"));
        }
        if node.page[4] > 1 {
            return Err(Fault::Corrupt("a node of a B-tree is of an unknown type"));
        }
        node.keys.reserve_exact(CAPACITY);
        match (node.page[3], layout.version_1) {
            (2, _) => node.load_2(memory, entries)?,
            (1, Some(sizes)) => node.load_1(entries, sizes)?,
            _ => return Err(Fault::Corrupt("a node of a B-tree has an unknown version")),
        }
        Ok(node)
    }

    fn load_2<M: Memory>(&mut self, memory: &M, entries: usize) -> Result<(), Fault> {
        self.overflow.next = u64_at(&self.page, CHAIN);
        let mut at = HEADER_2 as u64;
        if self.page[4] == 1 {
            let mut children = [0; 8 * (CAPACITY + 1)];
            let children = &mut children[..8 * (entries + 1)];
            self.fill(memory, at, children)?;
            self.children.reserve_exact(CAPACITY + 1);
            self.children.extend((0..=entries).map(|child| u64_at(children, 8 * child)));
            at += children.len() as u64;
        }
        for _ in 0..entries {
            let length = match self.layout.key {
                Some(length) => length,
                None => {
                    let mut length = [0; 4];
                    self.fill(memory, at, &mut length)?;
                    at += 4;
                    u32::from_le_bytes(length)
                }
            };
            self.keys.push(Item::At(at, length));
            at += u64::from(length);
        }
        self.values_at = at;
        Ok(())
    }

    fn load_1(&mut self, entries: usize, (key, value): (u32, u32)) -> Result<(), Fault> {
        let (mut at, step) = (HEADER_1, 8 + key as usize + value as usize);
        let end = HEADER_1 + CAPACITY * step;
        if self.page.len() < end + if self.page[4] == 1 { 8 * (entries + 1) } else { 0 } {
            return Err(Fault::Corrupt("a node of a B-tree is cut off"));
        }
        for _ in 0..entries {
            let place = at + 4 + key as usize;
            let (key_length, value_length) = (u32_at(&self.page, at), u32_at(&self.page, place));
            if key_length > key || value_length > value {
                return Err(Fault::Corrupt("an entry of a B-tree is longer than its maximal size"));
            }
            self.keys.push(Item::At(at as u64 + 4, key_length));
            self.values.push(Item::At(place as u64 + 4, value_length));
            at += step;
        }
        if self.page[4] == 1 {
            // The children follow the entries that are there.
            self.children = (0..=entries).map(|child| u64_at(&self.page, at + 8 * child)).collect();
        }
        Ok(())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether no entry may be added.
    pub fn is_full(&self) -> bool {
        self.len() >= CAPACITY
    }

    /// Whether it has no children.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The address of a child.
    pub fn child(&self, index: usize) -> Result<u64, Fault> {
        self.children.get(index).copied().ok_or(Fault::Corrupt("a node of a B-tree lacks a child"))
    }

    /// Looks for a key: its index, or the index where it belongs.
    pub fn search<M: Memory>(&mut self, memory: &M, key: &[u8]) -> Result<Result<usize, usize>, Fault> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let order = self.layout.order;
            match order.compare(self.key(memory, middle)?, key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(Ok(middle)),
            }
        }
        Ok(Err(low))
    }

    /// A key's bytes.
    pub fn key<M: Memory>(&mut self, memory: &M, index: usize) -> Result<&[u8], Fault> {
        if let Item::At(at, length) = self.keys[index] {
            if self.within(at, length).is_none() {
                self.keys[index] = Item::Here(self.read(memory, at, length)?);
            }
        }
        match &self.keys[index] {
            Item::Here(bytes) => Ok(bytes),
            &Item::At(at, length) => {
                self.within(at, length).ok_or(Fault::Corrupt("a key of a B-tree is cut off"))
            }
        }
    }

    /// The part of the content that lies at a place, if all of it is in the initial page.
    fn within(&self, at: u64, length: u32) -> Option<&[u8]> {
        let start = usize::try_from(at).ok()?;
        self.page.get(start..start.checked_add(length as usize)?)
    }

    /// A value's bytes.
    pub fn value<M: Memory>(&mut self, memory: &M, index: usize) -> Result<Vec<u8>, Fault> {
        self.find_values(memory)?;
        match &self.values[index] {
            Item::Here(bytes) => Ok(bytes.clone()),
            &Item::At(at, length) => self.read(memory, at, length),
        }
    }

    /// Replaces a value and returns the old one.
    pub fn replace<M: Memory>(&mut self, memory: &M, index: usize, value: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let old = self.value(memory, index)?;
        self.values[index] = Item::Here(value);
        Ok(old)
    }

    /// Replaces an entry and returns the old one.
    pub fn swap<M: Memory>(&mut self, memory: &M, index: usize, entry: Entry) -> Result<Entry, Fault> {
        let old = (self.key(memory, index)?.to_vec(), self.value(memory, index)?);
        self.keys[index] = Item::Here(entry.0);
        self.values[index] = Item::Here(entry.1);
        Ok(old)
    }

    /// Inserts an entry.
    pub fn insert<M: Memory>(&mut self, memory: &M, index: usize, entry: Entry) -> Result<(), Fault> {
        self.find_values(memory)?;
        self.keys.insert(index, Item::Here(entry.0));
        self.values.insert(index, Item::Here(entry.1));
        Ok(())
    }

    /// Removes an entry and returns it.
    pub fn remove<M: Memory>(&mut self, memory: &M, index: usize) -> Result<Entry, Fault> {
        let entry = (self.key(memory, index)?.to_vec(), self.value(memory, index)?);
        self.keys.remove(index);
        self.values.remove(index);
        Ok(entry)
    }

    /// Splits a full node: the upper entries move to `sibling`, the middle one is returned.
    pub fn split<M: Memory>(&mut self, memory: &M, sibling: &mut Node) -> Result<Entry, Fault> {
        self.bring(memory)?;
        let middle = CAPACITY / 2;
        sibling.keys = self.keys.split_off(middle + 1);
        sibling.values = self.values.split_off(middle + 1);
        if !self.is_leaf() {
            sibling.children = self.children.split_off(middle + 1);
        }
        self.remove(memory, middle)
    }

    /// Appends an entry and all of another node, whose keys are greater.
    pub fn append<M: Memory>(&mut self, memory: &M, between: Entry, other: &mut Node) -> Result<(), Fault> {
        other.bring(memory)?;
        let end = self.len();
        self.insert(memory, end, between)?;
        self.keys.append(&mut other.keys);
        self.values.append(&mut other.values);
        self.children.append(&mut other.children);
        Ok(())
    }

    /// Saves the node, with as many overflow pages as it needs.
    pub fn save<M: Memory>(mut self, memory: &mut M, allocator: &mut Allocator) -> Result<(), Fault> {
        let mut content = self.content(memory)?;
        let page = self.layout.page as usize;
        let room = page - OVERFLOW_HEADER;
        self.chain(memory, usize::MAX)?;
        let wanted = content.len().saturating_sub(page).div_ceil(room);
        while self.overflow.pages.len() > wanted {
            if let Some(last) = self.overflow.pages.pop() {
                allocator.free(memory, last)?;
            }
        }
        while self.overflow.pages.len() < wanted {
            let address = allocator.allocate(memory)?;
            self.overflow.pages.push(address);
        }
        let first = self.overflow.pages.first().copied().unwrap_or(0);
        set_u64(&mut content, CHAIN, first);
        let end = content.len().min(page);
        memory.put(self.address, &content[..end])?;
        if end == content.len() {
            return Ok(());
        }
        let mut buffer = Vec::with_capacity(page);
        for (number, part) in content[end..].chunks(room).enumerate() {
            let next = self.overflow.pages.get(number + 1).copied().unwrap_or(0);
            buffer.clear();
            buffer.extend_from_slice(OVERFLOW_MAGIC);
            buffer.extend_from_slice(&next.to_le_bytes());
            buffer.extend_from_slice(part);
            memory.put(self.overflow.pages[number], &buffer)?;
        }
        Ok(())
    }

    /// Gives the node's pages back.
    pub fn free<M: Memory>(mut self, memory: &mut M, allocator: &mut Allocator) -> Result<(), Fault> {
        self.chain(memory, usize::MAX)?;
        for page in self.overflow.pages {
            allocator.free(memory, page)?;
        }
        allocator.free(memory, self.address)
    }

    /// The bytes of the node as they are saved, without the address of the first overflow page.
    fn content<M: Memory>(&mut self, memory: &M) -> Result<Vec<u8>, Fault> {
        self.find_values(memory)?;
        let size: usize = self.keys.iter().chain(&self.values).map(|item| 4 + item.len()).sum();
        let mut content = Vec::with_capacity(HEADER_2 + 8 * self.children.len() + size);
        content.extend_from_slice(MAGIC);
        content.push(2);
        content.push(u8::from(!self.is_leaf()));
        content.extend_from_slice(&(self.len() as u16).to_le_bytes());
        content.extend_from_slice(&[0; 8]);
        for child in &self.children {
            content.extend_from_slice(&child.to_le_bytes());
        }
        let (keys, values) = (core::mem::take(&mut self.keys), core::mem::take(&mut self.values));
        for (items, sized) in [(keys, self.layout.key.is_none()), (values, true)] {
            for item in items {
                if sized {
                    content.extend_from_slice(&(item.len() as u32).to_le_bytes());
                }
                match item {
                    Item::Here(bytes) => content.extend_from_slice(&bytes),
                    Item::At(at, length) => match self.within(at, length) {
                        Some(bytes) => content.extend_from_slice(bytes),
                        None => content.extend_from_slice(&self.read(memory, at, length)?),
                    },
                }
            }
        }
        Ok(content)
    }

    /// Brings all keys and values into the heap.
    fn bring<M: Memory>(&mut self, memory: &M) -> Result<(), Fault> {
        self.find_values(memory)?;
        for index in 0..self.len() {
            if let Item::At(at, length) = self.keys[index] {
                self.keys[index] = Item::Here(self.read(memory, at, length)?);
            }
            if let Item::At(at, length) = self.values[index] {
                self.values[index] = Item::Here(self.read(memory, at, length)?);
            }
        }
        Ok(())
    }

    /// Learns where the values lie: each tells where the next one begins.
    fn find_values<M: Memory>(&mut self, memory: &M) -> Result<(), Fault> {
        if self.values.len() == self.keys.len() {
            return Ok(());
        }
        let mut at = self.values_at;
        self.values.reserve_exact(CAPACITY);
        for _ in 0..self.keys.len() {
            let mut length = [0; 4];
            self.fill(memory, at, &mut length)?;
            let length = u32::from_le_bytes(length);
            self.values.push(Item::At(at + 4, length));
            at += 4 + u64::from(length);
        }
        Ok(())
    }

    fn read<M: Memory>(&mut self, memory: &M, at: u64, length: u32) -> Result<Vec<u8>, Fault> {
        if let Some(bytes) = self.within(at, length) {
            return Ok(bytes.to_vec());
        }
        if u64::from(length) > memory.size() {
            return Err(Fault::Corrupt("an entry of a B-tree is longer than its memory"));
        }
        let mut bytes = alloc::vec![0; length as usize];
        self.fill(memory, at, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads from the node's content, across its pages.
    fn fill<M: Memory>(&mut self, memory: &M, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        let page = u64::from(self.layout.page);
        let room = page - OVERFLOW_HEADER as u64;
        let (mut at, mut rest) = (at, into);
        while !rest.is_empty() {
            let available;
            if at < page {
                available = (page - at).min(rest.len() as u64) as usize;
                let (start, end) = (at as usize, at as usize + available);
                let source =
                    self.page.get(start..end).ok_or(Fault::Corrupt("a node of a B-tree is cut off"))?;
                rest[..available].copy_from_slice(source);
            } else {
                let (number, within) = ((at - page) / room, (at - page) % room);
                available = (room - within).min(rest.len() as u64) as usize;
                self.chain(memory, number as usize + 1)?;
                let address = *self
                    .overflow
                    .pages
                    .get(number as usize)
                    .ok_or(Fault::Corrupt("a node of a B-tree has too few overflow pages"))?;
                let place = address.saturating_add(OVERFLOW_HEADER as u64 + within);
                memory.read(place, &mut rest[..available])?;
            }
            at += available as u64;
            rest = &mut rest[available..];
        }
        Ok(())
    }

    /// Follows the overflow pages until so many are known or there are no more.
    fn chain<M: Memory>(&mut self, memory: &M, wanted: usize) -> Result<(), Fault> {
        while self.overflow.next != 0 && self.overflow.pages.len() < wanted {
            let address = self.overflow.next;
            let header: [u8; OVERFLOW_HEADER] = memory.bytes(address)?;
            if &header[..3] != OVERFLOW_MAGIC {
                return Err(Fault::Corrupt("an overflow page of a B-tree has no header"));
            }
            if self.overflow.pages.len() as u64 > memory.size() / u64::from(self.layout.page) {
                return Err(Fault::Corrupt("the overflow pages of a B-tree form a circle"));
            }
            self.overflow.pages.push(address);
            self.overflow.next = u64_at(&header, 3);
        }
        Ok(())
    }
}
