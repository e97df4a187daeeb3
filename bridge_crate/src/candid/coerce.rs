//! Reads values whose type is the message's, as values of the plan's type.
//!
//! The rules are those of the Candid specification ("Coercion"), applied to the value as it is
//! read: an empty vec fits any vec, a variant is judged by the tag it has. When the content of an opt
//! does not fit, the opt is null; then the bytes are read once more, to get past them and to check them.
//! Such a failure is caught by the innermost opt, so that no byte is tried twice; malformed bytes, too much
//! work and too deep nesting are never caught.

use super::build;
use super::decode::Decoder;
use super::error::{Fail, Problem, Segment, Step};
use super::plan::{Func, Items, Map, Node, NodeId, Opt, Record, Service, Tuple, Variant};
use super::skip::minimum;
use super::subtype::{Refusal, Tables};
use super::table::{code, Entry, Field, Table, TypeRef};
use crate::capi::object::Owned;
use crate::capi::PyObject;

impl<'p, 'm> Decoder<'p, 'm> {
    /// Decodes a message whose header is not one of the plan's.
    #[cold]
    pub(super) fn other_message(&mut self, out: &mut [*mut PyObject], done: &mut usize) -> Step<()> {
        let table = match Table::parse(&mut self.reader) {
            Ok(table) => table,
            Err(fault) => return Err(self.fail(Problem::Table(fault))),
        };
        let plan = self.plan;
        for (index, root) in plan.roots.iter().enumerate() {
            let node = plan.node(*root);
            let value = match table.values.get(index) {
                Some(ty) => self.coerce(&table, *ty, node)?,
                None if node.is_optional() => Owned::none(),
                None => return Err(self.fail(Problem::MissingValue(node.keyword()))),
            };
            out[index] = value.into_raw();
            *done += 1;
        }
        let expected = plan.arity().min(table.values.len());
        for ty in &table.values[expected..] {
            if self.skip(&table, *ty).is_err() {
                *done = usize::MAX;
                return Err(Fail);
            }
        }
        self.end(done)
    }

    fn mismatch(&mut self, table: &Table<'m>, ty: TypeRef, node: &Node) -> Fail {
        // A value of the type empty cannot be in a message: no opt recovers from it.
        if ty == code::EMPTY {
            return self.fail(Problem::Plain("the type empty has no values"));
        }
        self.fail(Problem::Mismatch(node.keyword(), table.keyword(ty)))
    }

    /// Reads a value of type `ty` as a value of the node's type.
    fn coerce(&mut self, table: &Table<'m>, ty: TypeRef, node: &'p Node) -> Step<Owned> {
        self.pay(1)?;
        match (node, table.entry_of(ty)) {
            (Node::Opt(opt), _) => self.coerce_opt(table, ty, *opt),
            (Node::Reserved, _) => {
                self.skip(table, ty)?;
                Ok(Owned::none())
            }
            (Node::Vec(items), Some(Entry::Vec(item))) => self.coerce_vec(table, item, items),
            (Node::Map(map), Some(Entry::Vec(item))) => self.coerce_map(table, item, map, node),
            (Node::Blob, Some(Entry::Vec(code::NAT8))) => self.blob(),
            (Node::Blob, Some(Entry::Vec(item))) => match self.number("the length of a vec")? {
                0 => self.check(Owned::bytes(&[])),
                _ => Err(self.fail(Problem::Mismatch("blob", table.keyword(item)))),
            },
            (Node::Record(record), Some(Entry::Record(fields))) => {
                self.coerce_record(table, table.fields(fields), record)
            }
            (Node::Tuple(tuple), Some(Entry::Record(fields))) => {
                self.coerce_tuple(table, table.fields(fields), tuple)
            }
            (Node::Variant(variant), Some(Entry::Variant(alternatives))) => {
                self.coerce_variant(table, table.fields(alternatives), variant)
            }
            (Node::Func(func), Some(Entry::Func(..))) => self.coerce_func(table, ty, func),
            (Node::Service(service), Some(Entry::Service(_))) => self.coerce_service(table, ty, service),
            (Node::Principal(maker), Some(Entry::Service(_))) => self.principal(maker),
            (Node::Int, None) if ty == code::NAT => self.nat(),
            (_, None) if leaf_code(node) == Some(ty) => self.leaf(node),
            _ => Err(self.mismatch(table, ty, node)),
        }
    }

