//! Entries that are only appended, in two memories.
//!
//! | index, at | bytes | holds | | data, at | bytes | holds |
//! |--:|--:|---|---|--:|--:|---|
//! | 0 | 3 | `GLI` | | 0 | 3 | `GLD` |
//! | 3 | 1 | version, 1 | | 3 | 1 | version, 1 |
//! | 4 | 28 | reserved | | 4 | 28 | reserved |
//! | 32 | 8 | number of entries | | 32 | | the entries' bytes, one after the other |
//! | 40 | 8 each | where each entry ends | | | | |

use crate::memory::{Fault, Memory};
use alloc::vec::Vec;

/// First bytes of the index.
pub const INDEX_MAGIC: &[u8; 3] = b"GLI";
/// First bytes of the data.
pub const DATA_MAGIC: &[u8; 3] = b"GLD";
const VERSION: u8 = 1;
const HEADER: u64 = 32;
const ENDS: u64 = 40;

/// Two memories, lent one at a time because both may be regions of one memory.
pub trait Pair {
    /// What is lent.
    type Lent<'a>: Memory
    where
        Self: 'a;

    /// The memory that tells where entries end.
    fn index(&mut self) -> Self::Lent<'_>;

    /// The memory of the entries.
    fn data(&mut self) -> Self::Lent<'_>;
}

/// A log of encoded entries.
#[derive(Debug)]
pub struct Log {
    length: u64,
    end: u64,
}

/// Whether a memory has the header of its part; false if it is empty.
fn has_header<M: Memory>(memory: &M, magic: &[u8; 3]) -> Result<bool, Fault> {
    if memory.size() == 0 {
        return Ok(false);
    }
    let header: [u8; 4] = memory.bytes(0)?;
    if &header[..3] == magic && header[3] == VERSION {
        Ok(true)
    } else {
        Err(Fault::Foreign("the memory holds no part of a log".into()))
    }
}

fn put_header<M: Memory>(memory: &mut M, magic: &[u8; 3], length: u64) -> Result<(), Fault> {
    let mut header = alloc::vec![0; length as usize];
    header[..3].copy_from_slice(magic);
    header[3] = VERSION;
    memory.put(0, &header)
}

impl Log {
    /// Opens the log of two memories, or makes one in two empty memories.
    pub fn open<P: Pair>(memories: &mut P) -> Result<Log, Fault> {
        let index = has_header(&memories.index(), INDEX_MAGIC)?;
        let data = has_header(&memories.data(), DATA_MAGIC)?;
        match (index, data) {
            (true, true) => {
                let (length, end) = {
                    let memory = memories.index();
                    let length = memory.number(HEADER)?;
                    if length > memory.size() / 8 {
                        return Err(Fault::Corrupt("the index of a log is longer than its memory"));
                    }
                    (length, if length == 0 { 0 } else { memory.number(ENDS + 8 * (length - 1))? })
                };
                if end > memories.data().size() {
                    return Err(Fault::Corrupt("a log is longer than its memory"));
                }
                Ok(Log { length, end })
            }
            (false, false) => {
                put_header(&mut memories.data(), DATA_MAGIC, HEADER)?;
                put_header(&mut memories.index(), INDEX_MAGIC, ENDS)?;
                Ok(Log { length: 0, end: 0 })
            }
            _ => Err(Fault::Foreign(
                "one of the two memories holds part of a log, the other one nothing".into(),
            )),
        }
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes of all entries.
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// An entry; none beyond the end.
    pub fn get<P: Pair>(&self, memories: &mut P, number: u64) -> Result<Option<Vec<u8>>, Fault> {
        if number >= self.length {
            return Ok(None);
        }
        let (start, end) = {
            let index = memories.index();
            let start = if number == 0 { 0 } else { index.number(ENDS + 8 * (number - 1))? };
            (start, index.number(ENDS + 8 * number)?)
        };
        if end < start || end > self.end {
            return Err(Fault::Corrupt("the index of a log is not in order"));
        }
        let length = usize::try_from(end - start).map_err(|_| Fault::Corrupt("an entry of a log is too long"))?;
        let mut entry = alloc::vec![0; length];
        memories.data().read(HEADER + start, &mut entry)?;
        Ok(Some(entry))
    }

    /// Appends an entry and returns its number.
    pub fn append<P: Pair>(&mut self, memories: &mut P, entry: &[u8]) -> Result<u64, Fault> {
        let (number, end) = (self.length, self.end + entry.len() as u64);
        memories.data().put(HEADER + self.end, entry)?;
        let mut index = memories.index();
        index.put(ENDS + 8 * number, &end.to_le_bytes())?;
        index.write(HEADER, &(number + 1).to_le_bytes())?;
        (self.length, self.end) = (number + 1, end);
        Ok(number)
    }
}
