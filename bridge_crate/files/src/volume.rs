//! What the file system needs of a place that holds files: nodes with numbers, names in directories, bytes.
//!
//! A volume does as it is told: it is [`crate::system`] that checks what may be done and that keeps counts of
//! links and times.  So every volume behaves alike.

use crate::errno::Result;
use alloc::vec::Vec;

/// The number of a volume's root directory.
pub const ROOT: u64 = 1;

/// Bytes that a file may have: 1 TiB.
pub const LARGEST: u64 = 1 << 40;

/// Says that permissions were set.
pub const SET: u16 = 0x8000;

/// The kinds of nodes; the numbers are WASI's file types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A directory.
    Directory = 3,
    /// A file.
    File = 4,
    /// A symbolic link; its bytes are the path it stands for.
    Link = 7,
}

impl Kind {
    /// The kind with that number.
    pub fn of(number: u8) -> Option<Kind> {
        [Kind::Directory, Kind::File, Kind::Link].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// What is known of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub kind: Kind,
    /// Number of names; for a directory 2 and one for each directory in it.  0 once it was removed.
    pub links: u32,
    /// Permissions as the program gave them, with [`SET`]; 0 if it did not.  They are kept, and forbid nothing.
    pub permissions: u16,
    /// Bytes.
    pub size: u64,
    /// The directory above a directory, within its volume.
    pub parent: u64,
    /// Time of last access as set by the program; reading does not change it.  Nanoseconds since 1970.
    pub accessed: u64,
    /// Time of the last change of the content.
    pub modified: u64,
    /// Time of the last change of anything.
    pub changed: u64,
}

impl Meta {
    /// The permissions that are shown.
    pub fn mode(&self) -> u16 {
        match (self.permissions, self.kind) {
            (0, Kind::Directory) => 0o755,
            (0, Kind::File) => 0o644,
            (0, Kind::Link) => 0o777,
            (permissions, _) => permissions & !SET,
        }
    }

    /// A new node.
    pub fn new(kind: Kind, parent: u64, now: u64) -> Meta {
        let links = if kind == Kind::Directory { 2 } else { 1 };
        Meta { kind, links, permissions: 0, size: 0, parent, accessed: now, modified: now, changed: now }
    }
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: Vec<u8>,
    /// What it names.
    pub node: u64,
    /// Its kind.
    pub kind: Kind,
}

/// How much a volume may hold, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What is used and what is free.
    pub total: u64,
    /// What is free.
    pub free: u64,
}

/// A place that holds files.
pub trait Volume {
    /// Whether nothing can be changed.
    fn read_only(&self) -> bool;

    /// How much it may hold.
    fn space(&mut self) -> Result<Space>;

    /// Makes sure that a change of a few nodes and names cannot fail for want of space.
    fn prepare(&mut self) -> Result<()>;

    /// Does the same for a removal, which must be possible when nothing can be added any more.
    fn prepare_removal(&mut self) -> Result<()>;

    /// What is known of a node.
    fn meta(&mut self, node: u64) -> Result<Meta>;

    /// Notes what is known of a node.
    fn set_meta(&mut self, node: u64, meta: &Meta) -> Result<()>;

    /// Adds a node that has no name yet and returns its number.
    fn create(&mut self, meta: &Meta) -> Result<u64>;

    /// Removes a node that has no name any more, with its bytes.
    fn destroy(&mut self, node: u64) -> Result<()>;

    /// Notes that a node without a name is still open, so that it can be removed should nobody close it.
    fn orphan(&mut self, node: u64) -> Result<()>;

    /// What a name in a directory means.
    fn lookup(&mut self, directory: u64, name: &[u8]) -> Result<Option<(u64, Kind)>>;

    /// Gives a node a name; the name's former meaning is forgotten.
    fn bind(&mut self, directory: u64, name: &[u8], node: u64, kind: Kind) -> Result<()>;

    /// Removes a name.
    fn unbind(&mut self, directory: u64, name: &[u8]) -> Result<()>;

    /// The names in a directory, sorted; at most `most`.
    fn names(&mut self, directory: u64, most: usize) -> Result<Vec<Name>>;

    /// Reads within a file of `size` bytes: fills `into`, which does not reach beyond the end.
    fn read(&mut self, node: u64, offset: u64, into: &mut [u8]) -> Result<()>;

    /// Writes the first bytes of `data`, all of them unless space runs out, and returns their number, which is
    /// not 0.  Bytes between the file's end and `offset` are zero afterwards.  Noting the new size is the
    /// caller's.
    fn write(&mut self, node: u64, offset: u64, data: &[u8]) -> Result<usize>;

    /// Cuts a file of `size` bytes off, or lets it grow by zeros.  Noting the new size is the caller's.
    fn resize(&mut self, node: u64, size: u64, wanted: u64) -> Result<()>;
}
