//! A volume in stable memory: a B-tree of what is known of nodes, and blocks of bytes.
//!
//! The tree, in a memory of its own, has these entries; numbers in keys are big-endian, in values little-endian:
//!
//! | key | value |
//! |---|---|
//! | 1, node (8) | kind (1), version (1), permissions (2), links (4), size (8), parent (8), times (3 × 8) |
//! | 2, directory (8), name | node (8), kind (1) |
//! | 3, file (8), first block in the file (8) | first block in the memory (8), number of blocks (8) |
//! | 4, node (8) | nothing: a node without a name that is still open |
//! | 5, first free block (8) | number of blocks (8) |
//!
//! The first block of the other memory is the header: `BFS`, version 1, then the number for the next node, the
//! first block that was never used.  Bytes behind the end of a file are zero in
//! the blocks it has; blocks of zeros need not exist.

use crate::errno::{Errno, Result};
use crate::extents::{Extents, Run, BLOCK};
use crate::nodes::Known;
use crate::recent::Recent;
use crate::volume::{Kind, Meta, Name, Space, Volume, ROOT};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use basilisk_stable::map::{Map, Sizes};
use basilisk_stable::memory::{Fault, Memory};
use basilisk_stable::node::Order;

pub(crate) const META: u8 = 1;
pub(crate) const NAME: u8 = 2;
pub(crate) const EXTENT: u8 = 3;
pub(crate) const ORPHAN: u8 = 4;
pub(crate) const FREE: u8 = 5;

const MAGIC: &[u8; 3] = b"BFS";
const VERSION: u8 = 1;
/// Bytes of a page of the tree.
const PAGE: u64 = 1024;

/// Chunks of the tree that a change may need: every node on the way from the root may be split, and each may
/// need overflow pages for long names.
pub(crate) const SLACK: u64 = 160;
/// Bytes that a chunk of the tree takes at most, and of the tree's header.
pub(crate) const CHUNK: u64 = PAGE + 16;
pub(crate) const TREE_HEADER: u64 = 100;

/// The open form of the volume.
pub(crate) struct Opened {
    pub(crate) map: Map,
    pub(crate) next_node: u64,
    /// The first block that was never used: its bytes are zero, as are those of all after it.
    pub(crate) end: u64,
    /// Whether it is known that there are no free blocks among those that were used.
    pub(crate) none_free: bool,
    /// What was found last: most operations need a few things several times.
    pub(crate) nodes: Recent<Known, 8>,
    pub(crate) names: Recent<KnownName, 16>,
    pub(crate) runs: Recent<Run, 8>,
}

/// A name that was used lately: its directory, itself, what it means.
type KnownName = (u64, Vec<u8>, (u64, Kind));

/// A volume in two memories.
pub struct Stable<T, B> {
    tree: T,
    blocks: B,
    opened: Option<Box<Opened>>,
    complaint: Option<String>,
}

