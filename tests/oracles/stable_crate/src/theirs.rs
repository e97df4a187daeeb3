//! The same commands on the structures of ic-stable-structures.

use crate::requests::{bounds, range_beside, Answer, Command, Place, Shared};
use ic_principal::Principal;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use ic_stable_structures::storable::Blob;
use ic_stable_structures::{BTreeMap, BTreeSet, Cell, Log, MinHeap, Storable, Vec as StableVec};
use std::borrow::Cow;
use std::fmt::Debug;

type Memory = VirtualMemory<Shared>;

/// Runs the commands on a structure, which is opened anew.
pub fn work(memory: Shared, place: &Place, commands: &[Command]) -> Vec<Answer> {
    let manager = MemoryManager::init_with_bucket_size(memory, place.bucket);
    let first = manager.get(MemoryId::new(place.first));
    match &place.kind[..] {
        "map" => map::<Vec<u8>, Vec<u8>>(first, commands),
        "u64 map" => map::<[u8; 8], [u8; 8]>(first, commands),
        "principal map" => map::<Principal, [u8; 8]>(first, commands),
        "set" => set(first, commands),
        "vec" => vec::<[u8; 8]>(first, commands),
        "blob vec" => vec::<Blob<300>>(first, commands),
        "log" => log(first, manager.get(MemoryId::new(place.second)), commands),
        "cell" => cell(first, commands),
        _ => heap(first, commands),
    }
}

fn read<T: Storable>(bytes: &[u8]) -> T {
    T::from_bytes(Cow::Borrowed(bytes))
}

fn entry<K: Storable, V: Storable>(entry: Option<(K, V)>) -> Answer {
    entry.map_or(vec![], |(key, value)| vec![key.into_bytes(), value.into_bytes()])
}

fn one<T: Storable>(value: Option<T>) -> Answer {
    value.map_or(vec![], |value| vec![value.into_bytes()])
}

fn number(number: u64) -> Answer {
    vec![number.to_le_bytes().to_vec()]
}

fn map<K: Storable + Ord + Clone, V: Storable>(memory: Memory, commands: &[Command]) -> Vec<Answer> {
    let mut map = BTreeMap::<K, V, Memory>::init(memory);
    let mut answers = vec![];
    for command in commands {
        let key = || read::<K>(command.argument(0));
        answers.push(match command.letter {
            b'I' => one(map.insert(key(), read(command.argument(1)))),
            b'R' => one(map.remove(&key())),
            b'G' => one(map.get(&key())),
            b'H' => number(map.contains_key(&key()).into()),
            b'N' => number(map.len()),
            b'F' => entry(map.first_key_value()),
            b'E' => entry(map.last_key_value()),
            b'f' => entry(map.pop_first()),
            b'l' => entry(map.pop_last()),
            b'S' => {
                let (lower, upper, down) = bounds(command);
                let range = (lower.map(|key| read::<K>(&key)), upper.map(|key| read::<K>(&key)));
                let found = map.range(range).map(|found| found.into_pair());
                let mut entries: Vec<_> = found.map(|found| entry(Some(found))).collect();
                if down {
                    entries.reverse();
                }
                entries.concat()
            }
            b'B' => {
                let (range, down) = range_beside(command, key());
                let mut found = map.range(range).map(|found| found.into_pair());
                entry(if down { found.next_back() } else { found.next() })
            }
            _ => {
                map.clear_new();
                vec![]
            }
        });
    }
    answers
}

fn set(memory: Memory, commands: &[Command]) -> Vec<Answer> {
    let mut set = BTreeSet::<Vec<u8>, Memory>::init(memory);
    let mut answers = vec![];
    for command in commands {
        let key = command.argument(0).to_vec();
        // As a map to nothing answers.
        let there = |there: bool| if there { vec![vec![]] } else { vec![] };
        let pair = |key: Option<Vec<u8>>| key.map_or(vec![], |key| vec![key, vec![]]);
        answers.push(match command.letter {
            b'I' => there(!set.insert(key)),
            b'R' => there(set.remove(&key)),
            b'G' => there(set.contains(&key)),
            b'H' => number(set.contains(&key).into()),
            b'N' => number(set.len()),
            b'F' => pair(set.first()),
            b'E' => pair(set.last()),
            b'f' => pair(set.pop_first()),
            b'l' => pair(set.pop_last()),
            b'S' => {
                let (lower, upper, down) = bounds(command);
                let mut found: Vec<_> = set.range((lower, upper)).map(|key| vec![key, vec![]]).collect();
                if down {
                    found.reverse();
                }
                found.concat()
            }
            b'B' => {
                let (range, down) = range_beside(command, key);
                let mut found = set.range(range);
                pair(if down { found.last() } else { found.next() })
            }
            _ => {
                set.clear();
                vec![]
            }
        });
    }
    answers
}

fn vec<T: Storable>(memory: Memory, commands: &[Command]) -> Vec<Answer> {
    let vec = StableVec::<T, Memory>::init(memory);
    let mut answers = vec![];
    for command in commands {
        answers.push(match command.letter {
            b'A' => {
                vec.push(&read(command.argument(0)));
                vec![]
            }
            b'T' => {
                let there = command.number(0) < vec.len();
                if there {
                    vec.set(command.number(0), &read(command.argument(1)));
                }
                number(there.into())
            }
            b'O' => one(vec.pop()),
            b'G' => one(vec.get(command.number(0))),
            _ => number(vec.len()),
        });
    }
    answers
}

fn log(index: Memory, data: Memory, commands: &[Command]) -> Vec<Answer> {
    let log = Log::<Vec<u8>, Memory, Memory>::init(index, data);
    let mut answers = vec![];
    for command in commands {
        answers.push(match command.letter {
            b'A' => number(done(log.append(&command.argument(0).to_vec()))),
            b'G' => one(log.get(command.number(0))),
            _ => number(log.len()),
        });
    }
    answers
}

fn done<T, E: Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:?}"),
    }
}

fn cell(memory: Memory, commands: &[Command]) -> Vec<Answer> {
    let mut cell = Cell::<Vec<u8>, Memory>::init(memory, vec![]);
    let mut answers = vec![];
    for command in commands {
        answers.push(match command.letter {
            b'T' => {
                cell.set(command.argument(0).to_vec());
                vec![]
            }
            _ => vec![cell.get().clone()],
        });
    }
    answers
}

fn heap(memory: Memory, commands: &[Command]) -> Vec<Answer> {
    let mut heap = MinHeap::<[u8; 8], Memory>::init(memory);
    let mut answers = vec![];
    for command in commands {
        answers.push(match command.letter {
            b'A' => {
                heap.push(&read(command.argument(0)));
                vec![]
            }
            b'O' => one(heap.pop()),
            b'G' => one(heap.peek()),
            _ => number(heap.len()),
        });
    }
    answers
}
