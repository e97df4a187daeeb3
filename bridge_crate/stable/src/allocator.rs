//! Chunks of one size in a memory.
//!
//! Free chunks form a list; its last member is the room behind all chunks.
//!
//! | header, at | bytes | holds | | chunk, at | bytes | holds |
//! |--:|--:|---|---|--:|--:|---|
//! | 0 | 3 | `BTA` | | 0 | 3 | `CHK` |
//! | 3 | 1 | version, 1 | | 3 | 1 | version, 1 |
//! | 4 | 4 | reserved | | 4 | 1 | 1 if in use |
//! | 8 | 8 | size of a chunk | | 5 | 3 | reserved |
//! | 16 | 8 | chunks in use | | 8 | 8 | next free chunk, 0 for none |
//! | 24 | 8 | first free chunk | | 16 | | content |
//! | 32 | 16 | reserved | | | | |

use crate::fields::{set_u64, u64_at};
use crate::memory::{Fault, Memory};

const MAGIC: &[u8; 3] = b"BTA";
const CHUNK_MAGIC: &[u8; 3] = b"CHK";
const VERSION: u8 = 1;
const CHUNK_HEADER: u64 = 16;

/// Bytes of the allocator's header.
pub const HEADER: usize = 48;

/// State of an allocator; who owns it writes it back with [`Allocator::header`].
#[derive(Debug)]
pub struct Allocator {
    chunk: u64,
    used: u64,
    free: u64,
}

impl Allocator {
    /// An allocator whose header lies at `at`, with everything behind it free.
    pub fn create<M: Memory>(memory: &mut M, at: u64, chunk: u64) -> Result<Allocator, Fault> {
        let allocator = Allocator { chunk, used: 0, free: at + HEADER as u64 };
        memory.put(at, &allocator.header())?;
        put_chunk(memory, allocator.free, false, 0)?;
        Ok(allocator)
    }

    /// The allocator of chunks of that size whose header this is.
    pub fn load(header: &[u8; HEADER], chunk: u64) -> Result<Allocator, Fault> {
        if &header[..3] != MAGIC || header[3] != VERSION || u64_at(header, 8) != chunk {
            return Err(Fault::Corrupt("the allocator of a B-tree has no header"));
        }
        Ok(Allocator { chunk, used: u64_at(header, 16), free: u64_at(header, 24) })
    }

    /// The header to be written back.
    pub fn header(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..3].copy_from_slice(MAGIC);
        header[3] = VERSION;
        set_u64(&mut header, 8, self.chunk);
        set_u64(&mut header, 16, self.used);
        set_u64(&mut header, 24, self.free);
        header
    }

    /// Number of chunks in use.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Takes a chunk and returns the address of its content.
    pub fn allocate<M: Memory>(&mut self, memory: &mut M) -> Result<u64, Fault> {
        let address = self.free;
        let next = free_chunk(memory, address)?;
        if next == 0 {
            let behind = address + CHUNK_HEADER + self.chunk;
            put_chunk(memory, behind, false, 0)?;
            self.free = behind;
        } else {
            self.free = next;
        }
        put_chunk(memory, address, true, next)?;
        self.used = self.used.saturating_add(1);
        Ok(address + CHUNK_HEADER)
    }

    /// Gives a chunk back.
    pub fn free<M: Memory>(&mut self, memory: &mut M, content: u64) -> Result<(), Fault> {
        let address = content.checked_sub(CHUNK_HEADER).ok_or(Fault::Corrupt("a chunk has no header"))?;
        put_chunk(memory, address, false, self.free)?;
        self.free = address;
        self.used =
            self.used.checked_sub(1).ok_or(Fault::Corrupt("more chunks are freed than were in use"))?;
        Ok(())
    }
}

fn put_chunk<M: Memory>(memory: &mut M, at: u64, used: bool, next: u64) -> Result<(), Fault> {
    let mut header = [0; CHUNK_HEADER as usize];
    header[..3].copy_from_slice(CHUNK_MAGIC);
    header[3] = VERSION;
    header[4] = u8::from(used);
    set_u64(&mut header, 8, next);
    memory.put(at, &header)
}

/// The chunk after a free one.
fn free_chunk<M: Memory>(memory: &M, at: u64) -> Result<u64, Fault> {
    let header: [u8; CHUNK_HEADER as usize] = memory.bytes(at)?;
    if &header[..3] != CHUNK_MAGIC || header[3] != VERSION || header[4] != 0 {
        return Err(Fault::Corrupt("the list of free chunks leads to a chunk in use"));
    }
    Ok(u64_at(&header, 8))
}
