//! Up to 255 memories in one.
//!
//! The first page tells which bucket belongs to which memory; buckets are runs of pages that follow it.
//!
//! | at | bytes | holds |
//! |--:|--:|---|
//! | 0 | 3 | `MGR` |
//! | 3 | 1 | version, 1 |
//! | 4 | 2 | number of buckets in use |
//! | 6 | 2 | pages of a bucket |
//! | 8 | 32 | reserved |
//! | 40 | 255 × 8 | pages of each memory |
//! | 2,080 | 32,768 | for each bucket the memory that owns it, 255 for none |

use crate::fields::{set_u64, u16_at, u64_at};
use crate::memory::{check_range, Fault, Memory, PAGE};
use alloc::string::String;
use alloc::vec::Vec;

const MAGIC: &[u8; 3] = b"MGR";
const VERSION: u8 = 1;
const SIZES: usize = 40;
const HEADER: usize = SIZES + 8 * MEMORIES;
const BUCKETS: usize = 32_768;
const UNUSED: u8 = 255;

/// Number of memories; ids go from 0 to 254.
pub const MEMORIES: usize = 255;
/// Pages of a bucket in a new manager: 8 MiB.
pub const BUCKET_PAGES: u16 = 128;

/// Bytes that all memories may have together.
pub const fn most(bucket_pages: u16) -> u64 {
    BUCKETS as u64 * bucket_pages as u64 * PAGE
}

/// Which parts of a memory belong to which of its 255 memories.
pub struct Manager {
    bucket_pages: u16,
    used: u16,
    sizes: Vec<u64>,
    buckets: Vec<Vec<u16>>,
}

/// What the first bytes of a memory tell about its owner.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Owner {
    /// Its first page was never written.
    Nobody,
    /// A manager.
    Manager,
    /// Something else.
    Other,
}

/// Looks who owns a memory.
pub fn owner<M: Memory>(memory: &M) -> Result<Owner, Fault> {
    if memory.size() == 0 {
        return Ok(Owner::Nobody);
    }
    let head: [u8; 3] = memory.bytes(0)?;
    if &head == MAGIC {
        return Ok(Owner::Manager);
    }
    let mut page = alloc::vec![0; PAGE as usize];
    memory.read(0, &mut page)?;
    Ok(if page.iter().all(|byte| *byte == 0) {
        Owner::Nobody
    } else {
        Owner::Other
    })
}

impl Manager {
    /// Loads the manager of a memory, or makes one in a memory that nobody owns.
    ///
    /// A memory that begins with anything else is left alone: [`Fault::Foreign`].
    pub fn open<M: Memory>(memory: &mut M, bucket_pages: u16) -> Result<Manager, Fault> {
        match owner(memory)? {
            Owner::Manager => Manager::load(memory),
            Owner::Nobody => Manager::create(memory, bucket_pages),
            Owner::Other => Err(Fault::Foreign(String::from(
                "the stable memory holds data that were written byte by byte, so there is no room for stable \
                 structures; a canister may use one of the two ways",
            ))),
        }
    }

    fn create<M: Memory>(memory: &mut M, bucket_pages: u16) -> Result<Manager, Fault> {
        let manager = Manager {
            bucket_pages,
            used: 0,
            sizes: alloc::vec![0; MEMORIES],
            buckets: alloc::vec![Vec::new(); MEMORIES],
        };
        let mut page = manager.header();
        page.resize(HEADER + BUCKETS, UNUSED);
        memory.put(0, &page)?;
        Ok(manager)
    }

    fn load<M: Memory>(memory: &M) -> Result<Manager, Fault> {
        let mut header = alloc::vec![0; HEADER];
        memory.read(0, &mut header)?;
        if header[3] != VERSION {
            return Err(Fault::Foreign(alloc::format!(
                "the memory manager in stable memory has version {}, this one knows {VERSION}",
                header[3]
            )));
        }
        let (used, bucket_pages) = (u16_at(&header, 4), u16_at(&header, 6));
        if usize::from(used) > BUCKETS || bucket_pages == 0 {
            return Err(Fault::Corrupt("the memory manager's header contradicts itself"));
        }
        let mut owners = alloc::vec![0; usize::from(used)];
        memory.read(HEADER as u64, &mut owners)?;
        let mut buckets = alloc::vec![Vec::new(); MEMORIES];
        for (bucket, &owner) in owners.iter().enumerate() {
            if owner != UNUSED {
                buckets[usize::from(owner)].push(bucket as u16);
            }
        }
        let sizes: Vec<u64> = (0..MEMORIES).map(|id| u64_at(&header, SIZES + 8 * id)).collect();
        let manager = Manager { bucket_pages, used, sizes, buckets };
        let room = |buckets: &Vec<u16>| buckets.len() as u64 * u64::from(bucket_pages);
        if manager.sizes.iter().zip(&manager.buckets).any(|(&size, buckets)| size > room(buckets)) {
            return Err(Fault::Corrupt("a memory has fewer buckets than its size needs"));
        }
        if manager.end(used.into()) > memory.size() {
            return Err(Fault::Corrupt("the memory ends before its last bucket"));
        }
        Ok(manager)
    }

