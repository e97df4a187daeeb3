//! A volume in stable memory: a B-tree of what is known of nodes, and blocks of bytes.
//!
//! The tree, in a memory of its own, has these entries; numbers in keys are big-endian, in values little-endian:
//!
//! | key | value |
//! |---|---|
//! | 1, node (8) | kind (1), version (1), 0 (2), links (4), size (8), parent (8), times (3 × 8) |
//! | 2, directory (8), name | node (8), kind (1) |
//! | 3, file (8), first block in the file (8) | first block in the memory (8), number of blocks (8) |
//! | 4, node (8) | nothing: a node without a name that is still open |
//! | 5, first free block (8) | number of blocks (8) |
//!
//! The first block of the other memory is the header: `BFS`, version 1, then the number for the next node, the
//! first block that was never used.  Bytes behind the end of a file are zero in
//! the blocks it has; blocks of zeros need not exist.

use crate::errno::{Errno, Result};
use crate::extents::{Extents, BLOCK};
use crate::volume::{Kind, Meta, Name, Volume, ROOT};
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
const META_SIZE: usize = 48;

/// Chunks of the tree that a change may need: every node on the way from the root may be split, and each may
/// need overflow pages for long names.
pub(crate) const SLACK: u64 = 160;
/// Bytes that a chunk of the tree takes at most, and of the tree's header.
pub(crate) const CHUNK: u64 = 1024 + 16;
pub(crate) const TREE_HEADER: u64 = 100;

/// The open form of the volume.
pub(crate) struct Opened {
    pub(crate) map: Map,
    pub(crate) next_node: u64,
    /// The first block that was never used: its bytes are zero, as are those of all after it.
    pub(crate) end: u64,
    /// What was known last: most operations ask for one node several times.
    recent: Option<(u64, Meta)>,
    /// The blocks that were found last: file, first in the file, first in the memory, number.
    pub(crate) run: Option<(u64, u64, u64, u64)>,
}

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

fn pack(meta: &Meta) -> Vec<u8> {
    let mut bytes = alloc::vec![meta.kind as u8, VERSION, 0, 0];
    bytes.extend_from_slice(&meta.links.to_le_bytes());
    for number in [meta.size, meta.parent, meta.accessed, meta.modified, meta.changed] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Result<Meta, Fault> {
    const DAMAGED: Fault = Fault::Corrupt("what is known of a file in stable memory cannot be read");
    if bytes.len() != META_SIZE || bytes[1] != VERSION {
        return Err(DAMAGED);
    }
    let at = |index: usize| number(bytes, 8 + 8 * index);
    Ok(Meta {
        kind: Kind::of(bytes[0]).ok_or(DAMAGED)?,
        links: number(bytes, 0).map(|word| (word >> 32) as u32)?,
        size: at(0)?,
        parent: at(1)?,
        accessed: at(2)?,
        modified: at(3)?,
        changed: at(4)?,
    })
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
            destroy(&mut volume, node)?;
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
    let mut state = Opened { map, next_node: ROOT + 1, end: 1, recent: None, run: None };
    if is_new {
        tree.reserve(TREE_HEADER + 3 * SLACK * CHUNK)?;
        blocks.reserve(BLOCK)?;
        let root = Meta::new(Kind::Directory, ROOT, 0);
        state.map.insert(tree, &key(META, ROOT), pack(&root))?;
        header[..3].copy_from_slice(MAGIC);
        header[3] = VERSION;
        header[8..16].copy_from_slice(&state.next_node.to_le_bytes());
        header[16..].copy_from_slice(&state.end.to_le_bytes());
        blocks.write(0, &header)?;
        return Ok((state, Vec::new()));
    }
    (state.next_node, state.end) = (number(&header, 8)?, number(&header, 16)?);
    let volume = Extents { tree, blocks, state: &mut state };
    let mut orphans = Vec::new();
    volume.scan(&[ORPHAN], |key, _| {
        let node = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        orphans.extend(node);
        true
    })?;
    Ok((state, orphans))
}

fn meta<T: Memory, B: Memory>(volume: &mut Extents<'_, T, B>, node: u64) -> Result<Meta, Fault> {
    if let Some((recent, meta)) = volume.state.recent {
        if recent == node {
            return Ok(meta);
        }
    }
    let bytes = volume.state.map.get(volume.tree, &key(META, node))?;
    let meta = unpack(&bytes.ok_or(Fault::Corrupt("a name in /stable leads to no file"))?)?;
    volume.state.recent = Some((node, meta));
    Ok(meta)
}

fn set_meta<T: Memory, B: Memory>(
    volume: &mut Extents<'_, T, B>,
    node: u64,
    meta: &Meta,
) -> Result<(), Fault> {
    if volume.state.recent == Some((node, *meta)) {
        return Ok(());
    }
    volume.state.recent = None;
    volume.state.map.insert(volume.tree, &key(META, node), pack(meta))?;
    volume.state.recent = Some((node, *meta));
    Ok(())
}

fn destroy<T: Memory, B: Memory>(volume: &mut Extents<'_, T, B>, node: u64) -> Result<(), Fault> {
    volume.state.recent = None;
    volume.cut(node, 0)?;
    volume.state.map.remove(volume.tree, &key(META, node))?;
    volume.state.map.remove(volume.tree, &key(ORPHAN, node))?;
    Ok(())
}

impl<T: Memory, B: Memory> Volume for Stable<T, B> {
    fn read_only(&self) -> bool {
        false
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
        self.with(|volume| meta(volume, node))
    }

    fn set_meta(&mut self, node: u64, meta: &Meta) -> Result<()> {
        self.with(|volume| set_meta(volume, node, meta))
    }

    fn create(&mut self, meta: &Meta) -> Result<u64> {
        self.with(|volume| {
            let node = volume.state.next_node;
            set_meta(volume, node, meta)?;
            volume.state.next_node += 1;
            volume.save()?;
            Ok(node)
        })
    }

    fn destroy(&mut self, node: u64) -> Result<()> {
        self.with(|volume| destroy(volume, node))
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
            let found = volume.state.map.get(volume.tree, &long_key(NAME, directory, name))?;
            found.map(|bytes| named(&bytes)).transpose()
        })
    }

    fn bind(&mut self, directory: u64, name: &[u8], node: u64, kind: Kind) -> Result<()> {
        self.with(|volume| {
            let value = [&node.to_le_bytes()[..], &[kind as u8]].concat();
            volume.state.map.insert(volume.tree, &long_key(NAME, directory, name), value)?;
            Ok(())
        })
    }

    fn unbind(&mut self, directory: u64, name: &[u8]) -> Result<()> {
        self.with(|volume| {
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

    fn write(&mut self, node: u64, _size: u64, offset: u64, data: &[u8]) -> Result<()> {
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
