//! From a path to a node, through directories, mount points and symbolic links.

use crate::errno::{Errno, Result};
use crate::system::{FileSystem, Mount, Place, MOUNTS};
use crate::volume::{Kind, Volume, ROOT};
use alloc::vec::Vec;

/// Bytes of a name.
pub const LONGEST_NAME: usize = 255;
/// Bytes of a path.
pub const LONGEST_PATH: usize = 4095;
/// Symbolic links on the way to one node.
const MOST_LINKS: u32 = 40;

/// What to do with a symbolic link at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// It stands for its target.
    Yes,
    /// It stands for its target, where a file may be made: the walk ends before a name that a slash follows.
    Making,
    /// It is meant itself, unless a slash follows it.
    No,
    /// It is meant itself: the operation is about the name.
    Never,
}

/// How a path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// With a name.
    Name,
    /// With `.`
    Here,
    /// With `..`
    Above,
    /// It is the root.
    Root,
}

/// Where a path leads.
#[derive(Debug, Clone)]
pub struct Found {
    /// The directory of the last name.
    pub parent: Place,
    /// The last name.
    pub name: Vec<u8>,
    /// What it means, if anything.
    pub node: Option<(Place, Kind)>,
    /// How the path ends.
    pub last: Last,
    /// Whether a slash follows the last name.
    pub slash: bool,
}

impl Found {
    /// Fails with `ENAMETOOLONG`.  A walk with [`Follow::Never`] leaves this to its caller, for operations on
    /// two paths look at both directories before they look at a name.
    pub fn check_name(&self) -> Result<()> {
        if self.name.len() > LONGEST_NAME {
            return Err(Errno::NameTooLong);
        }
        Ok(())
    }

    /// The node, or `ENOENT`; `ENOTDIR` if a slash follows something that is no directory.
    pub fn existing(&self) -> Result<(Place, Kind)> {
        match self.node {
            Some((_, kind)) if self.slash && kind != Kind::Directory => Err(Errno::NotDir),
            Some(node) => Ok(node),
            None => Err(Errno::NoEnt),
        }
    }
}

/// Splits a path and puts its names on a stack, the first one on top.
fn push(stack: &mut Vec<Vec<u8>>, path: &[u8]) {
    let names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
    stack.extend(names.rev().map(<[u8]>::to_vec));
}

impl<S: Volume> FileSystem<S> {
    /// Goes along a path from a directory.
    pub fn walk(&mut self, start: Place, path: &[u8], follow: Follow) -> Result<Found> {
        if path.is_empty() {
            return Err(Errno::NoEnt);
        }
        if path.len() > LONGEST_PATH {
            return Err(Errno::NameTooLong);
        }
        if path.contains(&0) {
            return Err(Errno::Inval);
        }
        let mut at = if path[0] == b'/' { Place::ROOT } else { start };
        if self.meta(at)?.kind != Kind::Directory {
            return Err(Errno::NotDir);
        }
        let mut slash = path.ends_with(b"/");
        let mut last = if path[0] == b'/' { Last::Root } else { Last::Here };
        let mut links = 0;
        let mut stack = Vec::new();
        push(&mut stack, path);
        while let Some(name) = stack.pop() {
            match &name[..] {
                b"." => {
                    last = Last::Here;
                    continue;
                }
                b".." => {
                    at = self.above(at)?;
                    last = Last::Above;
                    continue;
                }
                _ => {}
            }
            let end = stack.is_empty();
            if name.len() > LONGEST_NAME {
                if end && follow == Follow::Never {
                    return Ok(Found { parent: at, name, node: None, last: Last::Name, slash });
                }
                return Err(Errno::NameTooLong);
            }
            let node = self.lookup(at, &name)?;
            let found = |node| Found { parent: at, name: name.clone(), node, last: Last::Name, slash };
            match node {
                None if end => return Ok(found(None)),
                None => return Err(Errno::NoEnt),
                Some(_) if end && (follow == Follow::Never || slash && follow == Follow::Making) => {
                    return Ok(found(node))
                }
                Some((place, Kind::Link)) if !end || slash || matches!(follow, Follow::Yes | Follow::Making) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Errno::Loop);
                    }
                    let target = self.target(place)?;
                    slash |= end && target.ends_with(b"/");
                    if target.starts_with(b"/") {
                        at = Place::ROOT;
                        last = Last::Root;
                    }
                    push(&mut stack, &target);
                }
                Some((place, Kind::Directory)) if !end => {
                    at = place;
                    last = Last::Name;
                }
                Some(_) if end => return Ok(found(node)),
                Some(_) => return Err(Errno::NotDir),
            }
        }
        let node = Some((at, Kind::Directory));
        Ok(Found { parent: at, name: Vec::new(), node, last, slash: false })
    }

    /// What a name in a directory means; mount points hide what lies under them.
    fn lookup(&mut self, directory: Place, name: &[u8]) -> Result<Option<(Place, Kind)>> {
        if directory == Place::ROOT {
            if let Some((_, mount)) = MOUNTS.iter().find(|(mounted, _)| mounted.as_bytes() == name) {
                return Ok(Some((Place { mount: *mount, node: ROOT }, Kind::Directory)));
            }
        }
        let found = self.volume(directory.mount).lookup(directory.node, name)?;
        Ok(found.map(|(node, kind)| (Place { mount: directory.mount, node }, kind)))
    }

    /// The directory above a directory.
    fn above(&mut self, place: Place) -> Result<Place> {
        if place.node == ROOT {
            return Ok(Place { mount: Mount::Heap, node: ROOT });
        }
        let node = self.meta(place)?.parent;
        Ok(Place { mount: place.mount, node })
    }

    /// The path that a symbolic link stands for.
    pub(crate) fn target(&mut self, link: Place) -> Result<Vec<u8>> {
        let size = self.meta(link)?.size as usize;
        if size > LONGEST_PATH {
            return Err(Errno::Io);
        }
        let mut target = alloc::vec![0; size];
        self.volume(link.mount).read(link.node, 0, &mut target)?;
        Ok(target)
    }
}
