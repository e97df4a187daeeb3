//! The type table of a message: `DIDL`, the table, the types of the values.
//!
//! Everything the specification asks of a table is checked here, so that the rest of the codec
//! may index without further tests: references in range, no primitive or future type where it must not
//! be, field ids increasing, method names increasing and UTF-8, methods of function type.

use super::reader::Reader;
use alloc::vec::Vec;

/// Codes of the types that have no entry in the table, and opcodes of those that do.
pub mod code {
    #![allow(missing_docs)]
    pub const NULL: i32 = -1;
    pub const BOOL: i32 = -2;
    pub const NAT: i32 = -3;
    pub const INT: i32 = -4;
    pub const NAT8: i32 = -5;
    pub const NAT16: i32 = -6;
    pub const NAT32: i32 = -7;
    pub const NAT64: i32 = -8;
    pub const INT8: i32 = -9;
    pub const INT16: i32 = -10;
    pub const INT32: i32 = -11;
    pub const INT64: i32 = -12;
    pub const FLOAT32: i32 = -13;
    pub const FLOAT64: i32 = -14;
    pub const TEXT: i32 = -15;
    pub const RESERVED: i32 = -16;
    pub const EMPTY: i32 = -17;
    pub const OPT: i32 = -18;
    pub const VEC: i32 = -19;
    pub const RECORD: i32 = -20;
    pub const VARIANT: i32 = -21;
    pub const FUNC: i32 = -22;
    pub const SERVICE: i32 = -23;
    pub const PRINCIPAL: i32 = -24;
}

/// A type: an index into the table, or a negative code.
pub type TypeRef = i32;

/// A stretch of [`Table::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

/// A field of a record or variant, an argument or result of a function (`id` is 0), or a method of
/// a service (`id` is an index into [`Table::names`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Field id, or index of a name.
    pub id: u32,
    /// Its type.
    pub ty: TypeRef,
}

/// One entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `opt T`
    Opt(TypeRef),
    /// `vec T`
    Vec(TypeRef),
    /// `record { … }`
    Record(Span),
    /// `variant { … }`
    Variant(Span),
    /// `func`: arguments, results, set of annotations (bit n for annotation n).
    Func(Span, Span, u8),
    /// `service { … }`
    Service(Span),
    /// A type of a later version of Candid: its values say how long they are.
    Future,
}

/// The types of a message.
#[derive(Default)]
pub struct Table<'m> {
    /// The composite types.
    pub entries: Vec<Entry>,
    /// Fields of all entries.
    pub fields: Vec<Field>,
    /// Method names of all services.
    pub names: Vec<&'m [u8]>,
    /// Types of the values.
    pub values: Vec<TypeRef>,
}

/// What is wrong with a table.
pub type Fault = &'static str;

const CUT_OFF: Fault = "the type table ends too early or holds a number that is too large";
const NO_TYPE: Fault = "the type table refers to a type that does not exist";

impl<'m> Table<'m> {
    /// Reads the header of a message, up to the first value.
    pub fn parse(reader: &mut Reader<'m>) -> Result<Self, Fault> {
        if reader.array() != Some(*b"DIDL") {
            return Err("the message does not start with DIDL");
        }
        let mut table = Table::default();
        let count = length(reader, 2)?;
        table.entries.reserve(count);
        for _ in 0..count {
            let entry = table.entry(reader, count)?;
            table.entries.push(entry);
        }
        table.check_services()?;
        let arguments = length(reader, 1)?;
        table.values.reserve(arguments);
        for _ in 0..arguments {
            table.values.push(type_ref(reader, count)?);
        }
        Ok(table)
    }

    fn entry(&mut self, reader: &mut Reader<'m>, count: usize) -> Result<Entry, Fault> {
        match reader.sleb_i32().ok_or(CUT_OFF)? {
            code::OPT => Ok(Entry::Opt(type_ref(reader, count)?)),
            code::VEC => Ok(Entry::Vec(type_ref(reader, count)?)),
            code::RECORD => Ok(Entry::Record(self.labelled(reader, count)?)),
            code::VARIANT => Ok(Entry::Variant(self.labelled(reader, count)?)),
            code::FUNC => {
                let arguments = self.sequence(reader, count)?;
                let results = self.sequence(reader, count)?;
                Ok(Entry::Func(arguments, results, annotations(reader)?))
            }
            code::SERVICE => Ok(Entry::Service(self.methods(reader, count)?)),
            opcode if opcode < code::PRINCIPAL => {
                let size = reader.leb_usize().ok_or(CUT_OFF)?;
                reader.take(size).ok_or(CUT_OFF)?;
                Ok(Entry::Future)
            }
            _ => Err("the type table holds something else than a composite type"),
        }
    }

