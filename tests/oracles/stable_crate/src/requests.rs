//! The operations.

use crate::{ours, rust_program, theirs};
use oracle_wire::parts;
use std::cell::RefCell;
use std::rc::Rc;

/// The memory, as the Rust library wants it.
pub type Shared = Rc<RefCell<Vec<u8>>>;

thread_local! {
    static MEMORY: Shared = Rc::new(RefCell::new(Vec::new()));
}

/// A structure and where it lies.
pub struct Place {
    /// `map`, `u64 map`, `principal map`, `set`, `vec`, `blob vec`, `log`, `cell` or `heap`
    pub kind: String,
    /// The first memory.
    pub first: u8,
    /// The second memory, of a log.
    pub second: u8,
    /// Pages of a bucket, if the memory has no manager yet.
    pub bucket: u16,
}

/// One change or question: a letter and its arguments.
pub struct Command<'a> {
    /// What to do.
    pub letter: u8,
    /// With what.
    pub arguments: Vec<&'a [u8]>,
}

impl Command<'_> {
    /// An argument, empty if it is missing.
    pub fn argument(&self, index: usize) -> &[u8] {
        self.arguments.get(index).copied().unwrap_or_default()
    }

    /// An argument as a number, little-endian.
    pub fn number(&self, index: usize) -> u64 {
        let mut bytes = [0; 8];
        let given = self.argument(index);
        bytes[..given.len()].copy_from_slice(given);
        u64::from_le_bytes(bytes)
    }
}

/// What a command answers: some byte strings.
pub type Answer = Vec<Vec<u8>>;

/// Performs a request.
pub fn perform(request: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let (operation, rest) = request.split_first().ok_or("an empty request")?;
    let given = parts::split(rest).ok_or("a request with wrong lengths")?;
    let memory = MEMORY.with(Rc::clone);
    match (operation, &given[..]) {
        // The memory becomes these bytes.
        (b'L', [bytes]) => {
            *memory.borrow_mut() = bytes.to_vec();
            Ok(vec![])
        }
        (b'D', []) => Ok(vec![memory.borrow().clone()]),
        // Changes some bytes.
        (b'M', [place, bytes]) => {
            let place = u64::from_le_bytes((*place).try_into().map_err(|_| "no place")?) as usize;
            let end = place.checked_add(bytes.len()).ok_or("no place")?;
            memory.borrow_mut().get_mut(place..end).ok_or("outside the memory")?.copy_from_slice(bytes);
            Ok(vec![])
        }
        // A Rust program: prints what it has; changes it.
        (b'P', []) => Ok(vec![rust_program::print(memory).into_bytes()]),
        (b'C', []) => {
            rust_program::change(memory);
            Ok(vec![])
        }
        (b'W', [library, kind, place, commands @ ..]) => {
            let [first, second, low, high] = place[..] else { return Err("no place".into()) };
            let kind = String::from_utf8_lossy(kind).into_owned();
            let place = Place { kind, first, second, bucket: u16::from_le_bytes([low, high]) };
            let commands: Vec<Command> = commands.iter().filter_map(|command| read(command)).collect();
            let answers = match *library {
                b"ours" => {
                    let mut bytes = memory.borrow_mut();
                    ours::work(&mut bytes, &place, &commands).map_err(|fault| fault.to_string())?
                }
                _ => theirs::work(memory, &place, &commands),
            };
            Ok(answers.into_iter().map(|answer| parts::join(0, &answer)).collect())
        }
        _ => Err("no such operation".into()),
    }
}

fn read(command: &[u8]) -> Option<Command<'_>> {
    let (&letter, rest) = command.split_first()?;
    Some(Command { letter, arguments: parts::split(rest)? })
}

/// The bounds of an iteration: `S from to flags`; flags 1: there is a `from`, 2: with it, 4: there is a `to`,
/// 8: with it, 16: downwards.
pub fn bounds(command: &Command) -> (std::ops::Bound<Vec<u8>>, std::ops::Bound<Vec<u8>>, bool) {
    use std::ops::Bound;
    let flags = command.number(2);
    let bound = |index: usize, there: u64, with: u64| {
        let key = command.argument(index).to_vec();
        match (flags & there != 0, flags & with != 0) {
            (false, _) => Bound::Unbounded,
            (true, true) => Bound::Included(key),
            (true, false) => Bound::Excluded(key),
        }
    };
    (bound(0, 1, 2), bound(1, 4, 8), flags & 16 != 0)
}

/// Whether the key itself counts, and whether smaller ones are wanted.
pub fn beside(command: &Command) -> (bool, bool) {
    let flags = command.number(1);
    (flags & 1 != 0, flags & 2 != 0)
}

/// The range in which [`beside`] looks.
pub fn range_beside<K>(command: &Command, key: K) -> ((std::ops::Bound<K>, std::ops::Bound<K>), bool) {
    use std::ops::Bound;
    let (inclusive, down) = beside(command);
    let end = if inclusive { Bound::Included(key) } else { Bound::Excluded(key) };
    (if down { (Bound::Unbounded, end) } else { (end, Bound::Unbounded) }, down)
}
