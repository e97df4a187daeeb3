//! Stable structures: what `basilisk.stable` calls.
//!
//! Every function but `structure_define` takes the structure's number first.  Failures before anything was
//! changed are exceptions (`StableError`); those after are traps, so that the message rolls back.

use super::arguments::{bytes, exactly, optional, text, type_error, u64, value_error};
use super::{codec, context_error, stable_error};
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::context::{self, ALL};
use crate::ic0;
use crate::structures::keys::{tuple, Key};
use crate::structures::lifecycle;
use crate::structures::registry::{self, Definition, Kind, Opened, State};
use crate::structures::tags;
use crate::structures::values::Value;
use alloc::string::ToString;
use alloc::vec::Vec;
use basilisk_stable::cell;
use basilisk_stable::cursor::{Cursor, Direction};
use basilisk_stable::map::Map;
use basilisk_stable::memory::{Fault, Memory};
use core::ops::Bound;

/// Bytes after which a step of an iteration ends.
const STEP_BYTES: usize = 64 * 1024;
/// Key of the number of elements in a heap that is kept in a map.
const TOTAL: &[u8] = b"";

fn number(value: Borrowed<'_>) -> PyResult<usize> {
    if value.is_none() {
        context::check("a method of a stable structure", ALL).map_err(|text| context_error(&text))?;
        return Err(context_error("this structure was not declared when the canister was built"));
    }
    let number = u64(value)? as usize;
    let definition = registry::definition(number).ok_or_else(|| value_error("no such structure"))?;
    let name = Kind::name(definition.kind as u8);
    context::check(name, ALL).map_err(|text| context_error(&text))?;
    Ok(number)
}

fn definition(number: usize) -> PyResult<&'static Definition> {
    registry::definition(number).ok_or_else(|| value_error("no such structure"))
}

/// The outcome of work that changes nothing.
fn read<T>(number: usize, work: impl FnOnce(Opened<'_, '_>) -> Result<T, Fault>) -> PyResult<T> {
    registry::with(number, true, work).map_err(|fault| stable_error(&fault.to_string()))
}

/// The outcome of work that changes something.
fn change<T>(number: usize, work: impl FnOnce(Opened<'_, '_>) -> Result<T, Fault>) -> PyResult<T> {
    // Opening fails before anything is changed.
    read(number, |_| Ok(()))?;
    Ok(registry::with(number, true, work).unwrap_or_else(|fault| fatal(&fault)))
}

#[cold]
fn fatal(fault: &Fault) -> ! {
    ic0::trap(["a change of stable memory could not be completed: ", &fault.to_string()].concat().as_bytes())
}

fn map(state: &mut State) -> Result<&mut Map, Fault> {
    match state {
        State::Map(map) => Ok(map),
        _ => Err(registry::wrong_kind()),
    }
}

/// The value that the bytes are, or the default.
fn value_or(value: &Value, bytes: Option<Vec<u8>>, default: Borrowed<'_>) -> PyResult<Owned> {
    match bytes {
        Some(bytes) => value.decode(&bytes),
        None => Ok(default.to_owned()),
    }
}

/// `structure_define(kind, ids, key, value, previous, texts)`: at build time.
///
/// A key is a description (see `keys`); a value is a description, or a tuple with the number of a plan.  The
/// texts are those of key, value and previous value.
fn structure_define(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [kind, ids, key, value, previous, texts] = exactly(arguments)?;
    let kind = Kind::of(u64(*kind)?).ok_or_else(|| value_error("no such kind of structure"))?;
    let id = |id: Borrowed<'_>| u8::try_from(u64(id)?).map_err(|_| value_error("a memory id from 0 to 249 expected"));
    let ids = match ids.tuple_items() {
        Some([first, second]) => (id(*first)?, id(*second)?),
        _ => return Err(type_error("two memory ids expected")),
    };
    let (key_text, value_text, previous_text) = match texts.tuple_items() {
        Some([key, value, previous]) => (text(*key)?, text(*value)?, text(*previous)?),
        _ => return Err(type_error("three texts expected")),
    };
    let tagged = |value: Value, text: &str| {
        let tag = match &value {
            Value::Candid(plan) => tags::write(kind as u8, true, key_text, text, plan.header()),
            // What a plain value is, its type's text says.
            Value::Plain(_) => tags::write(kind as u8, false, key_text, text, text.as_bytes()),
        };
        (value, tag)
    };
    let (value, tag) = tagged(parse_value(*value)?, value_text);
    let previous = optional(*previous).map(parse_value).transpose()?.map(|value| tagged(value, previous_text));
    let definition = Definition { kind, ids, key: Key::parse(*key)?, value, previous, tag };
    Owned::uint(registry::define(definition) as u64)
}

