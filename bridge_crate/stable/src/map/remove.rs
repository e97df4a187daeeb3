//! Removal: nodes with too few entries are mended on the way up.

use super::{check_depth, Map};
use crate::edit::Edit;
use crate::memory::{Fault, Memory};
use crate::node::{Entry, Node, CAPACITY, MINIMUM};
use alloc::vec::Vec;

const EMPTY: Fault = Fault::Corrupt("a node of a B-tree is empty");

impl Map {
    /// Removes a key and returns the value it had.
    pub fn remove<M: Memory>(&mut self, memory: &mut M, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut buffer = self.buffer.take();
        let removed = self.remove_in(memory, key, &mut buffer);
        self.buffer.give(buffer);
        removed
    }

    fn remove_in<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some((found, address, way)) = self.find(memory, key, buffer)? else { return Ok(None) };
        let least = if way.is_empty() { 1 } else { MINIMUM };
        if found.leaf && found.entries > least {
            if let Some(done) = self.edit(memory, address, &found, buffer, Edit::Remove)? {
                return self.removed(memory, done.old).map(Some);
            }
        }
        let node = self.node(memory, address)?;
        self.remove_at(memory, way, node, found.index).map(Some)
    }

    /// Notes that there is an entry less.
    fn removed<M: Memory>(&mut self, memory: &mut M, value: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.length = self.length.checked_sub(1).ok_or(Fault::Corrupt("the length of a map is wrong"))?;
        self.save(memory)?;
        Ok(value)
    }

    /// Removes the first or the last entry and returns it.
    pub fn pop<M: Memory>(&mut self, memory: &mut M, last: bool) -> Result<Option<Entry>, Fault> {
        if self.root == 0 {
            return Ok(None);
        }
        let mut way = Vec::new();
        let mut node = self.descend(memory, self.root, last, &mut way)?;
        let index = if last { node.len().saturating_sub(1) } else { 0 };
        if node.is_empty() {
            return Err(EMPTY);
        }
        let key = node.key(memory, index)?.to_vec();
        let value = self.remove_at(memory, way, node, index)?;
        Ok(Some((key, value)))
    }

    /// Goes down to the first or last leaf below an address, and adds the nodes above it to the way.
    fn descend<M: Memory>(
        &self,
        memory: &M,
        mut address: u64,
        last: bool,
        way: &mut Vec<(u64, usize)>,
    ) -> Result<Node, Fault> {
        loop {
            check_depth(way.len())?;
            let node = self.node(memory, address)?;
            let index = if last { node.children.len().saturating_sub(1) } else { 0 };
            let Some(&child) = node.children.get(index) else { return Ok(node) };
            way.push((address, index));
            address = child;
        }
    }

    /// Removes an entry of a node; `way` leads from the root to the node.
    fn remove_at<M: Memory>(
        &mut self,
        memory: &mut M,
        mut way: Vec<(u64, usize)>,
        mut node: Node,
        index: usize,
    ) -> Result<Vec<u8>, Fault> {
        let removed;
        if node.is_leaf() {
            removed = node.remove(memory, index)?.1;
        } else {
            // The greatest entry below takes the place of the removed one.
            let mut holder = node;
            way.push((holder.address, index));
            node = self.descend(memory, holder.child(index)?, true, &mut way)?;
            let last = node.len().checked_sub(1).ok_or(EMPTY)?;
            let entry = node.remove(memory, last)?;
            removed = holder.swap(memory, index, entry)?.1;
            holder.save(memory, &mut self.allocator)?;
        }
        self.balance(memory, way, node)?;
        self.removed(memory, removed)
    }

    /// Saves a node that lost an entry, and mends it and the nodes above it that have too few.
    fn balance<M: Memory>(
        &mut self,
        memory: &mut M,
        mut way: Vec<(u64, usize)>,
        mut node: Node,
    ) -> Result<(), Fault> {
        while node.len() < MINIMUM {
            let Some((above, index)) = way.pop() else {
                return self.save_root(memory, node);
            };
            let mut parent = self.node(memory, above)?;
            let sibling = self.node(memory, parent.child(if index > 0 { index - 1 } else { 1 })?)?;
            if sibling.is_leaf() != node.is_leaf() {
                return Err(Fault::Corrupt("a B-tree has leaves at different heights"));
            }
            if index > 0 {
                let mut left = sibling;
                if left.len() > MINIMUM {
                    let last = left.len() - 1;
                    let moved = left.remove(memory, last)?;
                    let between = parent.swap(memory, index - 1, moved)?;
                    node.insert(memory, 0, between)?;
                    if let Some(child) = left.children.pop() {
                        node.children.insert(0, child);
                    }
                    return self.save_all(memory, [left, node, parent]);
                }
                let between = parent.remove(memory, index - 1)?;
                parent.children.remove(index);
                self.merge(memory, left, between, node)?;
            } else {
                let mut right = sibling;
                if right.len() > MINIMUM {
                    let moved = right.remove(memory, 0)?;
                    let between = parent.swap(memory, 0, moved)?;
                    let end = node.len();
                    node.insert(memory, end, between)?;
                    if !right.children.is_empty() {
                        node.children.push(right.children.remove(0));
                    }
                    return self.save_all(memory, [right, node, parent]);
                }
                let between = parent.remove(memory, 0)?;
                parent.children.remove(1);
                self.merge(memory, node, between, right)?;
            }
            node = parent;
        }
        node.save(memory, &mut self.allocator)
    }

    /// Joins two neighbours and the entry between them in the left one.
    fn merge<M: Memory>(
        &mut self,
        memory: &mut M,
        mut left: Node,
        between: Entry,
        mut right: Node,
    ) -> Result<(), Fault> {
        if left.len() + right.len() >= CAPACITY {
            return Err(Fault::Corrupt("neighbours in a B-tree cannot be joined"));
        }
        left.append(memory, between, &mut right)?;
        right.free(memory, &mut self.allocator)?;
        left.save(memory, &mut self.allocator)
    }

    /// Saves a root; one without entries gives way to its only child or to nothing.
    fn save_root<M: Memory>(&mut self, memory: &mut M, root: Node) -> Result<(), Fault> {
        if !root.is_empty() {
            return root.save(memory, &mut self.allocator);
        }
        self.root = root.children.first().copied().unwrap_or(0);
        root.free(memory, &mut self.allocator)
    }
}
