//! Which blocks of stable memory belong to which file, and which are free.

use crate::stable::{key, long_key, number, Opened, CHUNK, EXTENT, FREE, SLACK, TREE_HEADER};
use crate::errno::Result;
use alloc::vec::Vec;
use basilisk_stable::cursor::{Cursor, Direction};
use basilisk_stable::memory::{Fault, Memory};
use core::ops::Bound;

/// Bytes of a block: the network's page of stable memory.
pub const BLOCK: u64 = 4096;

const DAMAGED: Fault = Fault::Corrupt("the blocks of a file in /stable contradict each other");

/// The open volume with its memories.
pub(crate) struct Extents<'a, T, B> {
    pub(crate) tree: &'a mut T,
    pub(crate) blocks: &'a mut B,
    pub(crate) state: &'a mut Opened,
}

/// Neighbouring blocks of a file that are neighbours in the memory as well.
#[derive(Debug, Clone, Copy)]
struct Extent {
    first: u64,
    block: u64,
    count: u64,
}

impl Extent {
    fn new(key: &[u8], value: &[u8]) -> Result<Extent, Fault> {
        let first = key.get(9..17).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        let extent = Extent { first: first.ok_or(DAMAGED)?, block: number(value, 0)?, count: number(value, 8)? };
        let ends = extent.first.checked_add(extent.count).zip(extent.block.checked_add(extent.count));
        if extent.count == 0 || extent.block == 0 || ends.is_none_or(|(_, end)| end > u64::MAX / BLOCK) {
            return Err(DAMAGED);
        }
        Ok(extent)
    }
}

fn extent_value(block: u64, count: u64) -> Vec<u8> {
    [block.to_le_bytes(), count.to_le_bytes()].concat()
}