fn parse_value(description: Borrowed<'_>) -> PyResult<Value> {
    match description.tuple_items() {
        Some([plan]) if plan.int().is_some() => Ok(Value::Candid(codec::plan(*plan)?)),
        _ => Ok(Value::Plain(Key::parse(description)?)),
    }
}

fn structure_len(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    if definition.kind == Kind::Log {
        return log_work(number, |log, _| Ok(log.len())).and_then(Owned::uint);
    }
    let length = read(number, |opened| match opened.state {
        State::Map(map) if definition.kind == Kind::Heap => total(map, opened.memory),
        State::Map(map) => Ok(map.len()),
        State::Array(array) => Ok(array.len()),
        State::Heap(heap) => Ok(heap.array().len()),
        State::Cell => Ok(u64::from(cell::get(opened.memory)?.is_some())),
        State::Log(_) => Err(registry::wrong_kind()),
    })?;
    Owned::uint(length)
}

fn structure_clear(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    change(number(*number_)?, |opened| match opened.state {
        State::Map(map) => map.clear(opened.memory),
        State::Array(array) => array.clear(opened.memory),
        State::Heap(heap) => heap.clear(opened.memory),
        State::Cell | State::Log(_) => Err(registry::wrong_kind()),
    })?;
    Ok(Owned::none())
}

// ---- maps and sets ---------------------------------------------------------------------------------------

/// `structure_get(number, key, default)`
fn structure_get(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, key, default] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let key = definition.key.encode(*key)?;
    let bytes = read(number, |opened| map(opened.state)?.get(opened.memory, &key))?;
    value_or(&definition.value, bytes, *default)
}

/// `structure_contains(number, key)`
fn structure_contains(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, key] = exactly(arguments)?;
    let number = number(*number_)?;
    let key = definition(number)?.key.encode(*key)?;
    read(number, |opened| map(opened.state)?.contains(opened.memory, &key)).map(Owned::bool)
}

/// `structure_insert(number, key, value, default)`: the old value, or the default.
fn structure_insert(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, key, value, default] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let (key, value) = (definition.key.encode(*key)?, definition.value.encode(*value)?);
    let old = change(number, |opened| map(opened.state)?.insert(opened.memory, &key, value))?;
    value_or(&definition.value, old, *default)
}

/// `structure_set(number, key, value)`
fn structure_set(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, key, value] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let (key, value) = (definition.key.encode(*key)?, definition.value.encode(*value)?);
    change(number, |opened| map(opened.state)?.insert(opened.memory, &key, value))?;
    Ok(Owned::none())
}

/// `structure_remove(number, key, default)`: the value, or the default.
fn structure_remove(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, key, default] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let key = definition.key.encode(*key)?;
    let old = change(number, |opened| map(opened.state)?.remove(opened.memory, &key))?;
    value_or(&definition.value, old, *default)
}

/// `structure_pop_item(number, last)`: a key and its value, or `None`.
fn structure_pop_item(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, last] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let last = last.as_bool().unwrap_or(false);
    match change(number, |opened| map(opened.state)?.pop(opened.memory, last))? {
        Some((key, value)) => {
            Owned::tuple([definition.key.decode(&key)?, definition.value.decode(&value)?])
        }
        None => Ok(Owned::none()),
    }
}

/// `structure_changes(number)`: a number that differs after every change of a map.
fn structure_changes(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    read(number(*number_)?, |opened| Ok(map(opened.state)?.changes())).and_then(Owned::uint)
}

/// `structure_key(number, key)`: the key's bytes, as `structure_scan` takes them.
fn structure_key(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, key] = exactly(arguments)?;
    Owned::bytes(&definition(number(*number_)?)?.key.encode(*key)?)
}

