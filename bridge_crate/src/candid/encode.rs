//! Writes Python objects as values of the plan's types.
//!
//! Reading an object may run Python code (attributes, iteration), which may change the very
//! containers that are being walked. Hence: a container's items are looked up one by one with the bounds
//! checked, each is held by a reference of our own while it is written, and a container whose
//! size changes meanwhile is an error.

use super::error::{extend, is_shown, key_text, push_number, EncodeError, Error, Fail, Segment};
use super::limits::{MAX_DEPTH, MAX_OPTS};
use super::output::Output;
use super::plan::{Alternative, Alternatives, Attributes, Field, Fixed, Map, Node, NodeId, Opt, Plan, Record, Style, Tuple, Variant};
use crate::capi::layout::{Py_TPFLAGS_BYTES_SUBCLASS, Py_TPFLAGS_DICT_SUBCLASS, Py_TPFLAGS_UNICODE_SUBCLASS};
use crate::capi::object::{clear_exception, take_exception, Borrowed, Owned, PyResult};
use alloc::string::String;
use alloc::vec::Vec;

/// Result of a step of encoding.
pub(super) type Step<T = ()> = Result<T, Fail>;

/// The state of encoding one message.
pub struct Encoder<'p, 'o> {
    pub(super) plan: &'p Plan,
    pub(super) out: Output<'o>,
    depth: u32,
    /// What went wrong, once something has.
    message: String,
    /// Where, from the inside out.
    path: Vec<Place<'p>>,
}

/// A step on the way to the place of a failure.
enum Place<'p> {
    Plan(Segment<'p>),
    /// A key that only the user's dict knows, as text.
    Named(String),
}

impl<'p, 'o> Encoder<'p, 'o> {
    /// An encoder that appends to `out`.
    #[inline(always)]
    pub fn new(plan: &'p Plan, out: &'o mut Vec<u8>) -> Self {
        let out = Output::new(out);
        Encoder { plan, out, depth: 0, message: String::new(), path: Vec::new() }
    }

