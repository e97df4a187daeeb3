//! Blocks of stable memory: taken for files and given back.

use crate::extents::{Extent, Extents, Run, BLOCK, DAMAGED};
use crate::stable::{key, number, CHUNK, FREE, TREE_HEADER};
use basilisk_stable::cursor::Direction;
use basilisk_stable::memory::{Fault, Memory};

/// Blocks that a growing file gets ahead of its end at most.
const MOST_AHEAD: u64 = 256;

/// Blocks that a file got.
pub(crate) struct Got {
    /// The first one.
    pub(crate) block: u64,
    /// How many follow each other.
    pub(crate) count: u64,
    /// Whether they hold zeros where nothing was written.
    pub(crate) zero: bool,
}

/// Free blocks that follow each other.
struct Free {
    block: u64,
    count: u64,
}

impl Free {
    fn new(key: &[u8], value: &[u8]) -> Result<Free, Fault> {
        let block = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        Ok(Free { block: block.ok_or(DAMAGED)?, count: number(value, 0)? })
    }
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

    /// Puts blocks into a hole of a file that begins at its block `first`: `wanted` ones or fewer.
    ///
    /// A file that grows at its end gets some more than it needs now, a half of what it has, so that the
    /// entries about it change only now and then.
    pub(crate) fn allocate(&mut self, file: u64, first: u64, wanted: u64, at_end: bool) -> Result<Got, Fault> {
        self.reserve_for_blocks()?;
        let before = self.extent_before(file, first)?;
        let ahead = match before {
            Some(_) if at_end => (first / 2).min(MOST_AHEAD),
            _ => 0,
        };
        let behind = before.map(|before| before.block + before.count);
        let got = match self.reuse(behind, wanted + ahead)? {
            Some(got) => got,
            None => self.extend(wanted, ahead)?,
        };
        let extent = match before {
            Some(before) if behind == Some(got.block) => Extent { count: before.count + got.count, ..before },
            _ => Extent { first, block: got.block, count: got.count },
        };
        self.state.runs.forget(|run| run.file == file);
        self.state.map.insert(self.tree, &extent.key(file), extent.value())?;
        self.state.runs.put(Run::of(file, &extent));
        if at_end {
            self.state.runs.put(Run::behind(file, &extent));
        }
        Ok(got)
    }

    /// Blocks that were never used: as many as there is room for.
    fn extend(&mut self, wanted: u64, ahead: u64) -> Result<Got, Fault> {
        let block = self.state.end;
        let mut count = wanted + ahead;
        while let Err(full) = self.blocks.reserve((block + count) * BLOCK) {
            count = if count > wanted { wanted } else { count / 2 };
            if count == 0 {
                // What the memory has without growing.
                count = self.blocks.size() / BLOCK - block;
                if count == 0 {
                    return Err(full);
                }
            }
        }
        self.state.end += count;
        self.save()?;
        Ok(Got { block, count, zero: true })
    }

    /// Takes free blocks, at best those that begin with `behind`; at most `wanted`.
    fn reuse(&mut self, behind: Option<u64>, wanted: u64) -> Result<Option<Got>, Fault> {
        if self.state.none_free {
            return Ok(None);
        }
        let mut found = None;
        if let Some(behind) = behind {
            found = self.neighbour(&key(FREE, behind), true, Direction::Up, &[FREE])?;
        }
        if found.is_none() {
            found = self.neighbour(&[FREE], true, Direction::Up, &[FREE])?;
        }
        let Some((entry, value)) = found else {
            self.state.none_free = true;
            return Ok(None);
        };
        let free = self.checked(Free::new(&entry, &value)?)?;
        let count = free.count.min(wanted);
        let left = free.count - count;
        if left > 0 && behind != Some(free.block) {
            // From their end: the entry keeps its key.
            self.note(free.block, left)?;
            return Ok(Some(Got { block: free.block + left, count, zero: false }));
        }
        self.state.map.remove(self.tree, &entry)?.ok_or(DAMAGED)?;
        if left > 0 {
            self.note(free.block + count, left)?;
        }
        Ok(Some(Got { block: free.block, count, zero: false }))
    }

    /// Fails if blocks are none that were ever used.
    fn checked(&self, free: Free) -> Result<Free, Fault> {
        let end = free.block.checked_add(free.count);
        if free.block == 0 || free.count == 0 || end.is_none_or(|end| end > self.state.end) {
            return Err(DAMAGED);
        }
        Ok(free)
    }

    /// The last free blocks that begin at a block or before it.
    fn last_free(&self, block: u64) -> Result<Option<Free>, Fault> {
        let found = self.neighbour(&key(FREE, block), true, Direction::Down, &[FREE])?;
        found.map(|(entry, value)| self.checked(Free::new(&entry, &value)?)).transpose()
    }

    fn note(&mut self, block: u64, count: u64) -> Result<(), Fault> {
        self.state.none_free = false;
        self.state.map.insert(self.tree, &key(FREE, block), count.to_le_bytes().to_vec())?;
        Ok(())
    }

    /// Gives blocks back.
    pub(crate) fn free(&mut self, block: u64, count: u64) -> Result<(), Fault> {
        let Free { mut block, mut count } = self.checked(Free { block, count })?;
        if !self.state.none_free {
            let mut last = self.last_free(block + count)?;
            if let Some(next) = last.take_if(|next| next.block == block + count) {
                self.state.map.remove(self.tree, &key(FREE, next.block))?.ok_or(DAMAGED)?;
                count += next.count;
                last = self.last_free(block)?;
            }
            if let Some(before) = last.filter(|before| before.block + before.count == block) {
                (block, count) = (before.block, before.count + count);
            }
        }
        self.note(block, count)
    }

    /// Blocks that are free among those that were ever used.
    pub(crate) fn free_blocks(&self) -> Result<u64, Fault> {
        let mut count = 0u64;
        self.scan(&[FREE], |_, value| {
            count = count.saturating_add(number(&value, 0).unwrap_or(u64::MAX));
            true
        })?;
        if count > self.state.end {
            return Err(DAMAGED);
        }
        Ok(count)
    }
}