/// `structure_scan(number, parts, from, to, down, most)`: a step of an iteration.
///
/// `parts` is 1 for keys, 2 for values, 3 for both, 7 for both with values of the previous type.  `from` and
/// `to` are `None` or (bytes of a key, whether it belongs to the range).  The answer is (objects, bytes of the
/// last key or `None` at the end, number of changes).
fn structure_scan(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, parts, from, to, down, most] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let (parts, most) = (u64(*parts)?, u64(*most)? as usize);
    let (with_keys, with_values, previous) = (parts & 1 != 0, parts & 2 != 0, parts & 4 != 0);
    let (from, to) = (bound(*from)?, bound(*to)?);
    let down = down.as_bool().unwrap_or(false);
    let direction = if down { Direction::Down } else { Direction::Up };
    let order = definition.key.order();
    // How two keys lie to each other in the direction of the iteration.
    let compare = |left: &[u8], right: &[u8]| {
        if down {
            order.compare(right, left)
        } else {
            order.compare(left, right)
        }
    };
    let beyond = |key: &[u8]| match to {
        Bound::Unbounded => false,
        Bound::Included(limit) => compare(key, limit).is_gt(),
        Bound::Excluded(limit) => compare(key, limit).is_ge(),
    };
    let start = match from {
        Bound::Excluded(key) => Some(key),
        _ => None,
    };
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let work = |opened: Opened<'_, '_>| {
        let map = map(opened.state)?;
        let memory = &*opened.memory;
        let mut cursor = Cursor::place(map, memory, from, direction)?;
        let (mut bytes, mut ended) = (0, true);
        while let Some(entry) = cursor.advance(map, memory, |node, index| {
            let key = node.key(memory, index)?.to_vec();
            if beyond(&key) {
                return Ok(None);
            }
            let before = entries.last().map(|(key, _)| key.as_slice()).or(start);
            if before.is_some_and(|before| compare(before, &key).is_ge()) {
                return Err(Fault::Corrupt("the keys of a B-tree are not in order"));
            }
            let value = if with_values { node.value(memory, index)? } else { Vec::new() };
            Ok(Some((key, value)))
        })? {
            let Some(entry) = entry else { break };
            bytes += entry.0.len() + entry.1.len();
            entries.push(entry);
            if entries.len() >= most || bytes >= STEP_BYTES {
                ended = false;
                break;
            }
        }
        Ok((ended, map.changes()))
    };
    let (ended, changes) =
        registry::with(number, !previous, work).map_err(|fault| stable_error(&fault.to_string()))?;
    let value = match (&definition.previous, previous) {
        (Some((value, _)), true) => value,
        _ => &definition.value,
    };
    let mut objects = Vec::with_capacity(entries.len());
    for (key, bytes) in &entries {
        objects.push(match (with_keys, with_values) {
            (true, true) => Owned::tuple([definition.key.decode(key)?, value.decode(bytes)?])?,
            (true, false) => definition.key.decode(key)?,
            _ => value.decode(bytes)?,
        });
    }
    let last = match entries.last() {
        Some((key, _)) if !ended => Owned::bytes(key)?,
        _ => Owned::none(),
    };
    Owned::tuple([tuple(objects)?, last, Owned::uint(changes)?])
}

fn bound(value: Borrowed<'_>) -> PyResult<Bound<&[u8]>> {
    match value.tuple_items() {
        Some([key, inclusive]) => {
            let key = bytes(*key)?;
            Ok(if inclusive.as_bool() == Some(true) { Bound::Included(key) } else { Bound::Excluded(key) })
        }
        _ => Ok(Bound::Unbounded),
    }
}

// ---- values of an earlier type ---------------------------------------------------------------------------

/// `structure_is_current(number)`: whether the memory holds the type that the program declares.
fn structure_is_current(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    let definition = definition(number(*number_)?)?;
    tags::is_current(definition).map(Owned::bool).map_err(|fault| stable_error(&fault.to_string()))
}

/// `structure_storage(restore, save)`: functions that run before `post_upgrade` and after `pre_upgrade`.
fn structure_storage(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [restore, save] = exactly(arguments)?;
    lifecycle::use_storage(restore.to_owned(), save.to_owned());
    Ok(Owned::none())
}

/// `structure_note(number)`: from now on the memory holds the type that the program declares.
fn structure_note(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    let number = number(*number_)?;
    tags::note(definition(number)?).unwrap_or_else(|fault| fatal(&fault));
    registry::close(number);
    Ok(Owned::none())
}

