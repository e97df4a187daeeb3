//! Insertion: full nodes are split on the way down.

use super::{check_depth, Map};
use crate::edit::Edit;
use crate::memory::{Fault, Memory};
use crate::node::Node;
use alloc::vec::Vec;

impl Map {
    /// Sets the value of a key and returns the one it had.
    pub fn insert<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        value: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut buffer = self.buffer.take();
        let old = self.insert_in(memory, key, value, &mut buffer);
        self.buffer.give(buffer);
        old
    }

    fn insert_in<M: Memory>(
        &mut self,
        memory: &mut M,
        key: &[u8],
        value: Vec<u8>,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut depth = 0;
        let mut split = false;
        // The node above `address` and the index that led down; none above the root.
        let mut above: Option<(u64, usize)> = None;
        let mut address = self.root;
        if address == 0 {
            address = self.allocator.allocate(memory)?;
            self.root = address;
            Node::create(address, self.layout).save(memory, &mut self.allocator)?;
        }
        loop {
            let found = self.search(memory, address, key, buffer)?;
            if found.here {
                if let Some(done) = self.edit(memory, address, &found, buffer, Edit::Replace(&value))? {
                    self.changes += 1;
                    self.moves += u64::from(!done.in_place);
                    return Ok(Some(done.old));
                }
                let mut node = self.node(memory, address)?;
                let old = node.replace(memory, found.index, value)?;
                node.save(memory, &mut self.allocator)?;
                self.save(memory)?;
                return Ok(Some(old));
            }
            if found.full && !split {
                // The middle entry goes up: look again above where the key belongs.  The node above may be
                // full now, but what is below it is not.
                address = self.split(memory, above, address)?;
                split = true;
                continue;
            }
            split = false;
            if found.leaf {
                let edit = Edit::Insert(key, &value);
                if self.edit(memory, address, &found, buffer, edit)?.is_none() {
                    let mut node = self.node(memory, address)?;
                    node.insert(memory, found.index, (key.to_vec(), value))?;
                    node.save(memory, &mut self.allocator)?;
                }
                self.length = self.length.saturating_add(1);
                self.save(memory)?;
                return Ok(None);
            }
            check_depth(depth)?;
            depth += 1;
            above = Some((address, found.index));
            address = found.child;
        }
    }

    /// Splits a full node: its upper half becomes its right sibling.  Returns the node above, which is a new
    /// root if there was none.
    fn split<M: Memory>(
        &mut self,
        memory: &mut M,
        above: Option<(u64, usize)>,
        address: u64,
    ) -> Result<u64, Fault> {
        let (mut parent, index) = match above {
            Some((above, index)) => (self.node(memory, above)?, index),
            None => {
                let mut parent = Node::create(self.allocator.allocate(memory)?, self.layout);
                parent.children.push(address);
                self.root = parent.address;
                (parent, 0)
            }
        };
        let mut child = self.node(memory, address)?;
        let mut sibling = Node::create(self.allocator.allocate(memory)?, self.layout);
        let middle = child.split(memory, &mut sibling)?;
        parent.insert(memory, index, middle)?;
        parent.children.insert(index + 1, sibling.address);
        let found = parent.address;
        self.save_all(memory, [sibling, child, parent])?;
        Ok(found)
    }
}
