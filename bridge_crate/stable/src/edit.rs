//! Changes of a node that stays within its initial page, made on its bytes.
//!
//! A [`Node`](crate::node::Node) takes all entries apart and puts them together again.  Most changes concern one
//! entry of a node without overflow pages and with room for it; there, what lies around the entry is moved as it
//! is.  The bytes that result are the same.

use crate::glance::Glance;
use crate::memory::{Fault, Memory};
use crate::node::CHAIN;
use alloc::vec::Vec;

/// What to do with the entry at an index.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit<'a> {
    /// Put one before it, in a leaf.
    Insert(&'a [u8], &'a [u8]),
    /// Give it another value.
    Replace(&'a [u8]),
    /// Remove it, in a leaf.
    Remove,
}

/// What an edit did.
pub(crate) struct Edited {
    /// The value that is no longer there; empty after an insertion.
    pub old: Vec<u8>,
    /// Whether other entries lie where they lay.
    pub in_place: bool,
}

/// Where a value lies in the page: its length, which comes before it, and its end.
struct Place {
    length_at: usize,
    end: usize,
}

impl Glance<'_> {
    /// Where the value at an index lies, which may be one behind the last; and the end of all values.  None if
    /// they are not all in the page.
    fn value_place(&self, index: usize) -> Option<(Place, usize)> {
        let mut at = self.values;
        let mut place = None;
        for number in 0..self.entries {
            let (start, length) = self.value_at(at)?;
            let end = start.checked_add(length).filter(|end| *end <= self.page.len())?;
            if number == index {
                place = Some(Place { length_at: at, end });
            }
            at = end;
        }
        Some((place.unwrap_or(Place { length_at: at, end: at }), at))
    }

    /// Makes a change at an index and writes the node, which lies at `address`.  None, with nothing changed, if
    /// the node has overflow pages or would need one.
    pub(crate) fn edit<M: Memory>(
        &self,
        memory: &mut M,
        address: u64,
        index: usize,
        edit: Edit<'_>,
    ) -> Result<Option<Edited>, Fault> {
        let Some((value, end)) = self.value_place(index) else { return Ok(None) };
        if self.page[CHAIN..CHAIN + 8] != [0; 8] {
            return Ok(None);
        }
        let old = self.page.get(value.length_at + 4..value.end).unwrap_or(&[]);
        if let Edit::Replace(new) = edit {
            if new.len() == old.len() {
                memory.write(address + value.length_at as u64 + 4, new)?;
                return Ok(Some(Edited { old: old.to_vec(), in_place: true }));
            }
        }
        // The key's place: the bytes from the length before it to its end.
        let sized = if self.layout.key.is_none() { 4 } else { 0 };
        let key_at = match self.keys[..self.entries].get(index) {
            Some((start, _)) => *start as usize - sized,
            None => self.values,
        };
        let key_end = match self.keys[..self.entries].get(index) {
            Some((start, length)) => *start as usize + *length as usize,
            None => self.values,
        };
        let mut page = Vec::with_capacity(self.layout.page as usize);
        let mut put = |bytes: &[u8]| page.extend_from_slice(bytes);
        let entries = match edit {
            Edit::Insert(key, new) => {
                put(&self.page[..key_at]);
                put(&(key.len() as u32).to_le_bytes()[..sized]);
                put(key);
                put(&self.page[key_at..value.length_at]);
                put(&(new.len() as u32).to_le_bytes());
                put(new);
                put(&self.page[value.length_at..end]);
                self.entries + 1
            }
            Edit::Replace(new) => {
                put(&self.page[..value.length_at]);
                put(&(new.len() as u32).to_le_bytes());
                put(new);
                put(&self.page[value.end..end]);
                self.entries
            }
            Edit::Remove => {
                put(&self.page[..key_at]);
                put(&self.page[key_end..value.length_at]);
                put(&self.page[value.end..end]);
                self.entries - 1
            }
        };
        if page.len() > self.layout.page as usize {
            return Ok(None);
        }
        page[5..7].copy_from_slice(&(entries as u16).to_le_bytes());
        memory.put(address, &page)?;
        let old = if matches!(edit, Edit::Insert(..)) { Vec::new() } else { old.to_vec() };
        Ok(Some(Edited { old, in_place: false }))
    }
}
