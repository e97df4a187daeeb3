//! Which blocks of stable memory belong to which file: reading, writing, cutting off.

use crate::blocks::Got;
use crate::errno::Result;
use crate::stable::{long_key, number, Opened, EXTENT, SLACK};
use alloc::vec::Vec;
use basilisk_stable::cursor::{Cursor, Direction};
use basilisk_stable::memory::{Fault, Memory};
use basilisk_stable::node::Entry;
use core::ops::Bound;

/// Bytes of a block: the network's page of stable memory.
pub const BLOCK: u64 = 4096;

/// More blocks than any file has.
const ENDLESS: u64 = u64::MAX / BLOCK;

pub(crate) const DAMAGED: Fault = Fault::Corrupt("the blocks of a file in /stable contradict each other");

/// Blocks of zeros, to be written.
pub(crate) static ZEROS: [u8; BLOCK as usize] = [0; BLOCK as usize];

/// The open volume with its memories.
pub(crate) struct Extents<'a, T, B> {
    pub(crate) tree: &'a mut T,
    pub(crate) blocks: &'a mut B,
    pub(crate) state: &'a mut Opened,
}

/// Blocks of a file that follow each other, there and in the memory; or a hole in a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) file: u64,
    first: u64,
    /// The first one in the memory; none for a hole.
    block: Option<u64>,
    count: u64,
}

impl Run {
    /// A file without any blocks.
    pub(crate) fn nothing(file: u64) -> Run {
        Run { file, first: 0, block: None, count: ENDLESS }
    }

    /// The blocks of an extent.
    pub(crate) fn of(file: u64, extent: &Extent) -> Run {
        Run { file, first: extent.first, block: Some(extent.block), count: extent.count }
    }

    /// The hole behind the last extent of a file.
    pub(crate) fn behind(file: u64, extent: &Extent) -> Run {
        Run { file, first: extent.first + extent.count, block: None, count: ENDLESS }
    }

    fn ends_with(&self, block: u64) -> bool {
        self.block.is_some() && self.first.saturating_add(self.count - 1) == block
    }

    fn is_nothing(&self) -> bool {
        self.first == 0 && self.block.is_none() && self.count == ENDLESS
    }

    /// The part that begins at a block.
    fn from(&self, block: u64) -> (Option<u64>, u64) {
        let skipped = block - self.first;
        (self.block.map(|at| at + skipped), if self.count == ENDLESS { ENDLESS } else { self.count - skipped })
    }
}

/// Neighbouring blocks of a file that are neighbours in the memory as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) first: u64,
    pub(crate) block: u64,
    pub(crate) count: u64,
}

impl Extent {
    fn new(key: &[u8], value: &[u8]) -> Result<Extent, Fault> {
        let first = key.get(9..17).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        let extent = Extent { first: first.ok_or(DAMAGED)?, block: number(value, 0)?, count: number(value, 8)? };
        let ends = extent.first.checked_add(extent.count).zip(extent.block.checked_add(extent.count));
        if extent.count == 0 || extent.block == 0 || ends.is_none_or(|ends| ends.0.max(ends.1) > ENDLESS) {
            return Err(DAMAGED);
        }
        Ok(extent)
    }

    pub(crate) fn value(&self) -> Vec<u8> {
        [self.block.to_le_bytes(), self.count.to_le_bytes()].concat()
    }

    pub(crate) fn key(&self, file: u64) -> Vec<u8> {
        long_key(EXTENT, file, &self.first.to_be_bytes())
    }
}