    /// Writes the whole message.
    #[inline]
    pub fn run(mut self, values: &[Borrowed<'_>]) -> Result<(), EncodeError> {
        let start = self.out.len();
        self.out.bytes(self.plan.header);
        let plan = self.plan;
        for (index, (value, root)) in values.iter().zip(&plan.roots).enumerate() {
            if self.value(plan.node(*root), *value).is_err() {
                self.out.truncate(start);
                return Err(self.error(index));
            }
        }
        Ok(())
    }

    #[cold]
    fn error(self, index: usize) -> EncodeError {
        let mut path = String::new();
        for (index, place) in self.path.iter().rev().enumerate() {
            match place {
                _ if !is_shown(&mut path, index, self.path.len()) => {}
                Place::Plan(segment) => segment.write(&mut path),
                Place::Named(text) => extend(&mut path, &["[", text, "]"]),
            }
        }
        EncodeError(Error { value: Some(index), arity: self.plan.arity(), path, message: self.message })
    }

    #[cold]
    pub(super) fn fail(&mut self, pieces: &[&str]) -> Fail {
        self.message.clear();
        extend(&mut self.message, pieces);
        Fail
    }

    #[cold]
    pub(super) fn at(&mut self, segment: Segment<'p>) -> Fail {
        self.path.push(Place::Plan(segment));
        Fail
    }

    /// `expected nat, got str`
    #[cold]
    pub(super) fn unexpected(&mut self, expected: &str, value: Borrowed<'_>) -> Fail {
        self.fail(&["expected ", expected, ", got ", value.type_name()])
    }

    /// A Python exception becomes a failure with its text.
    #[inline(always)]
    pub(super) fn check<T>(&mut self, result: PyResult<T>) -> Step<T> {
        match result {
            Ok(value) => Ok(value),
            Err(_) => Err(self.raised()),
        }
    }

    #[cold]
    pub(super) fn raised(&mut self) -> Fail {
        self.message.clear();
        super::error::describe_exception(&mut self.message);
        Fail
    }

    /// Goes one level down; the caller goes up again with `self.depth -= 1`.
    #[inline(always)]
    fn descend(&mut self) -> Step {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail(&["the value is nested too deeply (or contains itself)"]));
        }
        Ok(())
    }

    /// Writes a part of a container: the most frequent leaves without a call.
    #[inline(always)]
    fn part(&mut self, node: &'p Node, value: Borrowed<'_>) -> Step {
        match node {
            Node::Fixed(fixed) => self.fixed(*fixed, value),
            Node::Nat => self.nat(value),
            Node::Text => self.text(value),
            _ => self.value(node, value),
        }
    }

    /// Writes an object as a value of the node's type.
    fn value(&mut self, mut node: &'p Node, value: Borrowed<'_>) -> Step {
        let mut opts = 0;
        loop {
            return match node {
                Node::Opt(opt) => {
                    if value.is_none() {
                        self.out.byte(0);
                        return Ok(());
                    }
                    if self.plan.is_some(value) {
                        return self.unwrapped(*opt, value);
                    }
                    opts += 1;
                    if opts > self.plan.nodes.len() {
                        return Err(self.fail(&["the opt type has no end"]));
                    }
                    self.out.byte(1);
                    node = self.plan.node(opt.content);
                    continue;
                }
                Node::Vec(items) => self.vec(items.item, value),
                Node::Record(record) => self.record(record, value),
                Node::Tuple(tuple) => self.tuple(tuple, value),
                Node::Map(map) => self.map(map, value),
                Node::Variant(variant) => self.variant(variant, value),
                leaf => self.leaf(leaf, value),
            };
        }
    }

    /// Writes a `Some(…)`, which stands for an opt with something in it; and those in it.
    #[cold]
    fn unwrapped(&mut self, mut opt: Opt, value: Borrowed<'_>) -> Step {
        let mut value = value.to_owned();
        for _ in 0..MAX_OPTS {
            let content = value.borrow().attr_object(self.plan.names.value.borrow());
            value = self.check(content)?;
            self.out.byte(1);
            match self.plan.node(opt.content) {
                Node::Opt(inner) if self.plan.is_some(value.borrow()) => opt = *inner,
                node => return self.value(node, value.borrow()),
            }
        }
        Err(self.fail(&["too many opts are nested (or one contains itself)"]))
    }

    #[inline(never)]
    fn vec(&mut self, item: NodeId, value: Borrowed<'_>) -> Step {
        if value.is_list_or_tuple() {
            return self.sequence(item, value);
        }
        // Text and dicts can be iterated too, but hardly anybody means that.
        let other = Py_TPFLAGS_UNICODE_SUBCLASS | Py_TPFLAGS_DICT_SUBCLASS | Py_TPFLAGS_BYTES_SUBCLASS;
        if value.has_feature(other) || !value.is_iterable() {
            return Err(self.unexpected("list", value));
        }
        let list = self.check(value.iterate())?;
        self.sequence(item, list.borrow())
    }

    fn sequence(&mut self, item: NodeId, value: Borrowed<'_>) -> Step {
        self.descend()?;
        let node = self.plan.node(item);
        let count = value.sequence_len();
        self.out.leb(count as u64);
        // A loop of its own for the most frequent leaves: the kind is looked at once.
        match node {
            Node::Fixed(fixed) => self.numbers(*fixed, value),
            Node::Nat => self.leaves(value, Self::nat),
            Node::Int => self.leaves(value, Self::int),
            Node::Bool => self.leaves(value, Self::bool),
            Node::Text => self.leaves(value, Self::text),
            _ => self.items(node, value, count),
        }?;
        self.depth -= 1;
        Ok(())
    }

    /// Items whose writing runs no Python code, except for the text of an error.
    #[inline(always)]
    fn leaves(&mut self, value: Borrowed<'_>, write: impl Fn(&mut Self, Borrowed<'_>) -> Step) -> Step {
        // SAFETY: integers, bools and strings are read in place; when one does not fit, the slice
        // is not used again.
        for (index, item) in unsafe { value.items_now() }.iter().enumerate() {
            if write(self, *item).is_err() {
                return Err(self.at(Segment::Index(index)));
            }
        }
        Ok(())
    }

    /// Numbers of a fixed size; for each size a loop of its own.
    fn numbers(&mut self, fixed: Fixed, value: Borrowed<'_>) -> Step {
        self.out.reserve(value.sequence_len().saturating_mul(fixed.size.into()));
        macro_rules! numbers {
            ($size:literal, $signed:literal, $int:ty) => {
                self.leaves(value, |encoder, item| {
                    let number = encoder.number(Fixed { size: $size, signed: $signed }, item)?;
                    encoder.out.array((number as $int).to_le_bytes());
                    Ok(())
                })
            };
        }
        match (fixed.size, fixed.signed) {
            (1, false) => numbers!(1, false, u8),
            (1, true) => numbers!(1, true, u8),
            (2, false) => numbers!(2, false, u16),
            (2, true) => numbers!(2, true, u16),
            (4, false) => numbers!(4, false, u32),
            (4, true) => numbers!(4, true, u32),
            (_, false) => numbers!(8, false, u64),
            (_, true) => numbers!(8, true, u64),
        }
    }

    fn items(&mut self, node: &'p Node, value: Borrowed<'_>, count: usize) -> Step {
        for index in 0..count {
            let Some(item) = value.sequence_item(index) else {
                return Err(self.fail(&["the list changed its size while it was read"]));
            };
            if self.value(node, item.borrow()).is_err() {
                return Err(self.at(Segment::Index(index)));
            }
        }
        match value.sequence_len() == count {
            true => Ok(()),
            false => Err(self.fail(&["the list changed its size while it was read"])),
        }
    }

    #[inline(never)]
    fn tuple(&mut self, tuple: &'p Tuple, value: Borrowed<'_>) -> Step {
        if !value.is_list_or_tuple() {
            return Err(self.unexpected("tuple", value));
        }
        let count = tuple.items.len();
        if value.sequence_len() != count {
            let (mut expected, mut found) = (String::new(), String::new());
            push_number(&mut expected, count as u64);
            push_number(&mut found, value.sequence_len() as u64);
            return Err(self.fail(&["expected ", &expected, " items, got ", &found]));
        }
        self.descend()?;
        for (index, (node, _)) in tuple.items.iter().enumerate() {
            let Some(item) = value.sequence_item(index) else {
                return Err(self.fail(&["the list changed its size while it was read"]));
            };
            if self.value(self.plan.node(*node), item.borrow()).is_err() {
                return Err(self.at(Segment::Index(index)));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    #[inline(never)]
    fn record(&mut self, record: &'p Record, value: Borrowed<'_>) -> Step {
        self.descend()?;
        match &record.style {
            Style::Dict(_) => self.dict_record(record, value)?,
            Style::Attributes(attributes) => self.attribute_record(record, attributes, value)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn dict_record(&mut self, record: &'p Record, value: Borrowed<'_>) -> Step {
        if !value.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            return Err(self.unexpected("dict", value));
        }
        let mut found = 0;
        // SAFETY: see `held_elsewhere`; after fields whose writing may run Python code the entries are looked for again.
        let mut entries = unsafe { value.dict_entries() };
        for field in &record.fields {
            let item = entries.find(field.key.borrow(), &field.place);
            let written = match item {
                Some(item) => {
                    found += 1;
                    self.held_elsewhere(self.plan.node(field.node), item)
                }
                None => self.field_by_text(field, value, &mut found)?,
            };
            if written.is_err() {
                return Err(self.at(Segment::Key(field.key.borrow())));
            }
            if item.is_none() || !field.kind.is_plain() {
                // SAFETY: as before.
                entries = unsafe { value.dict_entries() };
            }
        }
        if value.dict_len() != found {
            return Err(self.unknown_field(record, value));
        }
        Ok(())
    }

    /// Writes a value that only its container holds: used by writers that run no Python code (but for the text of an
    /// error, after which nothing is read), or held first.
    #[inline(always)]
    fn held_elsewhere(&mut self, node: &'p Node, item: Borrowed<'_>) -> Step {
        match node {
            Node::Fixed(fixed) => self.fixed(*fixed, item),
            Node::Nat => self.nat(item),
            Node::Int => self.int(item),
            Node::Text => self.text(item),
            Node::Bool => self.bool(item),
            node => {
                let item = item.to_owned();
                self.value(node, item.borrow())
            }
        }
    }

    /// A field whose key is another object than the plan's, or which is missing.
    #[inline(never)]
    fn field_by_text(&mut self, field: &'p Field, value: Borrowed<'_>, found: &mut usize) -> Step<Step> {
        let item = value.dict_get(field.key.borrow());
        let item = match self.check(item)? {
            Some(item) => {
                *found += 1;
                item
            }
            None if field.optional => Owned::none(),
            None => return Err(self.fail(&["missing field ", key_text(field.key.borrow())])),
        };
        Ok(self.value(self.plan.node(field.node), item.borrow()))
    }

    /// A dict with a key that is not a field: most likely a slip of the pen.
    #[cold]
    fn unknown_field(&mut self, record: &Record, value: Borrowed<'_>) -> Fail {
        let Ok(keys) = value.iterate() else { return self.raised() };
        for index in 0..keys.borrow().sequence_len() {
            let Some(key) = keys.borrow().sequence_item(index) else { break };
            let known = |text: &str| record.fields.iter().any(|field| key_text(field.key.borrow()) == text);
            match key.borrow().text() {
                Some(Ok(text)) if known(text) => {}
                Some(Ok(text)) => return self.fail(&["unknown field ", text]),
                _ => return self.fail(&["a key that is not a name, but ", key.borrow().type_name()]),
            }
        }
        clear_exception();
        self.fail(&["the dict changed while it was read"])
    }

    fn attribute_record(&mut self, record: &'p Record, attributes: &Attributes, value: Borrowed<'_>) -> Step {
        for (number, field) in record.fields.iter().enumerate() {
            if let Some(shape) = &attributes.shape {
                // SAFETY: see `held_elsewhere`.
                if let Some(item) = unsafe { shape.attribute(&value, number) } {
                    if self.held_elsewhere(self.plan.node(field.node), item).is_err() {
                        return Err(self.at(Segment::Key(field.key.borrow())));
                    }
                    continue;
                }
            }
            let item = value.attr_optional(field.key.borrow());
            let Some(item) = self.check(item)? else {
                let class = attributes.class.borrow();
                return Err(match value.is_instance_of(class) {
                    true => self.fail(&["missing attribute ", key_text(field.key.borrow())]),
                    false => {
                        let name = class.class_name();
                        self.unexpected(name, value)
                    }
                });
            };
            if self.part(self.plan.node(field.node), item.borrow()).is_err() {
                return Err(self.at(Segment::Key(field.key.borrow())));
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn map(&mut self, map: &'p Map, value: Borrowed<'_>) -> Step {
        if !value.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            return Err(self.unexpected("dict", value));
        }
        // Two levels: the vec, and the record of an entry.
        self.depth += 1;
        self.descend()?;
        let count = value.dict_len();
        self.out.leb(count as u64);
        let mut position = 0;
        let mut index = 0;
        while let Some((key, item)) = value.dict_next(&mut position) {
            if self.value(self.plan.node(map.key), key.borrow()).is_err() {
                return Err(self.at(Segment::MapKey(index)));
            }
            if self.value(self.plan.node(map.value), item.borrow()).is_err() {
                self.path.push(Place::Named(brief(key.borrow())));
                return Err(Fail);
            }
            index += 1;
        }
        if index != count || value.dict_len() != count {
            return Err(self.fail(&["the dict changed its size while it was read"]));
        }
        self.depth -= 2;
        Ok(())
    }

    #[inline(never)]
    fn variant(&mut self, variant: &'p Variant, value: Borrowed<'_>) -> Step {
        match &variant.style {
            Alternatives::Dict => {}
            Alternatives::Members(class) => return self.member(variant, class.borrow(), value),
            Alternatives::Cases => return self.case(variant, value),
        }
        if !value.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            return Err(self.unexpected("dict with the tag as its key", value));
        }
        if value.dict_len() != 1 {
            return Err(self.fail(&["a variant is a dict with exactly one key"]));
        }
        let Some((tag, payload)) = value.dict_next(&mut 0) else {
            return Err(self.fail(&["a variant is a dict with exactly one key"]));
        };
        let Some(index) = variant.index_of(tag.borrow()) else {
            return Err(match tag.borrow().text() {
                Some(Ok(text)) => self.fail(&["unknown tag ", text]),
                _ => self.unexpected("a tag that is a str", tag.borrow()),
            });
        };
        let alternative = &variant.alternatives[index];
        self.out.leb(index as u64);
        self.descend()?;
        if self.value(self.plan.node(alternative.node), payload.borrow()).is_err() {
            return Err(self.at(Segment::Key(alternative.key.borrow())));
        }
        self.depth -= 1;
        Ok(())
    }

    /// An instance of the class of one of the cases.
    #[inline]
    fn case(&mut self, variant: &'p Variant, value: Borrowed<'_>) -> Step {
        let is_it = |one: &Alternative| one.case.as_ref().is_some_and(|case| value.class_is(case.class()));
        let Some(index) = variant.alternatives.iter().position(is_it) else {
            return Err(self.no_case(variant, value));
        };
        let alternative = &variant.alternatives[index];
        self.out.leb(index as u64);
        if alternative.member.as_ref().is_some_and(|member| member.as_ptr() == value.as_ptr()) {
            return Ok(()); // null and reserved have no bytes
        }
        self.descend()?;
        let node = self.plan.node(alternative.node);
        // SAFETY: see `held_elsewhere`.
        let written = match alternative.case.as_ref().and_then(|case| unsafe { case.content(&value) }) {
            Some(payload) => self.held_elsewhere(node, payload),
            None => {
                let payload = value.attr_object(self.plan.names.value.borrow());
                let payload = self.check(payload)?;
                self.value(node, payload.borrow())
            }
        };
        if written.is_err() {
            return Err(self.at(Segment::Key(alternative.key.borrow())));
        }
        self.depth -= 1;
        Ok(())
    }

    /// `expected Deposit, Move or Close, got dict`
    #[cold]
    fn no_case(&mut self, variant: &Variant, value: Borrowed<'_>) -> Fail {
        const SHOWN: usize = 12;
        let count = variant.alternatives.len();
        let mut names = String::new();
        for (index, one) in variant.alternatives.iter().take(SHOWN).enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == count => " or ",
                _ => ", ",
            };
            extend(&mut names, &[before, key_text(one.key.borrow())]);
        }
        if count > SHOWN {
            names.push_str(", …");
        }
        let is_it = |one: &&Alternative| one.case.as_ref().is_some_and(|case| case.class().as_ptr() == value.as_ptr());
        match variant.alternatives.iter().find(is_it) {
            Some(one) => {
                let name = key_text(one.key.borrow());
                let call = if one.member.is_some() { "()" } else { "(…)" };
                self.fail(&["expected ", &names, ", got the class ", name, ": write ", name, call])
            }
            None => self.unexpected(&names, value),
        }
    }

    /// A member of an enumeration; its payload is null, an opt or reserved.
    fn member(&mut self, variant: &'p Variant, class: Borrowed<'_>, value: Borrowed<'_>) -> Step {
        let is_it = |member: &Owned| member.as_ptr() == value.as_ptr();
        let index = variant.alternatives.iter().position(|one| one.member.as_ref().is_some_and(is_it));
        match index {
            Some(index) => {
                self.out.leb(index as u64);
                self.value(self.plan.node(variant.alternatives[index].node), Owned::none().borrow())
            }
            None => {
                let name = class.class_name();
                Err(self.unexpected(name, value))
            }
        }
    }
}

impl Variant {
    /// The alternative with that tag. Literals in a program are interned, as are the plan's keys:
    /// nearly always the addresses are the same.
    #[inline]
    fn index_of(&self, tag: Borrowed<'_>) -> Option<usize> {
        let same = self.alternatives.iter().position(|one| one.key.as_ptr() == tag.as_ptr());
        same.or_else(|| {
            let text = tag.text()?.ok()?;
            self.alternatives.iter().position(|one| key_text(one.key.borrow()) == text)
        })
    }
}

/// The key of a user's dict in an error's path: short, and without running code for long.
#[cold]
fn brief(key: Borrowed<'_>) -> String {
    const LIMIT: usize = 40;
    let mut text = String::new();
    if let Some(Ok(name)) = key.text() {
        let cut = name.char_indices().nth(LIMIT).map_or(name.len(), |(place, _)| place);
        extend(&mut text, &["\"", &name[..cut], if cut < name.len() { "…\"" } else { "\"" }]);
        return text;
    }
    match key.int().filter(|int| int.digits.len() < 9).map(|_| key.str()) {
        Some(Ok(number)) => extend(&mut text, &[key_text(number.borrow())]),
        _ => extend(&mut text, &[key.type_name()]),
    }
    drop(take_exception());
    text
}
