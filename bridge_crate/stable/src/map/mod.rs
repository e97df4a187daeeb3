//! The B-tree: its header, opening and saving.  Searching, inserting and removing are modules below.
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
use crate::node::{bounded_size, Layout, Node, Order};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

mod insert;
mod remove;
mod search;

pub use search::Place;
use search::Searched;

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

/// Fails where no undamaged tree leads.
pub(crate) fn check_depth(depth: usize) -> Result<(), Fault> {
    if depth < DEEPEST {
        Ok(())
    } else {
        Err(Fault::Corrupt("a B-tree is deeper than any can be"))
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

    fn save_all<M: Memory>(&mut self, memory: &mut M, nodes: [Node; 3]) -> Result<(), Fault> {
        for node in nodes {
            node.save(memory, &mut self.allocator)?;
        }
        Ok(())
    }

    /// Removes everything.  What the memory has grown to stays with it.
    pub fn clear<M: Memory>(&mut self, memory: &mut M) -> Result<(), Fault> {
        self.allocator = Allocator::create(memory, ALLOCATOR as u64, u64::from(self.layout.page))?;
        self.root = 0;
        self.length = 0;
        self.save(memory)
    }
}
