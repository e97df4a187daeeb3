//! Operations on open files.

use crate::errno::{Errno, Result};
use crate::system::{FileSystem, Place, Times, MOUNTS};
use crate::volume::{Kind, Meta, Name, Volume, LARGEST, ROOT, SET};
use crate::walk::{Follow, Last};
use alloc::vec::Vec;

/// The first descriptor that an open file can have: three streams and the root directory come before.
pub const FIRST: u32 = 4;
/// The root directory, which is open from the start.
pub const ROOT_DESCRIPTOR: u32 = 3;
/// How to open a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Opening {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// Make the file if it does not exist.
    pub create: bool,
    /// ... and fail if it does.
    pub exclusive: bool,
    /// Cut it off at 0.
    pub truncate: bool,
    /// Fail if it is no directory.
    pub directory: bool,
    /// Do not open what a symbolic link stands for.
    pub no_follow: bool,
    /// Permissions of a file that is made, less those of the mask.
    pub mode: u16,
}

/// An open file.
#[derive(Debug)]
pub struct Descriptor {
    /// What is open.
    pub place: Place,
    /// Its kind.
    pub kind: Kind,
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// `O_NONBLOCK` was set: kept for who asks, nothing here ever waits.
    pub nonblocking: bool,
    position: u64,
    names: Vec<Name>,
}

/// What a position is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whence {
    /// The start.
    Start,
    /// The present position.
    Here,
    /// The end.
    End,
}

impl<S: Volume> FileSystem<S> {
    /// The open file with that number.
    pub fn descriptor(&mut self, number: u32) -> Result<&mut Descriptor> {
        self.files.file(number)
    }

    /// The standard stream that `number` is another number of.
    pub fn stream(&self, number: u32) -> Option<u32> {
        self.files.stream(number)
    }

    /// The node behind a descriptor.
    pub fn place(&mut self, number: u32) -> Result<Place> {
        if number == ROOT_DESCRIPTOR {
            return Ok(Place::ROOT);
        }
        Ok(self.descriptor(number)?.place)
    }

    /// The directory that a descriptor stands for, to start a path from.
    pub fn directory(&mut self, number: u32) -> Result<Place> {
        let place = self.place(number)?;
        if number != ROOT_DESCRIPTOR && self.descriptor(number)?.kind != Kind::Directory {
            return Err(Errno::NotDir);
        }
        Ok(place)
    }

    /// `openat`: the descriptor, the lowest one that is free.
    pub fn open(&mut self, start: Place, path: &[u8], how: Opening) -> Result<u32> {
        let number = self.files.free()?;
        if how.create && how.directory {
            return Err(Errno::Inval);
        }
        let exclusive = how.create && how.exclusive;
        // A slash behind the name of a file that may be made is an error, wherever a link there leads.
        let only_name = exclusive || how.create && path.ends_with(b"/");
        let follow = match (only_name, how.no_follow) {
            (true, _) => Follow::Never,
            (_, true) => Follow::No,
            _ if how.create => Follow::Making,
            _ => Follow::Yes,
        };
        let found = self.walk(start, path, follow)?;
        found.check_name()?;
        if how.create && (found.last != Last::Name || found.slash) {
            return Err(if exclusive && !found.slash { Errno::Exist } else { Errno::IsDir });
        }
        let (place, kind) = match found.node {
            Some(_) if exclusive => return Err(Errno::Exist),
            None if how.create => {
                let permissions = SET | how.mode & 0o7777 & !self.umask;
                let meta = Meta { permissions, ..Meta::new(Kind::File, 0, self.now) };
                (self.add(&found, meta)?, Kind::File)
            }
            _ => {
                let node = found.existing()?;
                self.check_opening(node, how)?;
                node
            }
        };
        if how.truncate && kind == Kind::File && found.node.is_some() {
            self.resize(place, 0)?;
        }
        let Opening { read, write, append, .. } = how;
        let nonblocking = false;
        let file = Descriptor { place, kind, read, write, append, nonblocking, position: 0, names: Vec::new() };
        self.files.add(number, file);
        *self.open.entry(place).or_default() += 1;
        Ok(number)
    }

