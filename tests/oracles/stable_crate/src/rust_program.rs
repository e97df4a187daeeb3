//! A program in Rust that keeps data as `tests/oracles/programs/structures.py` does, in the same memories.

use crate::requests::Shared;
use ic_principal::Principal;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use ic_stable_structures::{BTreeMap, BTreeSet, Cell, Log, MinHeap, Vec as StableVec};
use std::fmt::Write;

type Memory = VirtualMemory<Shared>;

struct Program {
    balances: BTreeMap<Principal, u64, Memory>,
    notes: BTreeMap<String, String, Memory>,
    ratios: BTreeMap<u32, f64, Memory>,
    blobs: BTreeMap<Vec<u8>, Vec<u8>, Memory>,
    names: BTreeSet<String, Memory>,
    numbers: StableVec<u64, Memory>,
    log: Log<String, Memory, Memory>,
    motto: Cell<String, Memory>,
    heap: MinHeap<u64, Memory>,
}

fn open(memory: Shared) -> Program {
    let manager = MemoryManager::init(memory);
    let get = |id| manager.get(MemoryId::new(id));
    Program {
        balances: BTreeMap::init(get(0)),
        notes: BTreeMap::init(get(1)),
        ratios: BTreeMap::init(get(2)),
        blobs: BTreeMap::init(get(3)),
        names: BTreeSet::init(get(4)),
        numbers: StableVec::init(get(5)),
        log: Log::init(get(6), get(7)),
        motto: Cell::init(get(8), String::new()),
        heap: MinHeap::init(get(9)),
    }
}

/// Everything that the memory holds, as text.
pub fn print(memory: Shared) -> String {
    let mut program = open(memory);
    let mut text = String::new();
    let mut line = |part: String| {
        let _ = writeln!(text, "{part}");
    };
    line(format!("{:?}", program.balances.iter().map(|e| e.into_pair()).map(|(k, v)| (k.as_slice().to_vec(), v)).collect::<Vec<_>>()));
    line(format!("{:?}", program.notes.iter().map(|e| e.into_pair()).collect::<Vec<_>>()));
    line(format!("{:?}", program.ratios.iter().map(|e| e.into_pair()).collect::<Vec<_>>()));
    line(format!("{:?}", program.blobs.iter().map(|e| e.into_pair()).collect::<Vec<_>>()));
    line(format!("{:?}", program.names.iter().collect::<Vec<_>>()));
    line(format!("{:?}", program.numbers.iter().collect::<Vec<_>>()));
    line(format!("{:?}", program.log.iter().collect::<Vec<_>>()));
    line(format!("{:?}", program.motto.get()));
    line(format!("{:?}", std::iter::from_fn(|| program.heap.pop()).collect::<Vec<_>>()));
    text
}

/// Changes every structure.
pub fn change(memory: Shared) {
    let mut program = open(memory);
    for number in 0..200_u64 {
        let text = format!("rust {number}");
        program.balances.insert(Principal::from_slice(&number.to_be_bytes()), number * number);
        program.notes.insert(text.clone(), "x".repeat(number as usize * 20));
        program.ratios.insert(number as u32, number as f64 / 4.0);
        program.blobs.insert(vec![number as u8; number as usize % 7], text.clone().into_bytes());
        program.names.insert(text.clone());
        program.numbers.push(&number);
        if let Err(error) = program.log.append(&text) {
            panic!("{error:?}");
        }
        program.heap.push(&(number * 7919 % 200));
    }
    program.motto.set("written by Rust".into());
}