    fn labelled(&mut self, reader: &mut Reader<'m>, count: usize) -> Result<Span, Fault> {
        let start = self.fields.len();
        for _ in 0..length(reader, 2)? {
            let id = reader.leb_u32().ok_or("a field id does not fit 32 bits")?;
            if self.fields.len() > start && self.fields[self.fields.len() - 1].id >= id {
                return Err("field ids are not in increasing order");
            }
            let ty = type_ref(reader, count)?;
            self.fields.push(Field { id, ty });
        }
        Ok(self.span(start))
    }

    fn sequence(&mut self, reader: &mut Reader<'m>, count: usize) -> Result<Span, Fault> {
        let start = self.fields.len();
        for _ in 0..length(reader, 1)? {
            let ty = type_ref(reader, count)?;
            self.fields.push(Field { id: 0, ty });
        }
        Ok(self.span(start))
    }

    fn methods(&mut self, reader: &mut Reader<'m>, count: usize) -> Result<Span, Fault> {
        let start = self.fields.len();
        for index in 0..length(reader, 2)? {
            let size = reader.leb_usize().ok_or(CUT_OFF)?;
            let name = reader.take(size).ok_or(CUT_OFF)?;
            if core::str::from_utf8(name).is_err() {
                return Err("a method name is not UTF-8");
            }
            if index > 0 && self.names[self.names.len() - 1] >= name {
                return Err("method names are not in increasing order");
            }
            let ty = type_ref(reader, count)?;
            self.fields.push(Field { id: self.names.len() as u32, ty });
            self.names.push(name);
        }
        Ok(self.span(start))
    }

    /// Method types may come later in the table than the service, hence after all entries.
    fn check_services(&self) -> Result<(), Fault> {
        for entry in &self.entries {
            if let Entry::Service(methods) = entry {
                for method in self.fields(*methods) {
                    if !matches!(self.entry_of(method.ty), Some(Entry::Func(..))) {
                        return Err("a method of a service type is not a function");
                    }
                }
            }
        }
        Ok(())
    }

    fn span(&self, start: usize) -> Span {
        Span { start: start as u32, end: self.fields.len() as u32 }
    }

    /// The fields of a span of this table.
    #[inline]
    pub fn fields(&self, span: Span) -> &[Field] {
        &self.fields[span.start as usize..span.end as usize]
    }

    /// The entry of a composite type; `None` for a primitive type.
    #[inline]
    pub fn entry_of(&self, ty: TypeRef) -> Option<Entry> {
        usize::try_from(ty).ok().map(|index| self.entries[index])
    }

    /// The keyword of a type, for messages.
    pub fn keyword(&self, ty: TypeRef) -> &'static str {
        match self.entry_of(ty) {
            None => primitive_keyword(ty),
            Some(Entry::Opt(_)) => "opt",
            Some(Entry::Vec(inner)) if inner == code::NAT8 => "blob",
            Some(Entry::Vec(_)) => "vec",
            Some(Entry::Record(_)) => "record",
            Some(Entry::Variant(_)) => "variant",
            Some(Entry::Func(..)) => "func",
            Some(Entry::Service(_)) => "service",
            Some(Entry::Future) => "a type of a later Candid version",
        }
    }
}

/// The keyword of a type without an entry.
pub fn primitive_keyword(ty: TypeRef) -> &'static str {
    const KEYWORDS: [&str; 17] = [
        "null", "bool", "nat", "int", "nat8", "nat16", "nat32", "nat64", "int8", "int16", "int32", "int64",
        "float32", "float64", "text", "reserved", "empty",
    ];
    usize::try_from(-1 - ty).ok().and_then(|index| KEYWORDS.get(index)).unwrap_or(&"principal")
}

/// A number of things that take at least `unit` bytes each; more than the message can hold is refused.
fn length(reader: &mut Reader<'_>, unit: usize) -> Result<usize, Fault> {
    let count = reader.leb_usize().ok_or(CUT_OFF)?;
    if count > reader.remaining() / unit {
        return Err(CUT_OFF);
    }
    Ok(count)
}

fn type_ref(reader: &mut Reader<'_>, count: usize) -> Result<TypeRef, Fault> {
    let ty = reader.sleb_i32().ok_or(CUT_OFF)?;
    match ty {
        0.. if (ty as usize) < count => Ok(ty),
        code::EMPTY..=code::NULL | code::PRINCIPAL => Ok(ty),
        _ => Err(NO_TYPE),
    }
}

fn annotations(reader: &mut Reader<'_>) -> Result<u8, Fault> {
    let mut set = 0;
    for _ in 0..length(reader, 1)? {
        let bit = match reader.byte() {
            Some(annotation @ 1..=3) => 1 << annotation,
            _ => return Err("a function type has an unknown annotation"),
        };
        if set & bit != 0 {
            return Err("a function type has an annotation twice");
        }
        set |= bit;
    }
    Ok(set)
}