// ---- lists -----------------------------------------------------------------------------------------------

/// `structure_item(number, index)`: the value, or `None` beyond the end, in a tuple.
fn structure_item(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, index] = exactly(arguments)?;
    let (number, index) = (number(*number_)?, u64(*index)?);
    let definition = definition(number)?;
    let bytes = if definition.kind == Kind::Log {
        log_work(number, |log, memories| log.get(memories, index))?
    } else {
        read(number, |opened| match opened.state {
            State::Array(array) => array.get(opened.memory, index),
            State::Map(map) => map.get(opened.memory, &index.to_be_bytes()),
            _ => Err(registry::wrong_kind()),
        })?
    };
    match bytes {
        Some(bytes) => Owned::tuple([definition.value.decode(&bytes)?]),
        None => Ok(Owned::none()),
    }
}

/// `structure_set_item(number, index, value)`: whether there is such an item.
fn structure_set_item(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, index, value] = exactly(arguments)?;
    let (number, index) = (number(*number_)?, u64(*index)?);
    let value = definition(number)?.value.encode(*value)?;
    let done = change(number, |opened| match opened.state {
        State::Array(array) => array.set(opened.memory, index, &value),
        State::Map(map) if index < map.len() => {
            map.insert(opened.memory, &index.to_be_bytes(), value).map(|_| true)
        }
        State::Map(_) => Ok(false),
        _ => Err(registry::wrong_kind()),
    })?;
    Ok(Owned::bool(done))
}

/// `structure_append(number, value)`: the index of the new item.
fn structure_append(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, value] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let value = definition.value.encode(*value)?;
    if definition.kind == Kind::Log {
        log_work(number, |_, _| Ok(()))?;
        let index = registry::with_log(number, |log, memories| log.append(memories, &value));
        return Owned::uint(index.unwrap_or_else(|fault| fatal(&fault)));
    }
    let index = change(number, |opened| match opened.state {
        State::Array(array) => array.push(opened.memory, &value).map(|()| array.len() - 1),
        State::Map(map) => {
            let index = map.len();
            map.insert(opened.memory, &index.to_be_bytes(), value).map(|_| index)
        }
        _ => Err(registry::wrong_kind()),
    })?;
    Owned::uint(index)
}

/// `structure_pop(number)`: the last item of a list or the first one of a heap, or `None`, in a tuple.
fn structure_pop(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    if definition.kind == Kind::Heap {
        let bytes = change(number, |opened| match opened.state {
            State::Heap(heap) => heap.pop(opened.memory),
            State::Map(map) => pop_smallest(map, opened.memory),
            _ => Err(registry::wrong_kind()),
        })?;
        return element(definition, number, bytes);
    }
    let bytes = change(number, |opened| match opened.state {
        State::Array(array) => array.pop(opened.memory),
        State::Map(map) => Ok(map.pop(opened.memory, true)?.map(|(_, value)| value)),
        _ => Err(registry::wrong_kind()),
    })?;
    match bytes {
        Some(bytes) => Owned::tuple([definition.value.decode(&bytes)?]),
        None => Ok(Owned::none()),
    }
}