    fn header(&self) -> Vec<u8> {
        let mut header = alloc::vec![0; HEADER];
        header[..3].copy_from_slice(MAGIC);
        header[3] = VERSION;
        header[4..6].copy_from_slice(&self.used.to_le_bytes());
        header[6..8].copy_from_slice(&self.bucket_pages.to_le_bytes());
        for (id, &size) in self.sizes.iter().enumerate() {
            set_u64(&mut header, SIZES + 8 * id, size);
        }
        header
    }

    /// The first byte behind so many buckets.
    fn end(&self, buckets: u64) -> u64 {
        (1 + buckets * u64::from(self.bucket_pages)) * PAGE
    }

    /// Pages of a memory.
    pub fn pages(&self, id: u8) -> u64 {
        self.sizes[usize::from(id)]
    }

    /// One of the memories, within the memory that the manager was opened on.
    pub fn memory<'a, M: Memory>(&'a mut self, base: &'a mut M, id: u8) -> Region<'a, M> {
        Region { manager: self, base, id }
    }

    /// Bytes that a memory may have if no other one grows.
    fn most<M: Memory>(&self, base: &M, id: u8) -> u64 {
        let length = u64::from(self.bucket_pages) * PAGE;
        let room = base.most().saturating_sub(self.end(self.used.into())) / length;
        let left = room.min(BUCKETS as u64 - u64::from(self.used));
        (self.buckets[usize::from(id)].len() as u64 + left) * length
    }

    fn grow<M: Memory>(&mut self, base: &mut M, id: u8, pages: u64) -> Result<(), Fault> {
        let index = usize::from(id);
        let size = self.sizes[index].checked_add(pages).ok_or(Fault::Full { pages })?;
        let wanted = size.div_ceil(u64::from(self.bucket_pages));
        let more = wanted.saturating_sub(self.buckets[index].len() as u64);
        let used = u64::from(self.used) + more;
        if used > BUCKETS as u64 {
            return Err(Fault::Full { pages });
        }
        base.reserve(self.end(used))?;
        if more > 0 {
            base.write((HEADER + usize::from(self.used)) as u64, &alloc::vec![id; more as usize])?;
            self.buckets[index].extend(self.used..used as u16);
            self.used = used as u16;
            base.write(4, &self.used.to_le_bytes())?;
        }
        self.sizes[index] = size;
        base.write((SIZES + 8 * index) as u64, &size.to_le_bytes())
    }

    /// Where a byte of a memory lies, and how many bytes follow it in its bucket.
    fn locate(&self, id: u8, offset: u64) -> Result<(u64, u64), Fault> {
        let length = u64::from(self.bucket_pages) * PAGE;
        let (bucket, within) = if length.is_power_of_two() {
            (offset >> length.trailing_zeros(), offset & (length - 1))
        } else {
            (offset / length, offset % length)
        };
        let number = self.buckets[usize::from(id)]
            .get(bucket as usize)
            .ok_or(Fault::Corrupt("a memory has fewer buckets than its size needs"))?;
        Ok((PAGE + u64::from(*number) * length + within, length - within))
    }
}

/// One memory of a manager.
pub struct Region<'a, M> {
    manager: &'a mut Manager,
    base: &'a mut M,
    id: u8,
}

impl<M: Memory> Memory for Region<'_, M> {
    fn size(&self) -> u64 {
        self.manager.pages(self.id) * PAGE
    }

    fn most(&self) -> u64 {
        self.manager.most(self.base, self.id)
    }

    fn grow(&mut self, pages: u64) -> Result<(), Fault> {
        self.manager.grow(self.base, self.id, pages)
    }

    fn read(&self, mut offset: u64, into: &mut [u8]) -> Result<(), Fault> {
        check_range(self.size(), offset, into.len())?;
        let mut rest = into;
        while !rest.is_empty() {
            let (address, available) = self.manager.locate(self.id, offset)?;
            let length = available.min(rest.len() as u64);
            let (now, later) = rest.split_at_mut(length as usize);
            self.base.read(address, now)?;
            (rest, offset) = (later, offset + length);
        }
        Ok(())
    }

    fn write(&mut self, mut offset: u64, data: &[u8]) -> Result<(), Fault> {
        check_range(self.size(), offset, data.len())?;
        let mut rest = data;
        while !rest.is_empty() {
            let (address, available) = self.manager.locate(self.id, offset)?;
            let length = available.min(rest.len() as u64);
            let (now, later) = rest.split_at(length as usize);
            self.base.write(address, now)?;
            (rest, offset) = (later, offset + length);
        }
        Ok(())
    }
}
