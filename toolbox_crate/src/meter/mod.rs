//! Metering: a module that counts what its instructions cost, as the Internet Computer does.
//!
//! A global counts down.  At the start of each segment of straight code ([`points`]) the segment's cost is
//! taken from it; at the start of functions and loops, and by instructions whose cost depends on an operand,
//! code stops when it is below zero.  After each `memory.grow` the host is asked whether it may be.
//!
//! Whatever is added comes behind what the module has: types, functions, one table, globals, exports, a local
//! in each function.  So no index of the module changes, and its instructions are copied as they are.  The
//! host's function is called through the added table for the same reason: an import would move all functions.
//!
//! | export | is |
//! |---|---|
//! | `c` | the counter, an i64 |
//! | `x` | an i32 that is 1 once code has stopped with `unreachable` because the counter was below zero |
//! | `h` | a table, whose only slot is for the host's function `(result of memory.grow, pages) -> result` |
//! | `o` and a number | the counter again; the number is that of the operators which the network compiles |
//!
//! Sources: the replica's `wasm_utils/instrumentation.rs`, mid 2026.

mod code;
mod points;
mod weights;
mod wire;

use alloc::vec::Vec;

use wasmparser::{
    BinaryReader, FunctionBody, ImportSectionReader, MemorySectionReader, TypeRef, TypeSectionReader,
};

use code::Added;
use points::{Insert, Points};
use wire::{read, sized, unsigned};

const HEADER: usize = 8;
const TYPE: u8 = 1;
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const TABLE: u8 = 4;
const MEMORY: u8 = 5;
const GLOBAL: u8 = 6;
const EXPORT: u8 = 7;
const CODE: u8 = 10;
/// The order of sections, which is not that of their numbers.
const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
/// What the network's compilation counts for a global.
const OPERATORS_OF_A_GLOBAL: u64 = 2;

/// Meter `module`, which is valid and has no custom sections (they are left out), no imported memory, table
/// or global.  `None` if it cannot be read.
///
/// The number of operators is what the network counts when it compiles the module: the instructions of all
/// functions, with those that it inserts there for metering, and two for each global.
pub fn meter(module: &[u8]) -> Option<Vec<u8>> {
    let sections = Sections::split(module)?;
    let wide = sections.wide()?;
    let imported = sections.imported_functions()?;
    let added = Added {
        wide,
        types: sections.count(TYPE)?,
        functions: imported + sections.count(FUNCTION)?,
        table: sections.count(TABLE)?,
        counter: sections.count(GLOBAL)?,
    };
    let (bodies, operators) = rewrite(&sections, &added)?;
    let mut functions: Vec<(u32, Vec<u8>)> = added.bodies().into();
    if sections.payload(MEMORY).is_none() {
        functions.pop(); // nothing grows, and the function would name a memory that is not there
    }

    let mut out = module[..HEADER].to_vec();
    for id in ORDER {
        let changed = match id {
            TYPE => sections.appended(id, &added.types())?,
            FUNCTION => sections
                .appended(id, &functions.iter().map(|(type_, _)| number(*type_)).collect::<Vec<_>>())?,
            TABLE => sections.appended(id, &[alloc::vec![0x70, 1, 1, 1]])?,
            GLOBAL => sections.appended(id, &Added::globals())?,
            EXPORT => {
                let operators = operators + OPERATORS_OF_A_GLOBAL * u64::from(added.counter);
                let exports = [
                    export("h", 1, added.table),
                    export("c", 3, added.counter),
                    export("x", 3, added.counter + 1),
                    export(&alloc::format!("o{operators}"), 3, added.counter),
                ];
                sections.appended(id, &exports)?
            }
            CODE => joined(sections.count(CODE)?, &bodies, &functions),
            _ => match sections.payload(id) {
                Some(payload) => payload.to_vec(),
                None => continue,
            },
        };
        out.push(id);
        sized(&mut out, &changed);
    }
    Some(out)
}

/// All bodies, each with its size, and how many instructions the network would compile.
fn rewrite(sections: &Sections<'_>, added: &Added) -> Option<(Vec<u8>, u64)> {
    let Some((mut rest, count)) = sections.items(CODE)? else {
        return Some((Vec::new(), 0));
    };
    let parameters = sections.parameters()?;
    let (mut types, _) = sections.items(FUNCTION)??;
    let (mut out, mut operators) = (Vec::with_capacity(rest.len() * 2), 0);
    let mut body = Vec::new();
    for _ in 0..count {
        let (type_, behind) = read(types)?;
        types = behind;
        let (size, behind) = read(rest)?;
        let (bytes, behind) = behind.split_at_checked(size as usize)?;
        rest = behind;
        let points = Points::of(&FunctionBody::new(BinaryReader::new(bytes, 0)), added.wide).ok()?;
        operators += points.operators;
        body.clear();
        let mut copied = 0;
        let local = locals(&mut body, bytes, &mut copied)?.checked_add(*parameters.get(type_ as usize)?)?;
        for (place, insert) in points.places {
            body.extend_from_slice(&bytes[copied..place]);
            added.emit(&mut body, insert, local);
            copied = place + if let Insert::Grow(length) = insert { length } else { 0 };
        }
        body.extend_from_slice(&bytes[copied..]);
        sized(&mut out, &body);
    }
    Some((out, operators))
}