    /// `dup`: another number, the lowest one that is free, for the same open file or stream.
    pub fn duplicate(&mut self, number: u32) -> Result<u32> {
        if number == ROOT_DESCRIPTOR {
            let how = Opening { read: true, directory: true, ..Opening::default() };
            return self.open(Place::ROOT, b"/", how);
        }
        if number < ROOT_DESCRIPTOR {
            return self.files.add_stream(number);
        }
        self.files.share(number)
    }

    fn check_opening(&mut self, (place, kind): (Place, Kind), how: Opening) -> Result<()> {
        let changes = how.write || how.truncate;
        match kind {
            Kind::Link => return Err(if how.directory { Errno::NotDir } else { Errno::Loop }),
            Kind::Directory if changes || how.create => return Err(Errno::IsDir),
            Kind::File if how.directory => return Err(Errno::NotDir),
            _ => {}
        }
        if changes {
            self.writable(place.mount)?;
        }
        Ok(())
    }

    /// `close`
    pub fn close(&mut self, number: u32) -> Result<()> {
        let closed = self.files.remove(number)?;
        self.closed(closed)
    }

    /// What has no number any more is open no more, and gone if it has no name either.
    fn closed(&mut self, file: Option<Descriptor>) -> Result<()> {
        let Some(Descriptor { place, .. }) = file else { return Ok(()) };
        if let Some(count) = self.open.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&place);
                if self.meta(place)?.links == 0 {
                    return self.volume(place.mount).destroy(place.node);
                }
            }
        }
        Ok(())
    }

    /// `dup2` without keeping the old number.
    pub fn renumber(&mut self, from: u32, to: u32) -> Result<()> {
        if from == to {
            return self.files.check(from);
        }
        let closed = self.files.renumber(from, to)?;
        self.closed(closed)
    }

    /// `fstat`
    pub fn stat_descriptor(&mut self, number: u32) -> Result<(Place, Meta)> {
        let place = self.place(number)?;
        Ok((place, self.meta(place)?))
    }

    /// Reads at a position, or at the descriptor's own, which moves on: the number of bytes.
    pub fn read(&mut self, number: u32, at: Option<u64>, into: &mut [u8]) -> Result<usize> {
        if number == ROOT_DESCRIPTOR {
            return Err(Errno::IsDir);
        }
        let file = self.descriptor(number)?;
        if !file.read {
            return Err(Errno::BadF);
        }
        if file.kind == Kind::Directory {
            return Err(Errno::IsDir);
        }
        let (place, offset) = (file.place, at.unwrap_or(file.position));
        if offset > i64::MAX as u64 {
            return Err(Errno::Inval);
        }
        let available = self.meta(place)?.size.saturating_sub(offset);
        let length = (into.len() as u64).min(available) as usize;
        if length > 0 {
            self.volume(place.mount).read(place.node, offset, &mut into[..length])?;
        }
        if at.is_none() {
            self.descriptor(number)?.position = offset + length as u64;
        }
        Ok(length)
    }

    /// Writes at a position, or at the descriptor's own, which moves on: the number of bytes.
    pub fn write(&mut self, number: u32, at: Option<u64>, data: &[u8]) -> Result<usize> {
        if number == ROOT_DESCRIPTOR {
            return Err(Errno::BadF);
        }
        let file = self.descriptor(number)?;
        if !file.write {
            return Err(Errno::BadF);
        }
        let (place, append, position) = (file.place, file.append, file.position);
        self.writable(place.mount)?;
        let mut meta = self.meta(place)?;
        let offset = if append { meta.size } else { at.unwrap_or(position) };
        if offset > i64::MAX as u64 {
            return Err(Errno::Inval);
        }
        if data.is_empty() {
            return Ok(0);
        }
        if offset >= LARGEST {
            return Err(Errno::FBig);
        }
        let data = &data[..(data.len() as u64).min(LARGEST - offset) as usize];
        let volume = self.volume(place.mount);
        volume.prepare()?;
        let length = volume.write(place.node, offset, data)?;
        let end = offset + length as u64;
        meta.size = meta.size.max(end);
        (meta.modified, meta.changed) = (self.now, self.now);
        self.set_meta(place, &meta)?;
        if at.is_none() {
            self.descriptor(number)?.position = end;
        }
        Ok(length)
    }

    /// `lseek`
    pub fn seek(&mut self, number: u32, offset: i64, whence: Whence) -> Result<u64> {
        if number == ROOT_DESCRIPTOR {
            return Err(Errno::Inval);
        }
        let file = self.descriptor(number)?;
        if file.kind == Kind::Directory && whence == Whence::End {
            return Err(Errno::Inval);
        }
        let (place, position) = (file.place, file.position);
        let base = match whence {
            Whence::Start => 0,
            Whence::Here => position,
            Whence::End => self.meta(place)?.size,
        };
        let to = base.checked_add_signed(offset).filter(|to| *to <= i64::MAX as u64).ok_or(Errno::Inval)?;
        self.descriptor(number)?.position = to;
        Ok(to)
    }

    /// `ftruncate`
    pub fn truncate(&mut self, number: u32, size: u64) -> Result<()> {
        let file = self.descriptor(number)?;
        if !file.write || file.kind != Kind::File || size > i64::MAX as u64 {
            return Err(Errno::Inval);
        }
        let place = file.place;
        self.writable(place.mount)?;
        self.resize(place, size)
    }

    /// `posix_fallocate`: the file has at least so many bytes afterwards.
    pub fn allocate(&mut self, number: u32, offset: u64, length: u64) -> Result<()> {
        let end = offset.checked_add(length).filter(|_| length > 0).ok_or(Errno::Inval)?;
        let (place, meta) = self.stat_descriptor(number)?;
        let file = self.descriptor(number)?;
        if !file.write || file.kind != Kind::File {
            return Err(Errno::BadF);
        }
        self.writable(place.mount)?;
        if end > meta.size {
            return self.resize(place, end);
        }
        Ok(())
    }

    fn resize(&mut self, place: Place, size: u64) -> Result<()> {
        if size > LARGEST {
            return Err(Errno::FBig);
        }
        let mut meta = self.meta(place)?;
        let volume = self.volume(place.mount);
        volume.prepare_removal()?;
        volume.resize(place.node, meta.size, size)?;
        (meta.size, meta.modified, meta.changed) = (size, self.now, self.now);
        self.set_meta(place, &meta)
    }

    /// `futimens`
    pub fn set_descriptor_times(&mut self, number: u32, times: Times) -> Result<()> {
        let place = self.place(number)?;
        self.set_node_times(place, times)
    }

    /// The names in an open directory, sorted; `fresh` reads them anew.
    ///
    /// A listing that was begun is not disturbed by changes of the directory.
    pub fn names(&mut self, number: u32, fresh: bool) -> Result<&[Name]> {
        if number == ROOT_DESCRIPTOR {
            return Err(Errno::Inval);
        }
        let file = self.descriptor(number)?;
        if file.kind != Kind::Directory {
            return Err(Errno::NotDir);
        }
        if fresh {
            let place = file.place;
            let mut names = self.volume(place.mount).names(place.node, usize::MAX)?;
            if place == Place::ROOT {
                let mounted = MOUNTS.iter().map(|(name, _)| name.as_bytes().to_vec());
                names.extend(mounted.map(|name| Name { name, node: ROOT, kind: Kind::Directory }));
                names.sort_by(|left, right| left.name.cmp(&right.name));
            }
            self.descriptor(number)?.names = names;
        }
        Ok(&self.descriptor(number)?.names)
    }
}
