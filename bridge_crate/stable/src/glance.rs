//! A node as a search sees it: one read of its initial page, and nothing copied out of that.
//!
//! Most nodes fit their initial page.  Of one that does not, a [`Glance`] says so by being none, and the whole
//! [`Node`](crate::node::Node) is loaded instead.

use crate::fields::{u16_at, u32_at, u64_at};
use crate::memory::{Fault, Memory};
use crate::node::{Layout, CAPACITY, HEADER_2, MAGIC};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// The keys of a node of version 2, all within its initial page.
pub struct Glance<'a> {
    pub(crate) page: &'a [u8],
    pub(crate) layout: Layout,
    /// First byte and length of each key.
    pub(crate) keys: [(u32, u32); CAPACITY],
    pub(crate) entries: usize,
    /// Where the values begin.
    pub(crate) values: usize,
}

impl<'a> Glance<'a> {
    /// Reads the initial page into `buffer` and finds the keys; none if they are not all there.
    pub fn load<M: Memory>(
        memory: &M,
        address: u64,
        layout: Layout,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<Glance<'a>>, Fault> {
        let available = memory.size().saturating_sub(address).min(u64::from(layout.page)) as usize;
        if available < HEADER_2 {
            return Ok(None);
        }
        if buffer.len() < available {
            buffer.resize(available, 0);
        }
        memory.read(address, &mut buffer[..available])?;
        Ok(Glance::of(&buffer[..available], layout))
    }

    /// The same of a page that was read before: `page` has as many bytes as there are in the memory.
    pub(crate) fn of(page: &'a [u8], layout: Layout) -> Option<Glance<'a>> {
        if page.len() < HEADER_2 {
            return None;
        }
        let entries = usize::from(u16_at(page, 5));
        if &page[..3] != MAGIC || page[3] != 2 || page[4] > 1 || entries > CAPACITY {
            return None;
        }
        let mut at = HEADER_2 + if page[4] == 1 { 8 * (entries + 1) } else { 0 };
        let mut keys = [(0, 0); CAPACITY];
        for place in &mut keys[..entries] {
            let length = match layout.key {
                Some(length) => length,
                None if at + 4 <= page.len() => {
                    at += 4;
                    u32_at(page, at - 4)
                }
                None => return None,
            };
            *place = (at as u32, length);
            at = at.checked_add(length as usize)?;
            if at > page.len() {
                return None;
            }
        }
        (at <= page.len()).then_some(Glance { page, layout, keys, entries, values: at })
    }

    /// Whether no entry may be added.
    pub fn is_full(&self) -> bool {
        self.entries >= CAPACITY
    }

    /// Whether it has no children.
    pub fn is_leaf(&self) -> bool {
        self.page[4] == 0
    }

    /// The address of a child, of which there is one more than entries; 0 in a leaf.
    pub fn child(&self, index: usize) -> u64 {
        if self.is_leaf() {
            0
        } else {
            u64_at(self.page, HEADER_2 + 8 * index)
        }
    }

    /// Looks for a key: its index, or the index where it belongs.
    pub fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low.midpoint(high);
            match self.layout.order.compare(self.key(middle), key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// The bytes of a key.
    pub fn key(&self, index: usize) -> &'a [u8] {
        let (start, length) = self.keys[index];
        &self.page[start as usize..][..length as usize]
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// First byte and length of the value whose length lies at `at`.
    pub(crate) fn value_at(&self, at: usize) -> Option<(usize, usize)> {
        let length = self.page.get(at..at.checked_add(4)?)?;
        Some((at + 4, u32_at(length, 0) as usize))
    }

    /// First byte and length of a value; none if it is not within the initial page.
    pub(crate) fn value_range(&self, index: usize) -> Option<(usize, usize)> {
        let mut at = self.values;
        for _ in 0..index {
            let (start, length) = self.value_at(at)?;
            at = start.checked_add(length)?;
        }
        let (start, length) = self.value_at(at)?;
        (start.checked_add(length)? <= self.page.len()).then_some((start, length))
    }

    /// The bytes of a value; none if they are not all within the initial page.
    pub fn value(&self, index: usize) -> Option<&'a [u8]> {
        let (start, length) = self.value_range(index)?;
        Some(&self.page[start..start + length])
    }
}
