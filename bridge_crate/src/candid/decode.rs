//! Reads values whose type is the plan's own, which is what most messages hold.
//!
//! A message whose header equals the plan's needs no type table: its values are read by walking
//! the plan. Any other header goes to [`super::coerce`], which shares the readers of leaves here.

use super::build::{self, ListBuilder};
use super::error::{DecodeError, Error, Fail, Problem, Segment, Step, Trouble};
use super::limits::{budget, BASE_BUDGET, MAX_DEPTH, MAX_OPTS};
use super::plan::{Field, Fixed, Items, Kind, Map, Node, NodeId, Plan, Record, Style, Tuple, Variant};
use super::reader::Reader;
use super::subtype::Subtyping;
use crate::capi::object::{Owned, PyResult};
use crate::capi::PyObject;
use alloc::vec::Vec;

/// The state of decoding one message.
pub struct Decoder<'p, 'm> {
    pub(super) plan: &'p Plan,
    pub(super) reader: Reader<'m>,
    /// Parts of containers that are not complete yet.
    pub(super) parts: Vec<Owned>,
    pub(super) depth: u32,
    /// Work left.
    pub(super) budget: usize,
    /// Elements without bytes that vecs may still have.
    free: usize,
    /// Elements with bytes that vecs may still have: each starts at a byte of its own.
    elements: usize,
    pub(super) trouble: Trouble<'p>,
    pub(super) subtyping: Subtyping,
}

impl<'p, 'm> Decoder<'p, 'm> {
    /// A decoder at the start of the message.
    #[inline(always)]
    pub fn new(plan: &'p Plan, message: &'m [u8]) -> Self {
        Decoder {
            plan,
            reader: Reader::new(message),
            parts: Vec::new(),
            depth: 0,
            budget: budget(message.len()),
            free: BASE_BUDGET,
            elements: message.len(),
            trouble: Trouble::none(),
            subtyping: Subtyping::default(),
        }
    }

    /// Decodes the message into as many slots as the plan has values.
    #[inline]
    pub fn run(mut self, out: &mut [*mut PyObject]) -> Result<(), DecodeError> {
        assert_eq!(out.len(), self.plan.arity());
        let mut done = 0;
        let result = match self.own_header() {
            Some(length) => {
                self.reader.rewind(length);
                self.own_values(out, &mut done)
            }
            None => self.other_message(out, &mut done),
        };
        match result {
            Ok(()) => Ok(()),
            Err(Fail) => Err(self.error(out, done)),
        }
    }

    /// The length of the header, when it is one of those the plan knows.
    #[inline(always)]
    fn own_header(&self) -> Option<usize> {
        let message = self.reader.message();
        if starts_with(message, self.plan.header) {
            return Some(self.plan.header.len());
        }
        let other = self.plan.other_header.as_deref()?;
        starts_with(message, other).then_some(other.len())
    }

    #[inline(always)]
    fn own_values(&mut self, out: &mut [*mut PyObject], done: &mut usize) -> Step<()> {
        let plan = self.plan;
        for (slot, root) in out.iter_mut().zip(&plan.roots) {
            *slot = self.value(plan.node(*root))?.into_raw();
            *done += 1;
        }
        self.end(done)
    }

    /// Refuses bytes after the last value.
    #[inline(always)]
    pub(super) fn end(&mut self, done: &mut usize) -> Step<()> {
        match self.reader.remaining() {
            0 => Ok(()),
            rest => {
                // Not the fault of a value.
                *done = usize::MAX;
                Err(self.fail(Problem::Trailing(rest)))
            }
        }
    }

    #[cold]
    fn error(&mut self, out: &mut [*mut PyObject], done: usize) -> DecodeError {
        let made = if done == usize::MAX { out.len() } else { done };
        for slot in &mut out[..made] {
            // SAFETY: the slot holds a reference that decoding gave out.
            drop(unsafe { Owned::from_raw_optional(core::mem::replace(slot, core::ptr::null_mut())) });
        }
        let whole = done == usize::MAX || matches!(self.trouble.problem, Problem::Table(_));
        DecodeError(Error {
            value: (!whole).then_some(done),
            arity: self.plan.arity(),
            path: self.trouble.path_text(),
            message: self.trouble.message(),
        })
    }

