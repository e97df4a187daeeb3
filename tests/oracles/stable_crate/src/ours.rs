//! Commands on the structures of `basilisk-stable`.

use crate::requests::{beside, bounds, Answer, Command, Place};
use basilisk_stable::array::{self, Array};
use basilisk_stable::cell;
use basilisk_stable::cursor::{Cursor, Direction};
use basilisk_stable::heap::Heap;
use basilisk_stable::log::{Log, Pair};
use basilisk_stable::manager::{Manager, Region};
use basilisk_stable::map::{Map, Sizes};
use basilisk_stable::node::Order;
use basilisk_stable::{Fault, Memory};
use std::ops::Bound;

struct Two<'a> {
    manager: &'a mut Manager,
    base: &'a mut Vec<u8>,
    ids: (u8, u8),
}

impl Pair for Two<'_> {
    type Lent<'a>
        = Region<'a, Vec<u8>>
    where
        Self: 'a;

    fn index(&mut self) -> Self::Lent<'_> {
        self.manager.memory(self.base, self.ids.0)
    }

    fn data(&mut self) -> Self::Lent<'_> {
        self.manager.memory(self.base, self.ids.1)
    }
}

/// Runs the commands on a structure, which is opened anew.
pub fn work(base: &mut Vec<u8>, place: &Place, commands: &[Command]) -> Result<Vec<Answer>, Fault> {
    let mut manager = Manager::open(base, place.bucket)?;
    if place.kind == "log" {
        let mut memories = Two { manager: &mut manager, base, ids: (place.first, place.second) };
        let mut log = Log::open(&mut memories)?;
        return commands.iter().map(|command| on_log(&mut log, &mut memories, command)).collect();
    }
    let memory = &mut manager.memory(base, place.first);
    let map = |memory: &mut _, order, keys, values| -> Result<Vec<Answer>, Fault> {
        let mut map = Map::open(memory, order, keys, values)?;
        commands.iter().map(|command| on_map(&mut map, memory, command)).collect()
    };
    let array = |memory: &mut _, sizes| -> Result<Vec<Answer>, Fault> {
        let mut array = Array::open(memory, array::MAGIC, sizes)?;
        commands.iter().map(|command| on_array(&mut array, memory, command)).collect()
    };
    match &place.kind[..] {
        "map" => map(memory, Order::Bytes, Sizes::Any, Sizes::Any),
        "u64 map" => map(memory, Order::Bytes, Sizes::Fixed(8), Sizes::Fixed(8)),
        "principal map" => map(memory, Order::LengthFirst, Sizes::Bounded(29), Sizes::Fixed(8)),
        "set" => map(memory, Order::Bytes, Sizes::Any, Sizes::Bounded(0)),
        "vec" => array(memory, Sizes::Fixed(8)),
        "blob vec" => array(memory, Sizes::Bounded(300)),
        "cell" => commands.iter().map(|command| on_cell(memory, command)).collect(),
        "heap" => {
            let mut heap = Heap::open(memory, Sizes::Fixed(8))?;
            commands.iter().map(|command| on_heap(&mut heap, memory, command)).collect()
        }
        _ => Err(Fault::Foreign("no such kind".into())),
    }
}

fn entry(entry: Option<(Vec<u8>, Vec<u8>)>) -> Answer {
    entry.map_or(vec![], |(key, value)| vec![key, value])
}

fn number(number: u64) -> Answer {
    vec![number.to_le_bytes().to_vec()]
}