impl<T: Memory, B: Memory> Extents<'_, T, B> {
    /// The entry next to a key, if its own key starts with `prefix`.
    pub(crate) fn neighbour(
        &self,
        key: &[u8],
        inclusive: bool,
        direction: Direction,
        prefix: &[u8],
    ) -> Result<Option<Entry>, Fault> {
        let entry = self.state.map.neighbour(self.tree, key, inclusive, direction)?;
        Ok(entry.filter(|(key, _)| key.starts_with(prefix)))
    }

    /// Shows all entries whose keys start with `prefix`, in order, until `take` says false.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], Vec<u8>) -> bool,
    ) -> Result<(), Fault> {
        let (map, tree) = (&self.state.map, &*self.tree);
        let mut cursor = Cursor::place(map, tree, Bound::Included(prefix), Direction::Up)?;
        for _ in 0..=map.len() {
            let more = cursor.advance(map, tree, |node, index| {
                let key = node.key(tree, index)?.to_vec();
                Ok(key.starts_with(prefix) && take(&key, node.value(tree, index)?))
            })?;
            if more != Some(true) {
                return Ok(());
            }
        }
        Err(Fault::Corrupt("the directory in stable memory has more entries than it counts"))
    }

    /// The last extent of a file that begins at a block or before it.
    pub(crate) fn extent_at(&self, file: u64, block: u64) -> Result<Option<Extent>, Fault> {
        let from = long_key(EXTENT, file, &block.to_be_bytes());
        let found = self.neighbour(&from, true, Direction::Down, &from[..9])?;
        found.map(|(key, value)| Extent::new(&key, &value)).transpose()
    }

    /// Where a block of a file lies, and how many follow it there; none for a hole and its length.
    fn run(&mut self, file: u64, block: u64) -> Result<(Option<u64>, u64), Fault> {
        let known = |run: &Run| run.file == file && run.first <= block && block - run.first < run.count;
        if let Some(run) = self.state.runs.find(known) {
            return Ok(run.from(block));
        }
        let mut run = Run { file, first: block, block: None, count: ENDLESS };
        match self.extent_at(file, block)? {
            Some(extent) if block.checked_sub(extent.first).ok_or(DAMAGED)? < extent.count => {
                run = Run::of(file, &extent);
            }
            before => {
                let from = long_key(EXTENT, file, &block.to_be_bytes());
                if let Some((key, value)) = self.neighbour(&from, true, Direction::Up, &from[..9])? {
                    let next = Extent::new(&key, &value)?.first;
                    run.count = next.checked_sub(block).filter(|count| *count > 0).ok_or(DAMAGED)?;
                } else if before.is_none() {
                    run.first = 0;
                }
            }
        }
        self.state.runs.put(run);
        Ok(run.from(block))
    }

    /// The extent that ends before a block.
    pub(crate) fn extent_before(&mut self, file: u64, block: u64) -> Result<Option<Extent>, Fault> {
        let Some(last) = block.checked_sub(1) else { return Ok(None) };
        if self.run(file, last)?.0.is_none() {
            return Ok(None);
        }
        // It is known now.
        let run = self.state.runs.find(|run| run.file == file && run.ends_with(last)).copied();
        Ok(run.and_then(|Run { first, block, count, .. }| Some(Extent { first, block: block?, count })))
    }

    /// Reads a file.
    pub(crate) fn read(&mut self, file: u64, offset: u64, into: &mut [u8]) -> Result<(), Fault> {
        let (mut at, mut rest) = (offset, into);
        while !rest.is_empty() {
            let (block, count) = self.run(file, at / BLOCK)?;
            let within = at % BLOCK;
            let available = count.saturating_mul(BLOCK).saturating_sub(within);
            let length = available.min(rest.len() as u64) as usize;
            let (now, later) = rest.split_at_mut(length);
            match block {
                Some(block) => self.blocks.read(block * BLOCK + within, now)?,
                None => now.fill(0),
            }
            (rest, at) = (later, at + length as u64);
        }
        Ok(())
    }

    /// Writes a file: as many bytes as there is space for, at least one.
    pub(crate) fn write(&mut self, file: u64, offset: u64, data: &[u8]) -> Result<usize, Fault> {
        let (mut at, mut rest) = (offset, data);
        while !rest.is_empty() {
            let (first, within) = (at / BLOCK, at % BLOCK);
            let got = match self.run(file, first)? {
                (Some(block), count) => Got { block, count, zero: true },
                (None, hole) => {
                    let wanted = (at + rest.len() as u64).div_ceil(BLOCK) - first;
                    match self.allocate(file, first, wanted.min(hole), hole == ENDLESS) {
                        Err(Fault::Full { .. }) if at > offset => return Ok((at - offset) as usize),
                        got => got?,
                    }
                }
            };
            let (start, room) = (got.block * BLOCK, got.count * BLOCK);
            let length = (room - within).min(rest.len() as u64) as usize;
            let (now, later) = rest.split_at(length);
            if !got.zero {
                self.fill(start, within)?;
                self.fill(start + within + length as u64, room - within - length as u64)?;
            }
            self.blocks.write(start + within, now)?;
            (rest, at) = (later, at + length as u64);
        }
        Ok(data.len())
    }

    /// Writes zeros.
    pub(crate) fn fill(&mut self, mut start: u64, mut length: u64) -> Result<(), Fault> {
        while length > 0 {
            let now = length.min(BLOCK);
            self.blocks.write(start, &ZEROS[..now as usize])?;
            (start, length) = (start + now, length - now);
        }
        Ok(())
    }

    /// Cuts a file off: frees what lies behind, and makes the rest of its last block zero.
    pub(crate) fn cut(&mut self, file: u64, size: u64) -> Result<(), Fault> {
        if self.state.runs.find(|run| run.file == file && run.is_nothing()).is_some() {
            return Ok(());
        }
        self.state.runs.forget(|run| run.file == file);
        let kept = size.div_ceil(BLOCK);
        while let Some(extent) = self.extent_at(file, u64::MAX)? {
            let Extent { first, block, count } = extent;
            if first + count <= kept {
                break;
            }
            if first >= kept {
                self.state.map.remove(self.tree, &extent.key(file))?.ok_or(DAMAGED)?;
                self.free(block, count)?;
            } else {
                let keep = kept - first;
                let shorter = Extent { count: keep, ..extent };
                self.state.map.insert(self.tree, &shorter.key(file), shorter.value())?;
                self.free(block + keep, count - keep)?;
            }
            if first <= kept {
                break;
            }
        }
        let within = size % BLOCK;
        if within != 0 {
            if let (Some(block), _) = self.run(file, kept - 1)? {
                self.fill(block * BLOCK + within, BLOCK - within)?;
            }
        }
        Ok(())
    }

    /// Makes sure that the tree can take the changes of an allocation.
    pub(crate) fn reserve_for_blocks(&mut self) -> Result<(), Fault> {
        self.reserve_tree(SLACK)
    }
}