/// Copy the declarations of locals to `out` and add one of an i64; how many there were, and in `end` where
/// the declarations end.
fn locals(out: &mut Vec<u8>, bytes: &[u8], end: &mut usize) -> Option<u32> {
    let (groups, declarations) = read(bytes)?;
    let (mut rest, mut count) = (declarations, 0_u32);
    for _ in 0..groups {
        let (more, behind) = read(rest)?;
        count = count.checked_add(more)?;
        rest = behind.get(1..)?; // value types that are accepted have one byte
    }
    *end = bytes.len() - rest.len();
    unsigned(out, u64::from(groups) + 1);
    out.extend_from_slice(&declarations[..declarations.len() - rest.len()]);
    out.extend_from_slice(&[1, 0x7E]);
    Some(count)
}

fn joined(count: u32, bodies: &[u8], added: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut out = number(count + added.len() as u32);
    out.extend_from_slice(bodies);
    for (_, body) in added {
        sized(&mut out, body);
    }
    out
}

fn number(value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    unsigned(&mut out, value.into());
    out
}

fn export(name: &str, kind: u8, index: u32) -> Vec<u8> {
    let mut out = Vec::new();
    sized(&mut out, name.as_bytes());
    out.push(kind);
    unsigned(&mut out, index.into());
    out
}

/// Payloads of the sections by their number.
struct Sections<'a>([Option<&'a [u8]>; 14]);

impl<'a> Sections<'a> {
    fn split(module: &'a [u8]) -> Option<Self> {
        let mut found = Self([None; 14]);
        let mut rest = module.get(HEADER..)?;
        while let Some((&id, behind)) = rest.split_first() {
            let (size, behind) = read(behind)?;
            let (payload, behind) = behind.split_at_checked(size as usize)?;
            if id != 0 {
                *found.0.get_mut(usize::from(id))? = Some(payload);
            }
            rest = behind;
        }
        Some(found)
    }

    fn payload(&self, id: u8) -> Option<&'a [u8]> {
        self.0[usize::from(id)]
    }

    /// The items of a section, if it is there, and their number.
    #[allow(clippy::type_complexity)]
    fn items(&self, id: u8) -> Option<Option<(&'a [u8], u32)>> {
        match self.payload(id) {
            None => Some(None),
            Some(payload) => read(payload).map(|(count, items)| Some((items, count))),
        }
    }

    fn count(&self, id: u8) -> Option<u32> {
        Some(self.items(id)?.map_or(0, |(_, count)| count))
    }

    fn appended(&self, id: u8, more: &[Vec<u8>]) -> Option<Vec<u8>> {
        let (items, count) = self.items(id)?.unwrap_or_default();
        let mut out = number(count + more.len() as u32);
        out.extend_from_slice(items);
        for item in more {
            out.extend_from_slice(item);
        }
        Some(out)
    }

    fn wide(&self) -> Option<bool> {
        let Some(payload) = self.payload(MEMORY) else { return Some(false) };
        let reader = MemorySectionReader::new(BinaryReader::new(payload, 0)).ok()?;
        let first = reader.into_iter().next();
        Some(first.transpose().ok()?.is_some_and(|memory| memory.memory64))
    }

    fn imported_functions(&self) -> Option<u32> {
        let Some(payload) = self.payload(IMPORT) else { return Some(0) };
        let reader = ImportSectionReader::new(BinaryReader::new(payload, 0)).ok()?;
        let mut count = 0;
        for import in reader.into_imports() {
            match import.ok()?.ty {
                TypeRef::Func(_) => count += 1,
                _ => return None,
            }
        }
        Some(count)
    }

    /// The number of parameters of each type.
    fn parameters(&self) -> Option<Vec<u32>> {
        let Some(payload) = self.payload(TYPE) else { return Some(Vec::new()) };
        let reader = TypeSectionReader::new(BinaryReader::new(payload, 0)).ok()?;
        reader.into_iter_err_on_gc_types().map(|type_| Some(type_.ok()?.params().len() as u32)).collect()
    }
}