impl<T: Memory, B: Memory> Extents<'_, T, B> {
    /// Writes the header's numbers.
    pub(crate) fn save(&mut self) -> Result<(), Fault> {
        let numbers = [self.state.next_node.to_le_bytes(), self.state.end.to_le_bytes()].concat();
        self.blocks.write(8, &numbers)
    }

    /// Makes sure that the tree can take so many more chunks.
    ///
    /// Free chunks are used before new ones, so after them all chunks in use lie within that many.
    pub(crate) fn reserve_tree(&mut self, chunks: u64) -> Result<(), Fault> {
        self.tree.reserve(TREE_HEADER + (self.state.map.chunks() + chunks) * CHUNK)
    }

    /// The first entry within a bound, if its key starts with `prefix`.
    fn neighbour(
        &self,
        bound: Bound<&[u8]>,
        direction: Direction,
        prefix: &[u8],
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, Fault> {
        let (map, tree) = (&self.state.map, &*self.tree);
        let mut cursor = Cursor::place(map, tree, bound, direction)?;
        let entry = cursor
            .advance(map, tree, |node, index| Ok((node.key(tree, index)?.to_vec(), node.value(tree, index)?)))?;
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
        loop {
            let more = cursor.advance(map, tree, |node, index| {
                let key = node.key(tree, index)?.to_vec();
                Ok(key.starts_with(prefix) && take(&key, node.value(tree, index)?))
            })?;
            if more != Some(true) {
                return Ok(());
            }
        }
    }

    /// The last extent of a file that begins at a block or before it.
    fn extent_at(&self, file: u64, block: u64) -> Result<Option<Extent>, Fault> {
        let from = long_key(EXTENT, file, &block.to_be_bytes());
        let found = self.neighbour(Bound::Included(&from), Direction::Down, &key(EXTENT, file))?;
        found.map(|(key, value)| Extent::new(&key, &value)).transpose()
    }

    /// Where a block of a file lies, and how many follow it there; none for a hole and its length.
    fn run(&mut self, file: u64, block: u64) -> Result<(Option<u64>, u64), Fault> {
        if let Some((of, first, at, count)) = self.state.run {
            if of == file && first <= block && block - first < count {
                return Ok((Some(at + (block - first)), count - (block - first)));
            }
        }
        if let Some(Extent { first, block: at, count }) = self.extent_at(file, block)? {
            if block - first < count {
                self.state.run = Some((file, first, at, count));
                return Ok((Some(at + (block - first)), count - (block - first)));
            }
        }
        let from = long_key(EXTENT, file, &block.to_be_bytes());
        let next = self.neighbour(Bound::Included(&from), Direction::Up, &key(EXTENT, file))?;
        let hole = match next {
            Some((key, value)) => Extent::new(&key, &value)?.first - block,
            None => u64::MAX / BLOCK,
        };
        Ok((None, hole))
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

    /// Writes a file.  If that fails for want of space, the blocks it has got are zero.
    pub(crate) fn write(&mut self, file: u64, offset: u64, data: &[u8]) -> Result<(), Fault> {
        let (mut at, mut rest) = (offset, data);
        while !rest.is_empty() {
            let first = at / BLOCK;
            let wanted = (at + rest.len() as u64).div_ceil(BLOCK) - first;
            let (block, count) = match self.run(file, first)? {
                (Some(block), count) => (block, count),
                (None, hole) => self.allocate(file, first, wanted.min(hole))?,
            };
            let within = at % BLOCK;
            let length = (count * BLOCK - within).min(rest.len() as u64) as usize;
            let (now, later) = rest.split_at(length);
            self.blocks.write(block * BLOCK + within, now)?;
            (rest, at) = (later, at + length as u64);
        }
        Ok(())
    }

    /// Puts blocks of zeros into a hole: the first one and how many there are, at most `wanted`.
    fn allocate(&mut self, file: u64, first: u64, wanted: u64) -> Result<(u64, u64), Fault> {
        self.reserve_tree(SLACK)?;
        self.state.run = None;
        let (block, count) = match self.neighbour(Bound::Included(&[FREE]), Direction::Up, &[FREE])? {
            Some((free, value)) => self.reuse(&free, number(&value, 0)?, wanted)?,
            None => {
                let block = self.state.end;
                self.blocks.reserve((block + wanted) * BLOCK)?;
                self.state.end += wanted;
                self.save()?;
                (block, wanted)
            }
        };
        // Growing files mostly get the block after their last one.
        if let Some(before) = self.extent_at(file, first)? {
            if before.first + before.count == first && before.block + before.count == block {
                let key = long_key(EXTENT, file, &before.first.to_be_bytes());
                let value = extent_value(before.block, before.count + count);
                self.state.map.insert(self.tree, &key, value)?;
                return Ok((block, count));
            }
        }
        let key = long_key(EXTENT, file, &first.to_be_bytes());
        self.state.map.insert(self.tree, &key, extent_value(block, count))?;
        Ok((block, count))
    }

    /// Takes blocks from a run of free ones and fills them with zeros.
    fn reuse(&mut self, free: &[u8], available: u64, wanted: u64) -> Result<(u64, u64), Fault> {
        let block = free.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        let block = block.filter(|block| *block > 0).ok_or(DAMAGED)?;
        if available == 0 || block.checked_add(available).is_none_or(|end| end > self.state.end) {
            return Err(DAMAGED);
        }
        let count = available.min(wanted);
        self.state.map.remove(self.tree, free)?;
        if available > count {
            let rest = (available - count).to_le_bytes().to_vec();
            self.state.map.insert(self.tree, &key(FREE, block + count), rest)?;
        }
        for number in block..block + count {
            self.blocks.write(number * BLOCK, &[0; BLOCK as usize])?;
        }
        Ok((block, count))
    }

    /// Gives blocks back.
    fn free(&mut self, mut block: u64, mut count: u64) -> Result<(), Fault> {
        if block == 0 || block.checked_add(count).is_none_or(|end| end > self.state.end) {
            return Err(DAMAGED);
        }
        let before = self.neighbour(Bound::Excluded(&key(FREE, block)), Direction::Down, &[FREE])?;
        if let Some((free, value)) = before {
            let start = free.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
            let (start, length) = (start.ok_or(DAMAGED)?, number(&value, 0)?);
            if start.checked_add(length) == Some(block) {
                self.state.map.remove(self.tree, &free)?;
                (block, count) = (start, count + length);
            }
        }
        if let Some(value) = self.state.map.remove(self.tree, &key(FREE, block + count))? {
            count = count.checked_add(number(&value, 0)?).ok_or(DAMAGED)?;
        }
        self.state.map.insert(self.tree, &key(FREE, block), count.to_le_bytes().to_vec())?;
        Ok(())
    }

    /// Cuts a file off: frees what lies behind, and makes the rest of its last block zero.
    pub(crate) fn cut(&mut self, file: u64, size: u64) -> Result<(), Fault> {
        self.state.run = None;
        let kept = size.div_ceil(BLOCK);
        while let Some(Extent { first, block, count }) = self.extent_at(file, u64::MAX)? {
            if first + count <= kept {
                break;
            }
            let place = long_key(EXTENT, file, &first.to_be_bytes());
            if first >= kept {
                self.state.map.remove(self.tree, &place)?;
                self.free(block, count)?;
            } else {
                let keep = kept - first;
                self.state.map.insert(self.tree, &place, extent_value(block, keep))?;
                self.free(block + keep, count - keep)?;
                break;
            }
        }
        let within = size % BLOCK;
        if within != 0 {
            if let (Some(block), _) = self.run(file, kept - 1)? {
                let zeros = [0; BLOCK as usize];
                self.blocks.write(block * BLOCK + within, &zeros[within as usize..])?;
            }
        }
        Ok(())
    }
}
