//! One value.
//!
//! | at | bytes | holds |
//! |--:|--:|---|
//! | 0 | 3 | `SCL` |
//! | 3 | 1 | version, 1 |
//! | 4 | 4 | length of the value |
//! | 8 | | the value |

use crate::fields::u32_at;
use crate::memory::{Fault, Memory};
use alloc::vec::Vec;

/// First bytes of a cell's memory.
pub const MAGIC: &[u8; 3] = b"SCL";
const VERSION: u8 = 1;
const HEADER: u64 = 8;

/// The value of a cell; none in an empty memory.
pub fn get<M: Memory>(memory: &M) -> Result<Option<Vec<u8>>, Fault> {
    if memory.size() == 0 {
        return Ok(None);
    }
    let header: [u8; HEADER as usize] = memory.bytes(0)?;
    if &header[..3] != MAGIC || header[3] != VERSION {
        return Err(Fault::Foreign("the memory holds no cell".into()));
    }
    let length = u32_at(&header, 4);
    if HEADER + u64::from(length) > memory.size() {
        return Err(Fault::Corrupt("the value of a cell is longer than its memory"));
    }
    let mut value = alloc::vec![0; length as usize];
    memory.read(HEADER, &mut value)?;
    Ok(Some(value))
}

/// Sets the value of a cell.
pub fn set<M: Memory>(memory: &mut M, value: &[u8]) -> Result<(), Fault> {
    let length =
        u32::try_from(value.len()).map_err(|_| Fault::Foreign("a cell holds at most 4 GiB".into()))?;
    let mut bytes = Vec::with_capacity(value.len() + HEADER as usize);
    bytes.extend_from_slice(MAGIC);
    bytes.push(VERSION);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(value);
    memory.put(0, &bytes)
}
