//! What is known of the nodes in stable memory.

use crate::extents::{Extents, Run};
use crate::stable::{key, number, META, ORPHAN};
use crate::volume::{Kind, Meta, LARGEST};
use alloc::vec::Vec;
use basilisk_stable::map::Place;
use basilisk_stable::memory::{Fault, Memory};

const VERSION: u8 = 1;
const META_SIZE: usize = 48;

/// A node that was used lately.
pub(crate) struct Known {
    node: u64,
    meta: Meta,
    /// Where the bytes lie, if that was asked for.
    place: Option<Place>,
}

fn pack(meta: &Meta) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(META_SIZE);
    bytes.extend_from_slice(&[meta.kind as u8, VERSION]);
    bytes.extend_from_slice(&meta.permissions.to_le_bytes());
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
        permissions: u16::from_le_bytes([bytes[2], bytes[3]]),
        links: number(bytes, 0).map(|word| (word >> 32) as u32)?,
        size: at(0).ok().filter(|size| *size <= LARGEST).ok_or(DAMAGED)?,
        parent: at(1)?,
        accessed: at(2)?,
        modified: at(3)?,
        changed: at(4)?,
    })
}

impl<T: Memory, B: Memory> Extents<'_, T, B> {
    /// What is known of a node.
    pub(crate) fn meta(&mut self, node: u64) -> Result<Meta, Fault> {
        if let Some(known) = self.state.nodes.find(|known| known.node == node) {
            return Ok(known.meta);
        }
        let bytes = self.state.map.get(self.tree, &key(META, node))?;
        let meta = unpack(&bytes.ok_or(Fault::Corrupt("a name in /stable leads to no file"))?)?;
        self.state.nodes.put(Known { node, meta, place: None });
        Ok(meta)
    }

    /// Notes what is known of a node.  Mostly that is one write to where it was noted before.
    pub(crate) fn set_meta(&mut self, node: u64, meta: &Meta) -> Result<(), Fault> {
        let mut place = None;
        if let Some(known) = self.state.nodes.find(|known| known.node == node) {
            if known.meta == *meta {
                return Ok(());
            }
            place = known.place;
        }
        let bytes = pack(meta);
        let mut written = false;
        if let Some(place) = place {
            written = self.state.map.write_at(self.tree, place, &bytes)?;
        }
        if !written {
            place = self.state.map.place(self.tree, &key(META, node))?;
            if let Some(place) = place {
                written = self.state.map.write_at(self.tree, place, &bytes)?;
            }
        }
        self.state.nodes.forget(|known| known.node == node);
        if !written {
            self.state.map.insert(self.tree, &key(META, node), bytes)?;
            place = None;
        }
        self.state.nodes.put(Known { node, meta: *meta, place });
        Ok(())
    }

    /// Adds a node without a name and without bytes; returns its number.
    pub(crate) fn create(&mut self, meta: &Meta) -> Result<u64, Fault> {
        let node = self.state.next_node;
        if let Some(old) = self.state.map.insert(self.tree, &key(META, node), pack(meta))? {
            self.state.map.insert(self.tree, &key(META, node), old)?;
            return Err(Fault::Corrupt("the number of a new file in /stable is taken"));
        }
        self.state.nodes.put(Known { node, meta: *meta, place: None });
        self.state.runs.put(Run::nothing(node));
        self.state.next_node += 1;
        self.save()?;
        Ok(node)
    }

    /// Removes a node that has no name any more, with its bytes.
    pub(crate) fn destroy(&mut self, node: u64, orphan: bool) -> Result<(), Fault> {
        self.state.nodes.forget(|known| known.node == node);
        self.cut(node, 0)?;
        self.state.runs.forget(|run| run.file == node);
        self.state.map.remove(self.tree, &key(META, node))?;
        if orphan {
            self.state.map.remove(self.tree, &key(ORPHAN, node))?;
        }
        Ok(())
    }
}