    /// Reads a value of any type as an opt.
    #[inline(never)]
    fn coerce_opt(&mut self, table: &Table<'m>, mut ty: TypeRef, mut opt: Opt) -> Step<Owned> {
        // How many opts with something in them, of those that wrap, are around.
        let mut wrappers = 0;
        // Opts of the plan entered without reading: more than there are nodes is a type that
        // consists of opts alone, into which nothing but null fits.
        let mut free = 0;
        loop {
            self.pay(1)?;
            match table.entry_of(ty) {
                None if ty == code::NULL || ty == code::RESERVED => return self.nothing(wrappers),
                Some(Entry::Future) => {
                    self.skip(table, ty)?;
                    return self.nothing(wrappers);
                }
                Some(Entry::Opt(content)) => {
                    if !self.opt_tag()? {
                        return self.nothing(wrappers);
                    }
                    ty = content;
                    free = 0;
                }
                _ => free += 1,
            }
            let node = self.plan.node(opt.content);
            let Node::Opt(next) = node else {
                return self.coerce_or_null(table, ty, node, wrappers);
            };
            if free > self.plan.nodes.len() {
                return Err(self.fail(Problem::Plain("the opt type has no end")));
            }
            wrappers += 1;
            opt = *next;
        }
    }

    /// The content of the innermost of several opts: what does not fit becomes null.
    fn coerce_or_null(&mut self, table: &Table<'m>, ty: TypeRef, node: &'p Node, around: usize) -> Step<Owned> {
        let (position, depth, parts) = (self.reader.position(), self.depth, self.parts.len());
        match self.coerce(table, ty, node) {
            Err(_) if self.trouble.is_soft() => {
                self.reader.rewind(position);
                self.depth = depth;
                self.parts.truncate(parts);
                self.trouble.path.clear();
                self.skip(table, ty)?;
                self.nothing(around)
            }
            Ok(_) if matches!(node, Node::Null | Node::Reserved) => self.nothing(around + 1),
            result => result,
        }
    }

    /// The count of a vec whose elements are of the type `item`.
    fn wire_count(&mut self, table: &Table<'m>, item: TypeRef) -> Step<usize> {
        self.count(minimum(table, item), 1)
    }

    #[inline(never)]
    fn coerce_vec(&mut self, table: &Table<'m>, wire: TypeRef, items: &Items) -> Step<Owned> {
        let count = self.wire_count(table, wire)?;
        self.descend()?;
        let item = self.plan.node(items.item);
        let list = self.list(count, |decoder| decoder.coerce(table, wire, item));
        self.depth -= 1;
        list
    }

    #[inline(never)]
    fn coerce_map(&mut self, table: &Table<'m>, wire: TypeRef, map: &'p Map, node: &'p Node) -> Step<Owned> {
        let count = self.wire_count(table, wire)?;
        let fields = match table.entry_of(wire) {
            Some(Entry::Record(fields)) => table.fields(fields),
            _ if count == 0 => &[],
            _ => return Err(self.mismatch(table, wire, node)),
        };
        // Two levels: the vec, and the record of an entry.
        self.depth += 1;
        self.descend()?;
        let dict = self.check(Owned::dict())?;
        for index in 0..count {
            let expected = [
                Expected { id: 0, node: map.key, optional: map.optional[0], segment: Segment::MapKey(index) },
                Expected { id: 1, node: map.value, optional: map.optional[1], segment: Segment::Index(index) },
            ];
            self.merge(table, fields, expected.into_iter())?;
            if let (Some(value), Some(key)) = (self.parts.pop(), self.parts.pop()) {
                let set = dict.borrow().dict_set(key.borrow(), value.borrow());
                self.check(set)?;
            }
        }
        self.depth -= 2;
        Ok(dict)
    }

    #[inline(never)]
    fn coerce_record(&mut self, table: &Table<'m>, wire: &[Field], record: &'p Record) -> Step<Owned> {
        self.descend()?;
        let expected = record.fields.iter().map(|field| Expected {
            id: field.id,
            node: field.node,
            optional: field.optional,
            segment: Segment::Key(field.key.borrow()),
        });
        self.merge(table, wire, expected)?;
        self.depth -= 1;
        let object = build::record(record, &mut self.parts);
        self.check(object)
    }

