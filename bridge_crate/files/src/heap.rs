//! A volume in the heap.

use crate::errno::{Errno, Result};
use crate::volume::{Kind, Meta, Name, Space, Volume, ROOT};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Bytes of a piece; only the last one of a file is shorter, and pieces of zeros need not exist.
const PIECE: u64 = 64 * 1024;

/// What a node counts beside its bytes, so that empty files are not free.
const NODE: u64 = 256;

struct Node {
    meta: Meta,
    pieces: BTreeMap<u64, Vec<u8>>,
    names: BTreeMap<Vec<u8>, (u64, Kind)>,
}

/// A volume in the heap.
pub struct Heap {
    nodes: BTreeMap<u64, Node>,
    next: u64,
    used: u64,
    limit: u64,
    read_only: bool,
}

impl Heap {
    /// An empty volume for so many bytes.
    pub fn new(limit: u64) -> Heap {
        let mut heap = Heap { nodes: BTreeMap::new(), next: ROOT + 1, used: 0, limit, read_only: false };
        let meta = Meta::new(Kind::Directory, ROOT, 0);
        heap.nodes.insert(ROOT, Node { meta, pieces: BTreeMap::new(), names: BTreeMap::new() });
        heap
    }

    /// Permits no more changes, or permits them.
    pub fn set_read_only(&mut self, read_only: bool) {
        self.read_only = read_only;
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used
    }

    fn node(&mut self, node: u64) -> Result<&mut Node> {
        self.nodes.get_mut(&node).ok_or(Errno::Io)
    }

    /// Room for `more` bytes, or `ENOSPC`.
    fn claim(&mut self, more: u64) -> Result<()> {
        let used = self.used.saturating_add(more);
        if used > self.limit {
            return Err(Errno::NoSpc);
        }
        self.used = used;
        Ok(())
    }

    /// Writes within one piece.
    fn write_piece(&mut self, node: u64, number: u64, within: usize, data: &[u8]) -> Result<()> {
        let end = within + data.len();
        let had = self.node(node)?.pieces.get(&number).map_or(0, Vec::len);
        let more = end.saturating_sub(had) as u64;
        self.claim(more)?;
        let pieces = &mut self.node(node)?.pieces;
        let piece = pieces.entry(number).or_default();
        if let Err(error) = extend(piece, end) {
            if piece.is_empty() {
                pieces.remove(&number);
            }
            self.used -= more;
            return Err(error);
        }
        piece[within..end].copy_from_slice(data);
        Ok(())
    }
}

/// Lets a piece grow to `end` bytes of zeros behind what it has.
fn extend(piece: &mut Vec<u8>, end: usize) -> Result<()> {
    if end > piece.len() {
        if end > piece.capacity() {
            // Doubling keeps many small writes cheap; a piece never outgrows its size.
            let room = (2 * piece.capacity()).max(end).min(PIECE as usize);
            piece.try_reserve_exact(room - piece.len()).map_err(|_| Errno::NoSpc)?;
        }
        piece.resize(end, 0);
    }
    Ok(())
}

impl Volume for Heap {
    fn read_only(&self) -> bool {
        self.read_only
    }

    fn space(&mut self) -> Result<Space> {
        let total = if self.read_only { self.used } else { self.limit };
        Ok(Space { total, free: total - self.used })
    }

    fn prepare(&mut self) -> Result<()> {
        if self.used.saturating_add(2 * NODE) > self.limit {
            return Err(Errno::NoSpc);
        }
        Ok(())
    }

    fn prepare_removal(&mut self) -> Result<()> {
        Ok(())
    }

    fn meta(&mut self, node: u64) -> Result<Meta> {
        Ok(self.node(node)?.meta)
    }

    fn set_meta(&mut self, node: u64, meta: &Meta) -> Result<()> {
        self.node(node)?.meta = *meta;
        Ok(())
    }

    fn create(&mut self, meta: &Meta) -> Result<u64> {
        self.claim(NODE)?;
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, Node { meta: *meta, pieces: BTreeMap::new(), names: BTreeMap::new() });
        Ok(number)
    }

    fn destroy(&mut self, node: u64) -> Result<()> {
        if let Some(node) = self.nodes.remove(&node) {
            let bytes: u64 = node.pieces.values().map(|piece| piece.len() as u64).sum();
            self.used = self.used.saturating_sub(bytes + NODE);
        }
        Ok(())
    }

    fn orphan(&mut self, _node: u64) -> Result<()> {
        // The heap and what is open in it end together.
        Ok(())
    }

    fn lookup(&mut self, directory: u64, name: &[u8]) -> Result<Option<(u64, Kind)>> {
        Ok(self.node(directory)?.names.get(name).copied())
    }

    fn bind(&mut self, directory: u64, name: &[u8], node: u64, kind: Kind) -> Result<()> {
        self.node(directory)?.names.insert(name.to_vec(), (node, kind));
        Ok(())
    }

    fn unbind(&mut self, directory: u64, name: &[u8]) -> Result<()> {
        self.node(directory)?.names.remove(name);
        Ok(())
    }

    fn names(&mut self, directory: u64, most: usize) -> Result<Vec<Name>> {
        let names = &self.node(directory)?.names;
        let name = |(name, &(node, kind)): (&Vec<u8>, &(u64, Kind))| Name { name: name.clone(), node, kind };
        Ok(names.iter().take(most).map(name).collect())
    }

    fn read(&mut self, node: u64, offset: u64, into: &mut [u8]) -> Result<()> {
        let node = self.node(node)?;
        let mut at = offset;
        let mut rest = into;
        while !rest.is_empty() {
            let within = (at % PIECE) as usize;
            let length = rest.len().min(PIECE as usize - within);
            let (now, later) = rest.split_at_mut(length);
            let piece = node.pieces.get(&(at / PIECE)).map_or(&[][..], Vec::as_slice);
            let there = piece.get(within..).unwrap_or(&[]);
            let there = &there[..there.len().min(length)];
            now[..there.len()].copy_from_slice(there);
            now[there.len()..].fill(0);
            (rest, at) = (later, at + length as u64);
        }
        Ok(())
    }

    fn write(&mut self, node: u64, offset: u64, data: &[u8]) -> Result<usize> {
        let (mut at, mut rest) = (offset, data);
        while !rest.is_empty() {
            let within = (at % PIECE) as usize;
            let (now, later) = rest.split_at(rest.len().min(PIECE as usize - within));
            match self.write_piece(node, at / PIECE, within, now) {
                Err(Errno::NoSpc) if at > offset => return Ok((at - offset) as usize),
                done => done?,
            }
            (rest, at) = (later, at + now.len() as u64);
        }
        Ok(data.len())
    }

    fn resize(&mut self, node: u64, _size: u64, wanted: u64) -> Result<()> {
        let pieces = &mut self.node(node)?.pieces;
        let mut freed: usize = pieces.split_off(&wanted.div_ceil(PIECE)).values().map(Vec::len).sum();
        if wanted % PIECE != 0 {
            if let Some(piece) = pieces.get_mut(&(wanted / PIECE)) {
                let kept = piece.len().min((wanted % PIECE) as usize);
                freed += piece.len() - kept;
                piece.truncate(kept);
            }
        }
        self.used -= freed as u64;
        Ok(())
    }
}