    #[cold]
    pub(super) fn fail(&mut self, problem: Problem<'p>) -> Fail {
        self.trouble.set(problem)
    }

    /// A Python exception becomes a failure that no opt recovers from.
    #[inline(always)]
    pub(super) fn check<T>(&mut self, result: PyResult<T>) -> Step<T> {
        match result {
            Ok(value) => Ok(value),
            Err(_) => Err(self.fail(Problem::Raised)),
        }
    }

    /// The bytes asked for, or a failure because the message ends.
    #[inline(always)]
    pub(super) fn need<T>(&mut self, bytes: Option<T>) -> Step<T> {
        match bytes {
            Some(value) => Ok(value),
            None => Err(self.fail(Problem::EndsEarly)),
        }
    }

    /// Pays for work.
    #[inline(always)]
    pub(super) fn pay(&mut self, cost: usize) -> Step<()> {
        match self.budget.checked_sub(cost) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.fail(Problem::Plain("decoding it takes more work than its size allows"))),
        }
    }

    /// Goes one level down; the caller goes up again with `self.depth -= 1`.
    #[inline(always)]
    pub(super) fn descend(&mut self) -> Step<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail(Problem::Plain("the value is nested too deeply")));
        }
        Ok(())
    }

    /// Reads a value of the node's type.
    fn value(&mut self, mut node: &'p Node) -> Step<Owned> {
        let mut wrappers = 0;
        loop {
            return match node {
                Node::Opt(opt) => {
                    if !self.opt_tag()? {
                        return self.nothing(wrappers);
                    }
                    wrappers += usize::from(opt.wraps);
                    node = self.plan.node(opt.content);
                    continue;
                }
                Node::Null | Node::Reserved => self.nothing(wrappers),
                Node::Vec(items) => self.vec(items),
                Node::Record(record) => self.record(record),
                Node::Tuple(tuple) => self.tuple(tuple),
                Node::Map(map) => self.map(map),
                Node::Variant(variant) => self.variant(variant),
                Node::Func(func) => self.func(func),
                Node::Service(service) => self.service(service),
                leaf => self.leaf(leaf),
            };
        }
    }

    /// `None` within that many opts that hold it.
    #[inline(always)]
    pub(super) fn nothing(&mut self, wrappers: usize) -> Step<Owned> {
        match wrappers {
            0 => Ok(Owned::none()),
            _ => self.wrapped(wrappers),
        }
    }

    #[cold]
    fn wrapped(&mut self, wrappers: usize) -> Step<Owned> {
        if wrappers > MAX_OPTS {
            return Err(self.fail(Problem::Plain("too many opts are nested")));
        }
        let mut value = Owned::none();
        if let Some(class) = &self.plan.some {
            for _ in 0..wrappers {
                let wrapper = class.borrow().call(&[value.borrow()]);
                value = self.check(wrapper)?;
            }
        }
        Ok(value)
    }

    /// The count of a vec, compared with what is left of the message before anything is allocated.
    ///
    /// The limits hold for all vecs of a message together: otherwise nested vecs could each claim
    /// the same bytes.
    #[inline(always)]
    pub(super) fn count(&mut self, minimum: usize, weight: usize) -> Step<usize> {
        let count = self.number("the length of a vec")?;
        let left = if minimum == 0 { &mut self.free } else { &mut self.elements };
        let cost = if minimum == 0 { count.saturating_mul(weight) } else { count };
        if cost > *left || (minimum > 0 && count > self.reader.remaining() / minimum) {
            return Err(self.fail(Problem::TooLong(count)));
        }
        *left -= cost;
        Ok(count)
    }

    #[inline(never)]
    fn vec(&mut self, items: &Items) -> Step<Owned> {
        let count = self.count(items.minimum as usize, items.weight as usize)?;
        self.descend()?;
        let item = self.plan.node(items.item);
        // A loop of its own for the most frequent leaves: the kind is looked at once.
        let list = match item {
            Node::Fixed(fixed) => self.numbers(count, *fixed),
            Node::Bool => self.list(count, |decoder| decoder.bool().map(Owned::bool)),
            Node::Nat => self.list(count, Self::nat),
            Node::Int => self.list(count, Self::int),
            Node::Text => self.list(count, Self::text),
            Node::Record(record) => self.list(count, |decoder| decoder.record(record)),
            Node::Variant(variant) => self.list(count, |decoder| decoder.variant(variant)),
            _ => self.list(count, |decoder| decoder.value(item)),
        };
        self.depth -= 1;
        list
    }

    /// A list of `count` numbers.
    fn numbers(&mut self, count: usize, fixed: Fixed) -> Step<Owned> {
        let bytes = self.reader.take(count.saturating_mul(fixed.size.into()));
        let bytes = self.need(bytes)?;
        let list = match (fixed.size, fixed.signed) {
            (1, false) => build::numbers(bytes, |number| Owned::uint(u8::from_le_bytes(number).into())),
            (1, true) => build::numbers(bytes, |number| Owned::int(i8::from_le_bytes(number).into())),
            (2, false) => build::numbers(bytes, |number| Owned::uint(u16::from_le_bytes(number).into())),
            (2, true) => build::numbers(bytes, |number| Owned::int(i16::from_le_bytes(number).into())),
            (4, false) => build::numbers(bytes, |number| Owned::uint(u32::from_le_bytes(number).into())),
            (4, true) => build::numbers(bytes, |number| Owned::int(i32::from_le_bytes(number).into())),
            (_, false) => build::numbers(bytes, |number| Owned::uint(u64::from_le_bytes(number))),
            (_, true) => build::numbers(bytes, |number| Owned::int(i64::from_le_bytes(number))),
        };
        self.check(list)
    }

    /// A list of `count` items.
    #[inline(always)]
    pub(super) fn list(&mut self, count: usize, mut read: impl FnMut(&mut Self) -> Step<Owned>) -> Step<Owned> {
        let mut list = self.check(ListBuilder::new(count))?;
        for index in 0..count {
            match read(self) {
                Ok(value) => list.push(value),
                Err(_) => return Err(self.trouble.at(Segment::Index(index))),
            }
        }
        Ok(list.finish())
    }

    #[inline(never)]
    fn record(&mut self, record: &'p Record) -> Step<Owned> {
        self.inhabited(record.inhabited)?;
        self.descend()?;
        let object = match &record.style {
            Style::Dict(template) => {
                let mut dict = self.check(template.start(record.holds_containers))?;
                // SAFETY: the template was made of the keys of these fields.
                unsafe {
                    for field in &record.fields {
                        dict.push(field.key.borrow(), self.field(field)?);
                    }
                    dict.finish(record.holds_containers)
                }
            }
            Style::Attributes(..) => {
                for field in &record.fields {
                    let value = self.field(field)?;
                    self.parts.push(value);
                }
                let object = build::record(record, &mut self.parts);
                self.check(object)?
            }
        };
        self.depth -= 1;
        Ok(object)
    }

    #[inline(always)]
    fn field(&mut self, field: &'p Field) -> Step<Owned> {
        match self.field_value(field) {
            Ok(value) => Ok(value),
            Err(_) => Err(self.trouble.at(Segment::Key(field.key.borrow()))),
        }
    }

    /// The most frequent leaves without a call; all numbers of up to 64 bits become objects at one place.
    #[inline(always)]
    fn field_value(&mut self, field: &'p Field) -> Step<Owned> {
        macro_rules! fixed {
            ($int:ty) => {{
                let bytes = self.reader.array();
                <$int>::from_le_bytes(self.need(bytes)?).into()
            }};
        }
        let mut kind = field.kind;
        if kind == Kind::Opt {
            if !self.opt_tag()? {
                return Ok(Owned::none());
            }
            kind = field.content;
        }
        let (negative, magnitude) = match kind {
            Kind::Nat8 => (false, fixed!(u8)),
            Kind::Nat16 => (false, fixed!(u16)),
            Kind::Nat32 => (false, fixed!(u32)),
            Kind::Nat64 => (false, fixed!(u64)),
            Kind::Int8 => signed(fixed!(i8)),
            Kind::Int16 => signed(fixed!(i16)),
            Kind::Int32 => signed(fixed!(i32)),
            Kind::Int64 => signed(fixed!(i64)),
            Kind::Nat => match self.reader.short_unsigned() {
                Some(number) => (false, number),
                None => return self.long_nat(),
            },
            Kind::Int => match self.reader.short_signed() {
                Some(number) => signed(number),
                None => return self.long_int(),
            },
            Kind::Bool => return Ok(Owned::bool(self.bool()?)),
            Kind::Float64 => return self.float64(),
            Kind::Text => return self.text(),
            Kind::Opt | Kind::Other => return self.value(self.plan.node(field.node)),
        };
        self.check(Owned::integer(negative, magnitude))
    }

    #[inline(always)]
    pub(super) fn inhabited(&mut self, inhabited: bool) -> Step<()> {
        match inhabited {
            true => Ok(()),
            false => Err(self.fail(Problem::Plain("the record type has no values"))),
        }
    }

    #[inline(never)]
    fn tuple(&mut self, tuple: &'p Tuple) -> Step<Owned> {
        self.inhabited(tuple.inhabited)?;
        self.descend()?;
        for (index, (item, _)) in tuple.items.iter().enumerate() {
            match self.value(self.plan.node(*item)) {
                Ok(value) => self.parts.push(value),
                Err(_) => return Err(self.trouble.at(Segment::Index(index))),
            }
        }
        self.depth -= 1;
        let object = build::tuple(&mut self.parts, tuple.items.len());
        self.check(object)
    }

    #[inline(never)]
    fn map(&mut self, map: &'p Map) -> Step<Owned> {
        let count = self.count(map.items.minimum as usize, map.items.weight as usize)?;
        // Two levels: the vec, and the record of an entry.
        self.depth += 1;
        self.descend()?;
        let dict = self.check(Owned::dict())?;
        for index in 0..count {
            let key = self.map_part(map.key, Segment::MapKey(index))?;
            let value = self.map_part(map.value, Segment::Index(index))?;
            let set = dict.borrow().dict_set(key.borrow(), value.borrow());
            self.check(set)?;
        }
        self.depth -= 2;
        Ok(dict)
    }

    fn map_part(&mut self, id: NodeId, segment: Segment<'p>) -> Step<Owned> {
        match self.value(self.plan.node(id)) {
            Ok(value) => Ok(value),
            Err(_) => Err(self.trouble.at(segment)),
        }
    }

    #[inline(never)]
    fn variant(&mut self, variant: &'p Variant) -> Step<Owned> {
        let index = self.number("the index of a variant")?;
        let Some(alternative) = variant.alternatives.get(index) else {
            return Err(self.fail(Problem::OutOfRange("the index of a variant")));
        };
        self.descend()?;
        let payload = match self.value(self.plan.node(alternative.node)) {
            Ok(payload) => payload,
            Err(_) => return Err(self.trouble.at(Segment::Key(alternative.key.borrow()))),
        };
        self.depth -= 1;
        let object = build::alternative(alternative, payload);
        self.check(object)
    }
}

/// Sign and magnitude.
#[inline(always)]
fn signed(number: i64) -> (bool, u64) {
    (number < 0, number.unsigned_abs())
}

/// Whether `message` starts with `header`, eight bytes at a time: headers are short, and a call of
/// `memcmp` goes byte by byte.
#[inline(always)]
fn starts_with(message: &[u8], header: &[u8]) -> bool {
    if message.len() < header.len() {
        return false;
    }
    let message = &message[..header.len()];
    let (mut left, mut right) = (message.chunks_exact(8), header.chunks_exact(8));
    for (a, b) in left.by_ref().zip(right.by_ref()) {
        if word(a) != word(b) {
            return false;
        }
    }
    left.remainder().iter().zip(right.remainder()).all(|(a, b)| a == b)
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    match bytes.try_into() {
        Ok(bytes) => u64::from_le_bytes(bytes),
        Err(_) => 0,
    }
}
