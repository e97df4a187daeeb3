//! The numbers of open files.  Several may stand for one, which has one position then, and one listing.

use crate::descriptors::{Descriptor, FIRST};
use crate::errno::{Errno, Result};
use alloc::vec::Vec;

/// Numbers that can be in use at a time.
pub const MOST: usize = 1024;

/// What a number stands for.
#[derive(Clone, Copy)]
enum Held {
    /// One of the standard streams, 0 to 2.
    Stream(u32),
    /// An open file, by its place in the table.
    File(usize),
}

/// The open files and their numbers.
pub(crate) struct Table {
    numbers: Vec<Option<Held>>,
    /// Each with the count of its numbers.
    files: Vec<Option<(Descriptor, u32)>>,
}

/// The first place that is empty; there is one behind the last.
fn empty<T>(places: &[Option<T>]) -> usize {
    places.iter().position(Option::is_none).unwrap_or(places.len())
}

/// Puts something into an empty place, where all places before it exist.
fn fill<T>(places: &mut Vec<Option<T>>, at: usize, what: T) {
    if at == places.len() {
        places.push(Some(what));
    } else {
        places[at] = Some(what);
    }
}

/// Empties a place.  The last one is never empty, so that finding one takes no longer than there are open files.
fn clear<T>(places: &mut Vec<Option<T>>, at: usize) {
    places[at] = None;
    while let Some(None) = places.last() {
        places.pop();
    }
}

impl Table {
    /// Nothing is open.
    pub fn new() -> Table {
        Table { numbers: Vec::new(), files: Vec::new() }
    }

    #[inline(always)]
    fn held(&self, number: u32) -> Result<Held> {
        let index = number.checked_sub(FIRST).ok_or(Errno::BadF)?;
        self.numbers.get(index as usize).copied().flatten().ok_or(Errno::BadF)
    }

    /// Makes sure that a number is in use.
    pub fn check(&self, number: u32) -> Result<()> {
        self.held(number).map(drop)
    }

    /// The standard stream that a number stands for, if it does.
    pub fn stream(&self, number: u32) -> Option<u32> {
        match self.held(number) {
            Ok(Held::Stream(stream)) => Some(stream),
            _ => None,
        }
    }

    /// The open file with that number.
    #[inline(always)]
    pub fn file(&mut self, number: u32) -> Result<&mut Descriptor> {
        let Held::File(index) = self.held(number)? else { return Err(Errno::BadF) };
        self.files.get_mut(index).and_then(Option::as_mut).map(|(file, _)| file).ok_or(Errno::BadF)
    }

    /// The lowest number that is free.
    pub fn free(&self) -> Result<u32> {
        let index = empty(&self.numbers);
        if index >= MOST {
            return Err(Errno::MFile);
        }
        Ok(index as u32 + FIRST)
    }

    /// Gives a file the lowest number that is free, which the caller asked for.
    pub fn add(&mut self, number: u32, file: Descriptor) {
        let index = empty(&self.files);
        fill(&mut self.files, index, (file, 1));
        self.hold(number, Held::File(index));
    }

    /// Gives a standard stream another number: the lowest one that is free.
    pub fn add_stream(&mut self, stream: u32) -> Result<u32> {
        let number = self.free()?;
        self.hold(number, Held::Stream(stream));
        Ok(number)
    }

    /// Gives what has a number another one: the lowest one that is free.
    pub fn share(&mut self, number: u32) -> Result<u32> {
        let held = self.held(number)?;
        let another = self.free()?;
        if let Held::File(index) = held {
            if let Some((_, count)) = self.files[index].as_mut() {
                *count += 1;
            }
        }
        self.hold(another, held);
        Ok(another)
    }

    /// Gives what has the number `from` that of `to`, which stands for nothing then; the file that had it, if it has
    /// no other one.
    pub fn renumber(&mut self, from: u32, to: u32) -> Result<Option<Descriptor>> {
        let held = self.held(from)?;
        let closed = self.release(self.held(to)?);
        self.numbers[(to - FIRST) as usize] = Some(held);
        clear(&mut self.numbers, (from - FIRST) as usize);
        Ok(closed)
    }

    /// Frees a number; the file, if it has no other one.
    pub fn remove(&mut self, number: u32) -> Result<Option<Descriptor>> {
        let held = self.held(number)?;
        clear(&mut self.numbers, (number - FIRST) as usize);
        Ok(self.release(held))
    }

    /// Takes a number from what is open; the file, if it has no other one.
    fn release(&mut self, held: Held) -> Option<Descriptor> {
        let Held::File(index) = held else { return None };
        let (_, count) = self.files[index].as_mut()?;
        *count -= 1;
        if *count > 0 {
            return None;
        }
        let file = self.files[index].take().map(|(file, _)| file);
        clear(&mut self.files, index);
        file
    }

    fn hold(&mut self, number: u32, held: Held) {
        fill(&mut self.numbers, (number - FIRST) as usize, held);
    }
}
