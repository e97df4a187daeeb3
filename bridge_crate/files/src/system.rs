//! Operations on paths.  Which error comes first is Linux's order, as programs know it.

use crate::errno::{Errno, Result};
use crate::heap::Heap;
use crate::table::Table;
use crate::volume::{Kind, Meta, Space, Volume, ROOT, SET};
use crate::walk::{Follow, Found, Last, LONGEST_PATH};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The places that hold files; the numbers are those of `st_dev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Mount {
    /// In the heap, at `/`.
    Heap = 1,
    /// What was packed with the program, at `/app`.
    Packed = 2,
    /// In stable memory, at `/stable`.
    Stable = 3,
}

/// Names in the root directory behind which other volumes are.
pub const MOUNTS: [(&str, Mount); 2] = [("app", Mount::Packed), ("stable", Mount::Stable)];

/// A node of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The volume.
    pub mount: Mount,
    /// The node.
    pub node: u64,
}

impl Place {
    /// The root directory.
    pub const ROOT: Place = Place { mount: Mount::Heap, node: ROOT };
}

/// Which times to set: `None` leaves one as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// Last access, in nanoseconds since 1970.
    pub accessed: Option<u64>,
    /// Last change of the content.
    pub modified: Option<u64>,
}

/// `S_ISGID`, which directories pass on to those that are made in them.
const SET_GROUP: u16 = 0o2000;

/// The mask that a program finds.
const UMASK: u16 = 0o022;

/// The files of a canister; `S` is the volume in stable memory.
pub struct FileSystem<S> {
    heap: Heap,
    packed: Heap,
    stable: S,
    /// Whether nothing at all can be changed: while the program is imported.
    pub(crate) frozen: bool,
    /// Nanoseconds since 1970.
    pub(crate) now: u64,
    /// Permissions that new files and directories do not get.
    pub(crate) umask: u16,
    pub(crate) files: Table,
    /// How often a node is open.
    pub(crate) open: BTreeMap<Place, u32>,
}

impl<S: Volume> FileSystem<S> {
    /// A file system with an empty `/tmp`, an empty `/app`, and a volume as `/stable`.
    ///
    /// `limit` is the number of bytes for files in the heap.
    pub fn new(stable: S, limit: u64) -> FileSystem<S> {
        let mut system = FileSystem {
            heap: Heap::new(limit),
            packed: Heap::new(u64::MAX),
            stable,
            frozen: false,
            now: 0,
            umask: UMASK,
            files: Table::new(),
            open: BTreeMap::new(),
        };
        system.packed.set_read_only(true);
        let made = system.make_directory(Place::ROOT, b"/tmp", 0o777);
        debug_assert!(made.is_ok());
        system
    }

    /// Sets the time, and whether anything can be changed.
    pub fn set_world(&mut self, now: u64, frozen: bool) {
        (self.now, self.frozen) = (now, frozen);
    }

    /// `umask`: sets the permissions that new files and directories do not get; the former ones.
    pub fn set_umask(&mut self, mask: u16) -> u16 {
        core::mem::replace(&mut self.umask, mask & 0o777)
    }

    /// How much the volume with that number of a device may hold, and whether it can be written.
    pub fn space(&mut self, device: u64) -> Result<(Space, bool)> {
        let volume = self.volume(Self::node(device, ROOT)?.mount);
        Ok((volume.space()?, !volume.read_only()))
    }

    /// The volume in stable memory.
    pub fn stable(&mut self) -> &mut S {
        &mut self.stable
    }

    /// The volume in stable memory, as an upgrade leaves it.
    pub fn into_stable(self) -> S {
        self.stable
    }

    /// Adds a file to what is packed with the program; `path` is relative to `/app`.
    pub fn pack(&mut self, path: &[u8], data: &[u8]) -> Result<()> {
        let frozen = core::mem::replace(&mut self.frozen, false);
        let umask = self.set_umask(UMASK);
        self.packed.set_read_only(false);
        let done = self.pack_file(path, data);
        self.packed.set_read_only(true);
        (self.frozen, self.umask) = (frozen, umask);
        done
    }

    fn pack_file(&mut self, path: &[u8], data: &[u8]) -> Result<()> {
        let root = Place { mount: Mount::Packed, node: ROOT };
        for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            match self.make_directory(root, &path[..end], 0o777) {
                Ok(()) | Err(Errno::Exist) => {}
                Err(error) => return Err(error),
            }
        }
        let found = self.walk(root, path, Follow::Never)?;
        found.check_name()?;
        let file = self.add(&found, Meta::new(Kind::File, 0, self.now))?;
        if !data.is_empty() {
            self.packed.write(file.node, 0, data)?;
        }
        let mut meta = self.meta(file)?;
        meta.size = data.len() as u64;
        self.packed.set_meta(file.node, &meta)
    }

    pub(crate) fn volume(&mut self, mount: Mount) -> &mut dyn Volume {
        match mount {
            Mount::Heap => &mut self.heap,
            Mount::Packed => &mut self.packed,
            Mount::Stable => &mut self.stable,
        }
    }

    pub(crate) fn meta(&mut self, place: Place) -> Result<Meta> {
        self.volume(place.mount).meta(place.node)
    }

    pub(crate) fn set_meta(&mut self, place: Place, meta: &Meta) -> Result<()> {
        self.volume(place.mount).set_meta(place.node, meta)
    }

    /// Makes sure that a volume can be changed.
    pub(crate) fn writable(&mut self, mount: Mount) -> Result<()> {
        if self.frozen || self.volume(mount).read_only() {
            return Err(Errno::RoFs);
        }
        Ok(())
    }

    fn change(&mut self, mount: Mount) -> Result<()> {
        self.writable(mount)?;
        self.volume(mount).prepare()
    }

    /// Notes that a directory got or lost a name, and a directory in it.
    fn touch(&mut self, directory: Place, directories: i32) -> Result<()> {
        let mut meta = self.meta(directory)?;
        meta.links = meta.links.saturating_add_signed(directories);
        (meta.modified, meta.changed) = (self.now, self.now);
        self.set_meta(directory, &meta)
    }

    /// Makes a new node under a name that means nothing yet.
    pub(crate) fn add(&mut self, found: &Found, mut meta: Meta) -> Result<Place> {
        let Found { parent, name, .. } = found;
        self.change(parent.mount)?;
        let above = self.meta(*parent)?;
        if above.links == 0 {
            return Err(Errno::NoEnt);
        }
        let kind = meta.kind;
        if kind == Kind::Directory {
            meta.permissions |= above.permissions & SET_GROUP;
        }
        let node = self.volume(parent.mount).create(&Meta { parent: parent.node, ..meta })?;
        self.volume(parent.mount).bind(parent.node, name, node, kind)?;
        self.touch(*parent, (kind == Kind::Directory).into())?;
        Ok(Place { mount: parent.mount, node })
    }

    /// Takes one of its names from a node that is no directory, or its only one from a directory.
    fn release(&mut self, place: Place) -> Result<()> {
        let mut meta = self.meta(place)?;
        meta.links = if meta.kind == Kind::Directory { 0 } else { meta.links.saturating_sub(1) };
        meta.changed = self.now;
        if meta.links > 0 {
            return self.set_meta(place, &meta);
        }
        if self.open.contains_key(&place) {
            self.set_meta(place, &meta)?;
            return self.volume(place.mount).orphan(place.node);
        }
        self.volume(place.mount).destroy(place.node)
    }

    /// `stat` and `lstat`.
    pub fn stat(&mut self, start: Place, path: &[u8], follow: bool) -> Result<(Place, Meta)> {
        let follow = if follow { Follow::Yes } else { Follow::No };
        let (place, _) = self.walk(start, path, follow)?.existing()?;
        Ok((place, self.meta(place)?))
    }

    /// `mkdir`
    pub fn make_directory(&mut self, start: Place, path: &[u8], mode: u16) -> Result<()> {
        let found = self.walk(start, path, Follow::Never)?;
        found.check_name()?;
        if found.node.is_some() {
            return Err(Errno::Exist);
        }
        let permissions = SET | mode & 0o1777 & !self.umask;
        self.add(&found, Meta { permissions, ..Meta::new(Kind::Directory, 0, self.now) }).map(drop)
    }

    /// `symlink`
    pub fn symlink(&mut self, target: &[u8], start: Place, path: &[u8]) -> Result<()> {
        if target.is_empty() {
            return Err(Errno::NoEnt);
        }
        if target.len() > LONGEST_PATH {
            return Err(Errno::NameTooLong);
        }
        let found = self.new_name(start, path)?;
        let size = target.len() as u64;
        let link = self.add(&found, Meta::new(Kind::Link, 0, self.now))?;
        let written = self.volume(link.mount).write(link.node, 0, target);
        if written != Ok(target.len()) {
            self.volume(link.mount).unbind(found.parent.node, &found.name)?;
            self.volume(link.mount).destroy(link.node)?;
            return Err(written.err().unwrap_or(Errno::NoSpc));
        }
        let meta = Meta { size, ..self.meta(link)? };
        self.set_meta(link, &meta)
    }

    /// A name for something that is no directory and that does not exist yet.
    fn new_name(&mut self, start: Place, path: &[u8]) -> Result<Found> {
        let found = self.walk(start, path, Follow::Never)?;
        found.check_name()?;
        if found.node.is_some() {
            return Err(Errno::Exist);
        }
        if found.slash {
            return Err(Errno::NoEnt);
        }
        Ok(found)
    }

    /// `readlink`
    pub fn read_link(&mut self, start: Place, path: &[u8]) -> Result<Vec<u8>> {
        match self.walk(start, path, Follow::No)?.existing()? {
            (place, Kind::Link) => self.target(place),
            _ => Err(Errno::Inval),
        }
    }

    /// `link`
    pub fn link(&mut self, from: (Place, &[u8]), follow: bool, to: (Place, &[u8])) -> Result<()> {
        let follow = if follow { Follow::Yes } else { Follow::No };
        let (place, kind) = self.walk(from.0, from.1, follow)?.existing()?;
        let found = self.new_name(to.0, to.1)?;
        if self.frozen {
            return Err(Errno::RoFs);
        }
        if place.mount != found.parent.mount {
            return Err(Errno::XDev);
        }
        self.change(place.mount)?;
        if kind == Kind::Directory {
            return Err(Errno::Perm);
        }
        let mut meta = self.meta(place)?;
        if meta.links == 0 || self.meta(found.parent)?.links == 0 {
            return Err(Errno::NoEnt);
        }
        meta.links = meta.links.checked_add(1).ok_or(Errno::MLink)?;
        meta.changed = self.now;
        self.set_meta(place, &meta)?;
        self.volume(place.mount).bind(found.parent.node, &found.name, place.node, kind)?;
        self.touch(found.parent, 0)
    }

    /// `unlink`
    pub fn unlink(&mut self, start: Place, path: &[u8]) -> Result<()> {
        let found = self.walk(start, path, Follow::Never)?;
        if found.last != Last::Name {
            return Err(Errno::IsDir);
        }
        self.writable(found.parent.mount)?;
        found.check_name()?;
        match found.node {
            None => Err(Errno::NoEnt),
            Some((_, Kind::Directory)) => Err(Errno::IsDir),
            Some(_) if found.slash => Err(Errno::NotDir),
            Some((place, _)) => {
                self.volume(place.mount).prepare_removal()?;
                self.volume(place.mount).unbind(found.parent.node, &found.name)?;
                self.touch(found.parent, 0)?;
                self.release(place)
            }
        }
    }

    /// `rmdir`
    pub fn remove_directory(&mut self, start: Place, path: &[u8]) -> Result<()> {
        let found = self.walk(start, path, Follow::Never)?;
        match found.last {
            Last::Name => {}
            Last::Here => return Err(Errno::Inval),
            Last::Above => return Err(Errno::NotEmpty),
            Last::Root => return Err(Errno::Busy),
        }
        self.writable(found.parent.mount)?;
        found.check_name()?;
        let (place, kind) = found.node.ok_or(Errno::NoEnt)?;
        if kind != Kind::Directory {
            return Err(Errno::NotDir);
        }
        if place.mount != found.parent.mount {
            return Err(Errno::Busy);
        }
        self.check_empty(place)?;
        self.volume(place.mount).prepare_removal()?;
        self.volume(place.mount).unbind(found.parent.node, &found.name)?;
        self.touch(found.parent, -1)?;
        self.release(place)
    }

    fn check_empty(&mut self, directory: Place) -> Result<()> {
        if self.volume(directory.mount).names(directory.node, 1)?.is_empty() {
            Ok(())
        } else {
            Err(Errno::NotEmpty)
        }
    }

    /// `rename`
    pub fn rename(&mut self, from: (Place, &[u8]), to: (Place, &[u8])) -> Result<()> {
        let old = self.walk(from.0, from.1, Follow::Never)?;
        let new = self.walk(to.0, to.1, Follow::Never)?;
        let mount = old.parent.mount;
        if mount != new.parent.mount {
            return Err(Errno::XDev);
        }
        if old.last != Last::Name || new.last != Last::Name {
            return Err(Errno::Busy);
        }
        self.writable(mount)?;
        old.check_name()?;
        let (place, kind) = old.node.ok_or(Errno::NoEnt)?;
        new.check_name()?;
        let is_directory = kind == Kind::Directory;
        if !is_directory && (old.slash || new.slash) {
            return Err(Errno::NotDir);
        }
        if is_directory && place.mount == mount && self.lies_in(new.parent, place)? {
            return Err(Errno::Inval);
        }
        if let Some((target, target_kind)) = new.node {
            if target_kind == Kind::Directory && target.mount == mount && self.lies_in(old.parent, target)? {
                return Err(Errno::NotEmpty);
            }
            if target == place {
                return Ok(());
            }
            match (is_directory, target_kind == Kind::Directory) {
                (true, false) => return Err(Errno::NotDir),
                (false, true) => return Err(Errno::IsDir),
                _ => {}
            }
            if target.mount != mount {
                return Err(Errno::Busy);
            }
        }
        if place.mount != mount {
            return Err(Errno::Busy);
        }
        if let Some((target, Kind::Directory)) = new.node {
            self.check_empty(target)?;
        }
        if self.meta(new.parent)?.links == 0 {
            return Err(Errno::NoEnt);
        }
        self.volume(mount).prepare()?;
        self.exchange(&old, &new, place, kind)
    }

    /// Moves a name after all checks.
    fn exchange(&mut self, old: &Found, new: &Found, place: Place, kind: Kind) -> Result<()> {
        let directory = i32::from(kind == Kind::Directory);
        let volume = self.volume(place.mount);
        volume.unbind(old.parent.node, &old.name)?;
        volume.bind(new.parent.node, &new.name, place.node, kind)?;
        self.touch(old.parent, -directory)?;
        // A directory that is replaced was counted already.
        let more = if new.node.is_some() { 0 } else { directory };
        self.touch(new.parent, more)?;
        let mut meta = self.meta(place)?;
        (meta.parent, meta.changed) = (new.parent.node, self.now);
        self.set_meta(place, &meta)?;
        match new.node {
            Some((target, _)) => self.release(target),
            None => Ok(()),
        }
    }

    /// Whether a directory is another one or lies below it, in the same volume.
    fn lies_in(&mut self, mut directory: Place, other: Place) -> Result<bool> {
        // Where the memory is damaged the way up may be a circle: one place is looked at again and again.
        let (mut steps, mut look, mut seen) = (0u64, 1, directory);
        loop {
            if directory == other {
                return Ok(true);
            }
            if directory.node == ROOT {
                return Ok(false);
            }
            directory.node = self.meta(directory)?.parent;
            if directory == seen {
                return Err(Errno::Io);
            }
            steps += 1;
            if steps == look {
                (look, seen) = (2 * look, directory);
            }
        }
    }

    /// `utimensat`
    pub fn set_times(&mut self, start: Place, path: &[u8], follow: bool, times: Times) -> Result<()> {
        let (place, _) = self.stat(start, path, follow)?;
        self.set_node_times(place, times)
    }

    /// The permissions of a node as they are shown.
    pub fn mode(&mut self, place: Place) -> Result<u16> {
        let mode = self.meta(place)?.mode();
        Ok(if self.volume(place.mount).read_only() { mode & !0o222 } else { mode })
    }

    /// `chmod`
    pub fn set_mode(&mut self, place: Place, mode: u16) -> Result<()> {
        self.writable(place.mount)?;
        let mut meta = self.meta(place)?;
        (meta.permissions, meta.changed) = (SET | mode & 0o7777, self.now);
        self.set_meta(place, &meta)
    }

    /// The node with these numbers of `stat`.
    pub fn node(device: u64, node: u64) -> Result<Place> {
        let mounts = [Mount::Heap, Mount::Packed, Mount::Stable];
        let mount = mounts.into_iter().find(|mount| *mount as u64 == device).ok_or(Errno::NotSup)?;
        Ok(Place { mount, node })
    }

    pub(crate) fn set_node_times(&mut self, place: Place, times: Times) -> Result<()> {
        self.writable(place.mount)?;
        let mut meta = self.meta(place)?;
        meta.accessed = times.accessed.unwrap_or(meta.accessed);
        meta.modified = times.modified.unwrap_or(meta.modified);
        meta.changed = self.now;
        self.set_meta(place, &meta)
    }
}