/// A key of the tree.
pub(crate) fn key(kind: u8, number: u64) -> [u8; 9] {
    let mut key = [kind; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// A key of the tree with something behind it.
pub(crate) fn long_key(kind: u8, number: u64, rest: &[u8]) -> Vec<u8> {
    [&key(kind, number)[..], rest].concat()
}

pub(crate) fn number(bytes: &[u8], at: usize) -> Result<u64, Fault> {
    let bytes = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u64::from_le_bytes).ok_or(Fault::Corrupt("an entry of the directory in stable memory is too short"))
}

impl<T: Memory, B: Memory> Stable<T, B> {
    /// A volume in these memories, which are not touched before the first use.
    pub const fn new(tree: T, blocks: B) -> Stable<T, B> {
        Stable { tree, blocks, opened: None, complaint: None }
    }

    /// The reason in words for the last `ENODEV` or `EIO`.
    pub fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    /// The memories, for tests.
    pub fn into_memories(self) -> (T, B) {
        (self.tree, self.blocks)
    }

    /// Bytes of the tree's memory and of the blocks'.
    pub fn sizes(&self) -> (u64, u64) {
        (self.tree.size(), self.blocks.size())
    }

    /// Whether there is anything in the memories; an empty volume needs none.
    fn exists(&self) -> bool {
        self.opened.is_some() || self.blocks.size() > 0
    }

    /// Runs `work` on the volume, which is made if there is none.
    fn with<R>(&mut self, work: impl FnOnce(&mut Extents<'_, T, B>) -> Result<R, Fault>) -> Result<R> {
        let done = match self.open() {
            Ok(mut volume) => work(&mut volume),
            Err(fault) => Err(fault),
        };
        done.map_err(|fault| {
            let errno = match fault {
                Fault::Full { .. } => return Errno::NoSpc,
                Fault::Foreign(_) => Errno::NoDev,
                Fault::Corrupt(_) => Errno::Io,
            };
            self.complaint = Some(fault.to_string());
            errno
        })
    }

    fn open(&mut self) -> Result<Extents<'_, T, B>, Fault> {
        let Stable { tree, blocks, opened, .. } = self;
        let mut removed = Vec::new();
        if opened.is_none() {
            let (state, orphans) = open(tree, blocks)?;
            removed = orphans;
            *opened = Some(Box::new(state));
        }
        let Some(state) = opened else { unreachable!("was just opened") };
        let mut volume = Extents { tree, blocks, state };
        for node in removed {
            volume.destroy(node, true)?;
        }
        Ok(volume)
    }
}

/// Loads or makes a volume; also the nodes that were open without a name when the heap was lost.
fn open<T: Memory, B: Memory>(tree: &mut T, blocks: &mut B) -> Result<(Opened, Vec<u64>), Fault> {
    let mut header = [0; 24];
    if blocks.size() > 0 {
        blocks.read(0, &mut header)?;
    }
    let is_new = header == [0; 24];
    if !is_new && (&header[..3] != MAGIC || header[3] != VERSION) {
        return Err(Fault::Foreign(String::from(
            "the memory in which /stable should be holds something else, or files of a later version",
        )));
    }
    // The header is written last, so a volume that could not be made for want of space is made again.
    let map = Map::open(tree, Order::Bytes, Sizes::Any, Sizes::Any)?;
    let mut state = Opened {
        map,
        next_node: ROOT + 1,
        end: 1,
        none_free: false,
        nodes: Recent::new(),
        names: Recent::new(),
        runs: Recent::new(),
    };
    if is_new {
        tree.reserve(TREE_HEADER + 3 * SLACK * CHUNK)?;
        blocks.reserve(BLOCK)?;
        let root = Meta::new(Kind::Directory, ROOT, 0);
        Extents { tree, blocks, state: &mut state }.set_meta(ROOT, &root)?;
        header[..3].copy_from_slice(MAGIC);
        header[3] = VERSION;
        header[8..16].copy_from_slice(&state.next_node.to_le_bytes());
        header[16..].copy_from_slice(&state.end.to_le_bytes());
        blocks.write(0, &header)?;
        return Ok((state, Vec::new()));
    }
    (state.next_node, state.end) = (number(&header, 8)?, number(&header, 16)?);
    let fits = state.map.page_size() == PAGE
        && state.map.chunks() <= tree.size() / PAGE
        && (1..=blocks.size() / BLOCK).contains(&state.end)
        && (ROOT + 1..u64::MAX / 2).contains(&state.next_node);
    if !fits {
        return Err(Fault::Corrupt("the header of /stable contradicts its memories"));
    }
    let volume = Extents { tree, blocks, state: &mut state };
    let mut orphans = Vec::new();
    volume.scan(&[ORPHAN], |key, _| {
        let node = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        orphans.extend(node);
        true
    })?;
    Ok((state, orphans))
}

impl<T: Memory, B: Memory> Volume for Stable<T, B> {
    fn read_only(&self) -> bool {
        false
    }

    fn space(&mut self) -> Result<Space> {
        let most = self.blocks.most() / BLOCK * BLOCK;
        if !self.exists() {
            return Ok(Space { total: most, free: most });
        }
        self.with(|volume| {
            let unused = most.saturating_sub(volume.state.end * BLOCK);
            Ok(Space { total: most, free: unused + volume.free_blocks()? * BLOCK })
        })
    }

    fn prepare(&mut self) -> Result<()> {
        self.with(|volume| volume.reserve_tree(2 * SLACK))
    }

    fn prepare_removal(&mut self) -> Result<()> {
        self.with(|volume| volume.reserve_tree(SLACK))
    }

    fn meta(&mut self, node: u64) -> Result<Meta> {
        if !self.exists() {
            return Ok(Meta::new(Kind::Directory, ROOT, 0));
        }
        self.with(|volume| volume.meta(node))
    }

    fn set_meta(&mut self, node: u64, meta: &Meta) -> Result<()> {
        self.with(|volume| volume.set_meta(node, meta))
    }

    fn create(&mut self, meta: &Meta) -> Result<u64> {
        self.with(|volume| volume.create(meta))
    }

    fn destroy(&mut self, node: u64) -> Result<()> {
        self.with(|volume| {
            let orphan = volume.meta(node)?.links == 0;
            volume.destroy(node, orphan)
        })
    }

    fn orphan(&mut self, node: u64) -> Result<()> {
        self.with(|volume| {
            volume.state.map.insert(volume.tree, &key(ORPHAN, node), Vec::new())?;
            Ok(())
        })
    }

    fn lookup(&mut self, directory: u64, name: &[u8]) -> Result<Option<(u64, Kind)>> {
        if !self.exists() {
            return Ok(None);
        }
        self.with(|volume| {
            let known = |known: &KnownName| known.0 == directory && known.1 == name;
            if let Some((_, _, found)) = volume.state.names.find(known) {
                return Ok(Some(*found));
            }
            let found = volume.state.map.get(volume.tree, &long_key(NAME, directory, name))?;
            let found = found.map(|bytes| named(&bytes)).transpose()?;
            if let Some(found) = found {
                volume.state.names.put((directory, name.to_vec(), found));
            }
            Ok(found)
        })
    }

    fn bind(&mut self, directory: u64, name: &[u8], node: u64, kind: Kind) -> Result<()> {
        self.with(|volume| {
            volume.state.names.forget(|known| known.0 == directory && known.1 == name);
            let value = [&node.to_le_bytes()[..], &[kind as u8]].concat();
            volume.state.map.insert(volume.tree, &long_key(NAME, directory, name), value)?;
            Ok(())
        })
    }

    fn unbind(&mut self, directory: u64, name: &[u8]) -> Result<()> {
        self.with(|volume| {
            volume.state.names.forget(|known| known.0 == directory && known.1 == name);
            volume.state.map.remove(volume.tree, &long_key(NAME, directory, name))?;
            Ok(())
        })
    }

    fn names(&mut self, directory: u64, most: usize) -> Result<Vec<Name>> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        self.with(|volume| {
            let mut names = Vec::new();
            let mut damaged = None;
            volume.scan(&key(NAME, directory), |key, value| {
                if names.len() < most {
                    match named(&value) {
                        Ok((node, kind)) => names.push(Name { name: key[9..].to_vec(), node, kind }),
                        Err(fault) => damaged = Some(fault),
                    }
                }
                names.len() < most && damaged.is_none()
            })?;
            damaged.map_or(Ok(names), Err)
        })
    }

    fn read(&mut self, node: u64, offset: u64, into: &mut [u8]) -> Result<()> {
        self.with(|volume| volume.read(node, offset, into))
    }

    fn write(&mut self, node: u64, offset: u64, data: &[u8]) -> Result<usize> {
        self.with(|volume| volume.write(node, offset, data))
    }

    fn resize(&mut self, node: u64, size: u64, wanted: u64) -> Result<()> {
        if wanted >= size {
            return Ok(());
        }
        self.with(|volume| volume.cut(node, wanted))
    }
}

/// What a name means.
fn named(value: &[u8]) -> Result<(u64, Kind), Fault> {
    let kind = value.get(8).and_then(|kind| Kind::of(*kind));
    Ok((number(value, 0)?, kind.ok_or(Fault::Corrupt("a name in /stable cannot be read"))?))
}
