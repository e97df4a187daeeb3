//! Single entries next to a key, found with one read for each node on the way.
//!
//! Who wants more than one entry places a [`Cursor`](crate::cursor::Cursor), which loads the nodes.

use crate::cursor::{Cursor, Direction};
use crate::glance::Glance;
use crate::map::{check_depth, Map};
use crate::memory::{Fault, Memory};
use crate::node::Entry;
use alloc::vec::Vec;
use core::ops::Bound;

impl Map {
    /// The first entry within a bound, in a direction.
    pub fn neighbour<M: Memory>(
        &self,
        memory: &M,
        key: &[u8],
        inclusive: bool,
        direction: Direction,
    ) -> Result<Option<Entry>, Fault> {
        let mut buffer = self.buffer.take();
        let found = self.glance_at_neighbour(memory, key, inclusive, direction, &mut buffer);
        self.buffer.give(buffer);
        match found? {
            Some(entry) => Ok(entry),
            None => {
                let bound = if inclusive { Bound::Included(key) } else { Bound::Excluded(key) };
                let mut cursor = Cursor::place(self, memory, bound, direction)?;
                cursor.advance(self, memory, |node, index| {
                    Ok((node.key(memory, index)?.to_vec(), node.value(memory, index)?))
                })
            }
        }
    }

    /// The same; none if a node on the way has overflow pages.
    fn glance_at_neighbour<M: Memory>(
        &self,
        memory: &M,
        key: &[u8],
        inclusive: bool,
        direction: Direction,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Option<Entry>>, Fault> {
        let up = direction == Direction::Up;
        let mut best = None;
        let (mut address, mut depth) = (self.root(), 0);
        while address != 0 {
            check_depth(depth)?;
            depth += 1;
            let Some(glance) = Glance::load(memory, address, self.layout(), buffer)? else { return Ok(None) };
            // The child to go on with, and the entry after which nothing below it can come.
            let (child, entry) = match glance.search(key) {
                Ok(index) if inclusive => (None, Some(index)),
                Ok(index) if up => (Some(index + 1), Some(index + 1)),
                Ok(index) => (Some(index), index.checked_sub(1)),
                Err(index) => (Some(index), if up { Some(index) } else { index.checked_sub(1) }),
            };
            if let Some(index) = entry.filter(|index| *index < glance.len()) {
                let Some(value) = glance.value(index) else { return Ok(None) };
                best = Some((glance.key(index).to_vec(), value.to_vec()));
            }
            address = child.map_or(0, |child| glance.child(child));
        }
        Ok(Some(best))
    }
}
