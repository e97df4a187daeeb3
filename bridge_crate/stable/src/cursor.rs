//! Going through a map in either direction.
//!
//! A cursor holds the way from the root to its place, a few nodes.  It stays valid as long as the map does not
//! change ([`Map::changes`](crate::map::Map::changes)); after that, place a new one behind the last key.

use crate::map::{check_depth, Map};
use crate::memory::{Fault, Memory};
use crate::node::Node;
use alloc::vec::Vec;
use core::ops::Bound;

/// Where to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To greater keys.
    Up,
    /// To smaller keys.
    Down,
}

/// A place between two entries of a map.
#[derive(Debug)]
pub struct Cursor {
    way: Vec<(Node, usize)>,
    direction: Direction,
}

impl Cursor {
    /// A cursor from which the first entry within the bound is the next one.
    pub fn place<M: Memory>(
        map: &Map,
        memory: &M,
        bound: Bound<&[u8]>,
        direction: Direction,
    ) -> Result<Cursor, Fault> {
        let mut cursor = Cursor { way: Vec::new(), direction };
        let mut address = map.root();
        while address != 0 {
            check_depth(cursor.way.len())?;
            let mut node = map.node(memory, address)?;
            let (key, inclusive) = match bound {
                Bound::Unbounded => {
                    cursor.enter(map, memory, address)?;
                    break;
                }
                Bound::Included(key) => (key, true),
                Bound::Excluded(key) => (key, false),
            };
            let found = node.search(memory, key)?;
            let index = match found {
                // Of two neighbours the upper one has the greater index.
                Ok(index) if inclusive == (direction == Direction::Up) => index,
                Ok(index) => index + 1,
                Err(index) => index,
            };
            let here = found.is_ok() && inclusive;
            address = if here { 0 } else { node.children.get(index).copied().unwrap_or(0) };
            cursor.way.push((node, index));
        }
        Ok(cursor)
    }

    /// Goes down to the outermost leaf below an address.
    fn enter<M: Memory>(&mut self, map: &Map, memory: &M, mut address: u64) -> Result<(), Fault> {
        while address != 0 {
            check_depth(self.way.len())?;
            let node = map.node(memory, address)?;
            let index = match self.direction {
                Direction::Up => 0,
                Direction::Down => node.len(),
            };
            address = node.children.get(index).copied().unwrap_or(0);
            self.way.push((node, index));
        }
        Ok(())
    }

    /// The next entry: `take` is given its node and index.
    pub fn advance<M: Memory, T>(
        &mut self,
        map: &Map,
        memory: &M,
        take: impl FnOnce(&mut Node, usize) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        while let Some((node, place)) = self.way.last_mut() {
            let index = match self.direction {
                Direction::Up if *place < node.len() => *place,
                Direction::Down if *place > 0 => *place - 1,
                _ => {
                    self.way.pop();
                    continue;
                }
            };
            let taken = take(node, index)?;
            let child;
            match self.direction {
                Direction::Up => {
                    *place = index + 1;
                    child = node.children.get(index + 1).copied();
                }
                Direction::Down => {
                    *place = index;
                    child = node.children.get(index).copied();
                }
            }
            if let Some(child) = child {
                self.enter(map, memory, child)?;
            }
            return Ok(Some(taken));
        }
        Ok(None)
    }
}