fn on_map<M: Memory>(map: &mut Map, memory: &mut M, command: &Command) -> Result<Answer, Fault> {
    let key = command.argument(0);
    let end = |memory: &M, map: &Map, direction| {
        let mut cursor = Cursor::place(map, memory, Bound::Unbounded, direction)?;
        cursor.advance(map, memory, |node, index| {
            Ok((node.key(memory, index)?.to_vec(), node.value(memory, index)?))
        })
    };
    Ok(match command.letter {
        b'I' => Vec::from_iter(map.insert(memory, key, command.argument(1).to_vec())?),
        b'R' => Vec::from_iter(map.remove(memory, key)?),
        b'G' => Vec::from_iter(map.get(memory, key)?),
        b'H' => number(map.contains(memory, key)?.into()),
        b'N' => number(map.len()),
        b'F' => entry(end(memory, map, Direction::Up)?),
        b'E' => entry(end(memory, map, Direction::Down)?),
        b'f' => entry(map.pop(memory, false)?),
        b'l' => entry(map.pop(memory, true)?),
        b'X' => {
            map.clear(memory)?;
            vec![]
        }
        b'S' => scan(map, memory, command)?,
        b'B' => {
            let (inclusive, down) = beside(command);
            let direction = if down { Direction::Down } else { Direction::Up };
            entry(map.neighbour(memory, key, inclusive, direction)?)
        }
        _ => return Err(Fault::Foreign("no such command".into())),
    })
}

fn scan<M: Memory>(map: &Map, memory: &M, command: &Command) -> Result<Answer, Fault> {
    let (lower, upper, down) = bounds(command);
    let (from, to) = if down { (&upper, &lower) } else { (&lower, &upper) };
    let direction = if down { Direction::Down } else { Direction::Up };
    let mut cursor = Cursor::place(map, memory, from.as_ref().map(Vec::as_slice), direction)?;
    let order = map.order();
    let mut found: Answer = vec![];
    while let Some((key, value)) = cursor.advance(map, memory, |node, index| {
        Ok((node.key(memory, index)?.to_vec(), node.value(memory, index)?))
    })? {
        let compare = |limit: &[u8]| {
            if down {
                order.compare(limit, &key)
            } else {
                order.compare(&key, limit)
            }
        };
        let beyond = match to {
            Bound::Unbounded => false,
            Bound::Included(limit) => compare(limit).is_gt(),
            Bound::Excluded(limit) => compare(limit).is_ge(),
        };
        // A damaged map may lead in circles; the bridge sees by the keys' order that it does.
        if beyond || found.len() > 20_000 {
            break;
        }
        found.extend([key, value]);
    }
    Ok(found)
}

fn on_array<M: Memory>(array: &mut Array, memory: &mut M, command: &Command) -> Result<Answer, Fault> {
    Ok(match command.letter {
        b'A' => {
            array.push(memory, command.argument(0))?;
            vec![]
        }
        b'T' => number(array.set(memory, command.number(0), command.argument(1))?.into()),
        b'O' => Vec::from_iter(array.pop(memory)?),
        b'G' => Vec::from_iter(array.get(memory, command.number(0))?),
        b'N' => number(array.len()),
        _ => return Err(Fault::Foreign("no such command".into())),
    })
}

fn on_log(log: &mut Log, memories: &mut Two<'_>, command: &Command) -> Result<Answer, Fault> {
    Ok(match command.letter {
        b'A' => number(log.append(memories, command.argument(0))?),
        b'G' => Vec::from_iter(log.get(memories, command.number(0))?),
        b'N' => number(log.len()),
        _ => return Err(Fault::Foreign("no such command".into())),
    })
}

fn on_cell<M: Memory>(memory: &mut M, command: &Command) -> Result<Answer, Fault> {
    Ok(match command.letter {
        b'T' => {
            cell::set(memory, command.argument(0))?;
            vec![]
        }
        b'G' => vec![cell::get(memory)?.unwrap_or_default()],
        _ => return Err(Fault::Foreign("no such command".into())),
    })
}

fn on_heap<M: Memory>(heap: &mut Heap, memory: &mut M, command: &Command) -> Result<Answer, Fault> {
    Ok(match command.letter {
        b'A' => {
            heap.push(memory, command.argument(0))?;
            vec![]
        }
        b'O' => Vec::from_iter(heap.pop(memory)?),
        b'G' => Vec::from_iter(heap.peek(memory)?),
        b'N' => number(heap.array().len()),
        _ => return Err(Fault::Foreign("no such command".into())),
    })
}