fn log_work<T>(
    number: usize,
    work: impl FnOnce(&mut basilisk_stable::log::Log, &mut crate::structures::space::TwoMemories<'_>) -> Result<T, Fault>,
) -> PyResult<T> {
    registry::with_log(number, work).map_err(|fault| stable_error(&fault.to_string()))
}

// ---- heaps -----------------------------------------------------------------------------------------------

/// Elements of one size lie in a heap; others in a map from elements to how often they are there.
fn in_map(number: usize) -> PyResult<bool> {
    read(number, |opened| Ok(matches!(opened.state, State::Map(_))))
}

/// The object of an element's bytes, in a tuple.
fn element(definition: &Definition, number: usize, bytes: Option<Vec<u8>>) -> PyResult<Owned> {
    let Some(bytes) = bytes else { return Ok(Owned::none()) };
    let object = match in_map(number)? {
        true => definition.key.take(&mut bytes.as_slice())?,
        false => definition.key.decode(&bytes)?,
    };
    Owned::tuple([object])
}

fn count<M: Memory>(map: &Map, memory: &M, key: &[u8]) -> Result<u64, Fault> {
    match map.get(memory, key)? {
        Some(bytes) => {
            let bytes = bytes.try_into().map_err(|_| Fault::Corrupt("a count of a heap has the wrong size"))?;
            Ok(u64::from_be_bytes(bytes))
        }
        None => Ok(0),
    }
}

fn total<M: Memory>(map: &Map, memory: &M) -> Result<u64, Fault> {
    count(map, memory, TOTAL)
}

fn smallest<M: Memory>(map: &Map, memory: &M) -> Result<Option<Vec<u8>>, Fault> {
    let mut cursor = Cursor::place(map, memory, Bound::Excluded(TOTAL), Direction::Up)?;
    cursor.advance(map, memory, |node, index| node.key(memory, index).map(<[u8]>::to_vec))
}

fn pop_smallest<M: Memory>(map: &mut Map, memory: &mut M) -> Result<Option<Vec<u8>>, Fault> {
    let Some(key) = smallest(map, memory)? else {
        return Ok(None);
    };
    match count(map, memory, &key)? {
        0 | 1 => map.remove(memory, &key)?,
        more => map.insert(memory, &key, (more - 1).to_be_bytes().to_vec())?,
    };
    let total = total(map, memory)?.saturating_sub(1);
    map.insert(memory, TOTAL, total.to_be_bytes().to_vec())?;
    Ok(Some(key))
}

/// `structure_push(number, element)`
fn structure_push(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, element] = exactly(arguments)?;
    let number = number(*number_)?;
    let definition = definition(number)?;
    let bytes = if in_map(number)? {
        let mut bytes = Vec::new();
        definition.key.put(*element, &mut bytes)?;
        bytes
    } else {
        definition.key.encode(*element)?
    };
    change(number, |opened| match opened.state {
        State::Heap(heap) => heap.push(opened.memory, &bytes),
        State::Map(map) => {
            let more = count(map, opened.memory, &bytes)?.saturating_add(1);
            let total = total(map, opened.memory)?.saturating_add(1);
            map.insert(opened.memory, &bytes, more.to_be_bytes().to_vec())?;
            map.insert(opened.memory, TOTAL, total.to_be_bytes().to_vec()).map(drop)
        }
        _ => Err(registry::wrong_kind()),
    })?;
    Ok(Owned::none())
}

/// `structure_peek(number)`: the smallest element, or `None`, in a tuple.
fn structure_peek(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    let number = number(*number_)?;
    let bytes = read(number, |opened| match opened.state {
        State::Heap(heap) => heap.peek(opened.memory),
        State::Map(map) => smallest(map, opened.memory),
        _ => Err(registry::wrong_kind()),
    })?;
    element(definition(number)?, number, bytes)
}

// ---- cells -----------------------------------------------------------------------------------------------

/// `structure_load(number)`: the value of a cell, or `None`, in a tuple.
fn structure_load(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_] = exactly(arguments)?;
    let number = number(*number_)?;
    match read(number, |opened| cell::get(opened.memory))? {
        Some(bytes) => Owned::tuple([definition(number)?.value.decode(&bytes)?]),
        None => Ok(Owned::none()),
    }
}

/// `structure_store(number, value)`
fn structure_store(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number_, value] = exactly(arguments)?;
    let number = number(*number_)?;
    let bytes = definition(number)?.value.encode(*value)?;
    change(number, |opened| cell::set(opened.memory, &bytes))?;
    Ok(Owned::none())
}

super::functions! {
    c"structure_define" => structure_define,
    c"structure_len" => structure_len,
    c"structure_clear" => structure_clear,
    c"structure_get" => structure_get,
    c"structure_contains" => structure_contains,
    c"structure_insert" => structure_insert,
    c"structure_set" => structure_set,
    c"structure_remove" => structure_remove,
    c"structure_pop_item" => structure_pop_item,
    c"structure_changes" => structure_changes,
    c"structure_key" => structure_key,
    c"structure_scan" => structure_scan,
    c"structure_is_current" => structure_is_current,
    c"structure_storage" => structure_storage,
    c"structure_note" => structure_note,
    c"structure_item" => structure_item,
    c"structure_set_item" => structure_set_item,
    c"structure_append" => structure_append,
    c"structure_pop" => structure_pop,
    c"structure_push" => structure_push,
    c"structure_peek" => structure_peek,
    c"structure_load" => structure_load,
    c"structure_store" => structure_store,
}