    #[inline(never)]
    fn coerce_tuple(&mut self, table: &Table<'m>, wire: &[Field], tuple: &'p Tuple) -> Step<Owned> {
        self.descend()?;
        let expected = tuple.items.iter().enumerate().map(|(index, &(node, optional))| Expected {
            id: index as u32,
            node,
            optional,
            segment: Segment::Index(index),
        });
        self.merge(table, wire, expected)?;
        self.depth -= 1;
        let object = build::tuple(&mut self.parts, tuple.items.len());
        self.check(object)
    }

    /// Walks the fields of the message and those of the plan side by side, both sorted by id, and
    /// puts one part for each expected field on the stack.
    fn merge(
        &mut self,
        table: &Table<'m>,
        wire: &[Field],
        expected: impl Iterator<Item = Expected<'p>>,
    ) -> Step<()> {
        let mut wire = wire.iter().peekable();
        for field in expected {
            while let Some(extra) = wire.next_if(|own| own.id < field.id) {
                self.skip(table, extra.ty)?;
            }
            let value = match wire.next_if(|own| own.id == field.id) {
                Some(own) => match self.coerce(table, own.ty, self.plan.node(field.node)) {
                    Ok(value) => value,
                    Err(_) => return Err(self.trouble.at(field.segment)),
                },
                None if field.optional => Owned::none(),
                None => {
                    return Err(self.fail(match field.segment {
                        Segment::Key(key) => Problem::MissingField(key),
                        _ => Problem::MissingItem(field.id as usize),
                    }))
                }
            };
            self.parts.push(value);
        }
        wire.try_for_each(|extra| self.skip(table, extra.ty))
    }

    #[inline(never)]
    fn coerce_variant(&mut self, table: &Table<'m>, wire: &[Field], variant: &'p Variant) -> Step<Owned> {
        let index = self.number("the index of a variant")?;
        let Some(own) = wire.get(index) else {
            return Err(self.fail(Problem::OutOfRange("the index of a variant")));
        };
        let Ok(place) = variant.alternatives.binary_search_by_key(&own.id, |one| one.id) else {
            return Err(self.fail(Problem::UnknownTag(own.id)));
        };
        let alternative = &variant.alternatives[place];
        self.descend()?;
        let payload = match self.coerce(table, own.ty, self.plan.node(alternative.node)) {
            Ok(payload) => payload,
            Err(_) => return Err(self.trouble.at(Segment::Key(alternative.key.borrow()))),
        };
        self.depth -= 1;
        let object = build::alternative(alternative, payload);
        self.check(object)
    }

    /// Whether the reference's type is a subtype of the plan's.
    fn subtype(&mut self, table: &Table<'m>, ty: TypeRef, own: TypeRef, what: &'static str) -> Step<()> {
        let tables = Tables { wire: table, own: &self.plan.table };
        match self.subtyping.check(tables, ty, own, &mut self.budget) {
            Ok(()) => Ok(()),
            Err(Refusal::NotSubtype) => Err(self.fail(Problem::NotSubtype(what))),
            Err(Refusal::Budget) => self.pay(usize::MAX),
        }
    }

    #[inline(never)]
    fn coerce_func(&mut self, table: &Table<'m>, ty: TypeRef, func: &'p Func) -> Step<Owned> {
        self.subtype(table, ty, func.ty, "func")?;
        self.func(func)
    }

    #[inline(never)]
    fn coerce_service(&mut self, table: &Table<'m>, ty: TypeRef, service: &'p Service) -> Step<Owned> {
        self.subtype(table, ty, service.ty, "service")?;
        self.service(service)
    }
}

/// A field that the plan wants.
struct Expected<'p> {
    id: u32,
    node: NodeId,
    optional: bool,
    segment: Segment<'p>,
}

/// The code of a type without parts that [`Decoder::leaf`] reads.
fn leaf_code(node: &Node) -> Option<TypeRef> {
    match node {
        Node::Null => Some(code::NULL),
        Node::Bool => Some(code::BOOL),
        Node::Nat => Some(code::NAT),
        Node::Int => Some(code::INT),
        Node::Fixed(fixed) => Some(fixed.code()),
        Node::Float32 => Some(code::FLOAT32),
        Node::Float64 => Some(code::FLOAT64),
        Node::Text => Some(code::TEXT),
        Node::Principal(_) => Some(code::PRINCIPAL),
        _ => None,
    }
}
