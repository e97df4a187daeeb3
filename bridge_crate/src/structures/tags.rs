//! What lies in each memory, so that nothing else is mistaken for it.
//!
//! The memory with the id [`TAGS`] holds a map from memory ids to tags:
//!
//! | bytes | hold |
//! |--:|---|
//! | 1 | version, 1 |
//! | 1 | kind of structure |
//! | 1 | 1 if values are Candid messages |
//! | 2 + n | type of the keys as text |
//! | 2 + n | type of the values as text |
//! | | what Candid messages of the values' type start with |
//!
//! Memories that a program in another language filled have no tag; they get one when they are first opened.

use super::registry::Definition;
use super::space::with_memory;
use super::values::Value;
use crate::candid;
use alloc::string::String;
use alloc::vec::Vec;
use basilisk_stable::map::{Map, Sizes};
use basilisk_stable::memory::Fault;
use basilisk_stable::node::Order;

/// The memory of the tags.
pub const TAGS: u8 = 254;
const VERSION: u8 = 1;
const UNREADABLE: Fault = Fault::Corrupt("the tag of a memory cannot be read");

/// The parts of a tag.
#[derive(PartialEq, Eq)]
struct Tag<'a> {
    kind: u8,
    candid: bool,
    key: &'a str,
    value: &'a str,
    header: &'a [u8],
}

/// Writes a tag.
pub fn write(kind: u8, is_candid: bool, key: &str, value: &str, header: &[u8]) -> Vec<u8> {
    let mut tag = alloc::vec![VERSION, kind, is_candid.into()];
    for text in [key, value] {
        let text = &text.as_bytes()[..text.floor_boundary(u16::MAX.into())];
        tag.extend_from_slice(&(text.len() as u16).to_le_bytes());
        tag.extend_from_slice(text);
    }
    tag.extend_from_slice(header);
    tag
}

/// Cutting texts at a length.
trait Cut {
    fn floor_boundary(&self, most: usize) -> usize;
}

impl Cut for str {
    fn floor_boundary(&self, most: usize) -> usize {
        (0..=most.min(self.len())).rev().find(|end| self.is_char_boundary(*end)).unwrap_or(0)
    }
}

fn read(tag: &[u8]) -> Option<Tag<'_>> {
    let ([VERSION, kind, is_candid], rest) = tag.split_first_chunk::<3>()? else {
        return None;
    };
    let (key, rest) = text(rest)?;
    let (value, header) = text(rest)?;
    Some(Tag { kind: *kind, candid: *is_candid != 0, key, value, header })
}

fn text(rest: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = rest.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    Some((core::str::from_utf8(text).ok()?, rest))
}

/// Compares a memory's tag with what the program declares, and notes the declaration if it has none or an
/// older one whose values can still be read.
///
/// Fails with [`Fault::Foreign`], which names both.
pub fn check(definition: &Definition) -> Result<(), Fault> {
    with_memory(TAGS, |memory| {
        let mut tags = Map::open(memory, Order::Bytes, Sizes::Fixed(1), Sizes::Any)?;
        for (id, tag) in definition.tags() {
            match tags.get(memory, &[id])? {
                Some(old) if old == tag => continue,
                Some(old) if is_previous(definition, &old)? => {
                    let holds = describe(&read(&old).ok_or(UNREADABLE)?);
                    return Err(Fault::Foreign(alloc::format!(
                        "stable memory {id} still holds a {holds}: call migrate() in @post_upgrade, before \
                         anything else is done with the structure"
                    )));
                }
                Some(old) => compare(definition, id, &old, &tag)?,
                None => {}
            }
            tags.insert(memory, &[id], tag)?;
        }
        Ok(())
    })
}

/// Whether a structure's memory holds values of the type that the program declares now; false if they are of
/// the previous one.
///
/// Fails with [`Fault::Foreign`] if they are of neither.
pub fn is_current(definition: &Definition) -> Result<bool, Fault> {
    with_memory(TAGS, |memory| {
        let tags = Map::open(memory, Order::Bytes, Sizes::Fixed(1), Sizes::Any)?;
        let (id, tag) = definition.tags().remove(0);
        match tags.get(memory, &[id])? {
            Some(old) if old != tag => {
                if is_previous(definition, &old)? {
                    return Ok(false);
                }
                compare(definition, id, &old, &tag).map(|()| true)
            }
            _ => Ok(true),
        }
    })
}

/// Whether a memory with that tag holds values of the declared previous type, or of a subtype.
fn is_previous(definition: &Definition, old: &[u8]) -> Result<bool, Fault> {
    let Some((value, tag)) = &definition.previous else { return Ok(false) };
    let (Some(old), Some(tag)) = (read(old), read(tag)) else { return Err(UNREADABLE) };
    Ok(fits(&old, &tag, value))
}

/// Whether values in a memory with an old tag can be read as those of a new one.
fn fits(old: &Tag<'_>, new: &Tag<'_>, value: &Value) -> bool {
    let same = old.kind == new.kind && old.key == new.key && old.candid == new.candid;
    let readable = || match value {
        Value::Candid(plan) => candid::accepts(plan, old.header),
        Value::Plain(_) => false,
    };
    same && (old.header == new.header || readable())
}

/// Notes what the program declares, whatever was there before.
pub fn note(definition: &Definition) -> Result<(), Fault> {
    with_memory(TAGS, |memory| {
        let mut tags = Map::open(memory, Order::Bytes, Sizes::Fixed(1), Sizes::Any)?;
        for (id, tag) in definition.tags() {
            tags.insert(memory, &[id], tag)?;
        }
        Ok(())
    })
}

fn compare(definition: &Definition, id: u8, old: &[u8], new: &[u8]) -> Result<(), Fault> {
    let (Some(old), Some(new)) = (read(old), read(new)) else {
        return Err(UNREADABLE);
    };
    if fits(&old, &new, &definition.value) {
        return Ok(());
    }
    let text = [
        "stable memory ",
        &alloc::format!("{id}"),
        " holds a ",
        &describe(&old),
        ", but the program declares a ",
        &describe(&new),
        ": use another memory id, or declare the old type with previous= and call migrate()",
    ];
    Err(Fault::Foreign(text.concat()))
}

fn describe(tag: &Tag<'_>) -> String {
    let name = super::registry::Kind::name(tag.kind);
    match tag.key {
        "" => [name, " of ", tag.value].concat(),
        key if tag.value.is_empty() => [name, " of ", key].concat(),
        key => [name, " from ", key, " to ", tag.value].concat(),
    }
}
