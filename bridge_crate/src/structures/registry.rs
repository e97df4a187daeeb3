//! What the program declared, opened when it is first used.
//!
//! Declarations happen while the program is imported at build time, when there is no stable memory.

use super::keys::Key;
use super::space::{with_memories, with_memory, TwoMemories};
use super::tags;
use super::values::Value;
use crate::cell::Global;
use alloc::boxed::Box;
use alloc::vec::Vec;
use basilisk_stable::array::{self, Array};
use basilisk_stable::heap::Heap;
use basilisk_stable::log::Log;
use basilisk_stable::manager::Region;
use basilisk_stable::map::{Map, Sizes};
use basilisk_stable::memory::Fault;
use basilisk_stable::node::Order;

/// The kinds of structures; the numbers are part of the tags in stable memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A map.
    Map = 1,
    /// A set: a map to nothing.
    Set = 2,
    /// A list.
    Vec = 3,
    /// A log in two memories.
    Log = 4,
    /// One value.
    Cell = 5,
    /// A priority queue.
    Heap = 6,
}

impl Kind {
    /// The kind with that number.
    pub fn of(number: u64) -> Option<Kind> {
        [Kind::Map, Kind::Set, Kind::Vec, Kind::Log, Kind::Cell, Kind::Heap]
            .into_iter()
            .find(|kind| *kind as u64 == number)
    }

    /// Its name in Python.
    pub fn name(number: u8) -> &'static str {
        match Kind::of(number.into()) {
            Some(Kind::Map) => "StableBTreeMap",
            Some(Kind::Set) => "StableBTreeSet",
            Some(Kind::Vec) => "StableVec",
            Some(Kind::Log) => "StableLog",
            Some(Kind::Cell) => "StableCell",
            Some(Kind::Heap) => "StableMinHeap",
            None => "structure of an unknown kind",
        }
    }
}

/// A structure that the program declares.
pub struct Definition {
    /// What it is.
    pub kind: Kind,
    /// The memories it uses; the second one only for logs.
    pub ids: (u8, u8),
    /// Type of the keys; of the elements of sets and heaps.
    pub key: Key,
    /// Type of the values; of the elements of lists, logs and cells.
    pub value: Value,
    /// The values of the type that the program had before, and what was noted about the memory then.
    pub previous: Option<(Value, Vec<u8>)>,
    /// What is noted about its memory.
    pub tag: Vec<u8>,
}

impl Definition {
    /// The tags of its memories.
    pub fn tags(&self) -> Vec<(u8, Vec<u8>)> {
        let mut tags = alloc::vec![(self.ids.0, self.tag.clone())];
        if self.kind == Kind::Log {
            tags.push((self.ids.1, self.tag.clone()));
        }
        tags
    }
}

/// The open form of a structure: a few numbers.
pub enum State {
    /// Maps and sets; lists of values of any size; heaps of elements of any size.
    Map(Map),
    /// Lists of values of limited size.
    Array(Array),
    /// Heaps of elements of one size.
    Heap(Heap),
    /// Logs.
    Log(Log),
    /// Cells.
    Cell,
}

struct Entry {
    definition: &'static Definition,
    state: Option<State>,
}

static STRUCTURES: Global<Vec<Entry>> = Global::new(Vec::new());

/// Adds a declaration and returns its number.
pub fn define(definition: Definition) -> usize {
    STRUCTURES.with(|all| {
        all.push(Entry { definition: Box::leak(Box::new(definition)), state: None });
        all.len() - 1
    })
}

/// Whether the program declares any structure.
pub fn any() -> bool {
    STRUCTURES.with(|all| !all.is_empty())
}

/// The declaration with that number.
pub fn definition(number: usize) -> Option<&'static Definition> {
    STRUCTURES.with(|all| all.get(number).map(|entry| entry.definition))
}

/// Forgets the open form, so that the next use opens it anew.
pub fn close(number: usize) {
    STRUCTURES.with(|all| all[number].state = None);
}

/// Opens everything that the program declares, checked by the tags.
pub fn open_all() -> Result<(), Fault> {
    STRUCTURES.with(|all| all.iter_mut().try_for_each(|entry| ready(entry, true).map(drop)))
}

/// The open form of a structure, which is opened if it is not; `checked` by its tag.
fn ready(entry: &mut Entry, checked: bool) -> Result<&mut State, Fault> {
    if entry.state.is_none() {
        if checked {
            tags::check(entry.definition)?;
        }
        entry.state = Some(open(entry.definition)?);
    }
    match &mut entry.state {
        Some(state) => Ok(state),
        None => unreachable!("was just opened"),
    }
}

/// The open form of a structure and its memory, for a step of work.
pub struct Opened<'a, 'm> {
    /// Its open form.
    pub state: &'a mut State,
    /// Its memory.
    pub memory: &'a mut Region<'m, super::space::StableMemory>,
}

/// Runs `work` on a structure; opens it before if needed, `checked` by its tag.
pub fn with<T>(
    number: usize,
    checked: bool,
    work: impl FnOnce(Opened<'_, '_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    STRUCTURES.with(|all| {
        let entry = &mut all[number];
        let definition = entry.definition;
        let state = ready(entry, checked)?;
        with_memory(definition.ids.0, |memory| work(Opened { state, memory }))
    })
}

/// Runs `work` on a log.
pub fn with_log<T>(
    number: usize,
    work: impl FnOnce(&mut Log, &mut TwoMemories<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    STRUCTURES.with(|all| {
        let entry = &mut all[number];
        let definition = entry.definition;
        let State::Log(log) = ready(entry, true)? else { return Err(wrong_kind()) };
        with_memories(definition.ids, |memories| work(log, memories))
    })
}

/// The answer to a function that a structure of that kind does not have.
pub fn wrong_kind() -> Fault {
    Fault::Foreign("this structure has no such function".into())
}

fn open(definition: &Definition) -> Result<State, Fault> {
    let id = definition.ids.0;
    match definition.kind {
        Kind::Map | Kind::Set => {
            let (order, keys) = (definition.key.order(), definition.key.sizes());
            with_memory(id, |memory| Map::open(memory, order, keys, definition.value.sizes())).map(State::Map)
        }
        Kind::Vec => match definition.value.sizes() {
            Sizes::Any => {
                let keys = Sizes::Fixed(8);
                with_memory(id, |memory| Map::open(memory, Order::Bytes, keys, Sizes::Any)).map(State::Map)
            }
            sizes => with_memory(id, |memory| Array::open(memory, array::MAGIC, sizes)).map(State::Array),
        },
        Kind::Log => with_memories(definition.ids, |memories| Log::open(memories)).map(State::Log),
        Kind::Cell => {
            with_memory(id, |memory| basilisk_stable::cell::get(memory).map(drop)).map(|()| State::Cell)
        }
        Kind::Heap => match definition.key.sizes() {
            sizes @ Sizes::Fixed(_) => with_memory(id, |memory| Heap::open(memory, sizes)).map(State::Heap),
            _ => with_memory(id, |memory| Map::open(memory, Order::Bytes, Sizes::Any, Sizes::Fixed(8)))
                .map(State::Map),
        },
    }
}
