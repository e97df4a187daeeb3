//! Reads values without parts: numbers, texts, blobs, references.

use super::decode::Decoder;
use super::error::{Fail, Problem, Step};
use super::limits::MAX_PRINCIPAL;
use super::numbers::{int_from_leb, nat_from_leb};
use super::plan::{Fixed, Func, Node, Service};
use crate::capi::single::Maker;
use crate::capi::object::{Owned, PyResult};

impl<'p, 'm> Decoder<'p, 'm> {
    /// Reads a value of a type without parts.
    #[inline(always)]
    pub(super) fn leaf(&mut self, node: &'p Node) -> Step<Owned> {
        match node {
            Node::Null | Node::Reserved => Ok(Owned::none()),
            Node::Bool => Ok(Owned::bool(self.bool()?)),
            Node::Nat => self.nat(),
            Node::Int => self.int(),
            Node::Fixed(fixed) => self.fixed(*fixed),
            Node::Float32 => {
                let bytes = self.reader.array();
                let bytes = self.need(bytes)?;
                let float = Owned::float(f32::from_le_bytes(bytes).into());
                self.check(float)
            }
            Node::Float64 => self.float64(),
            Node::Text => self.text(),
            Node::Blob => self.blob(),
            Node::Principal(maker) => self.principal(maker),
            _ => Err(self.fail(Problem::Plain("the type empty has no values"))),
        }
    }

    #[inline(always)]
    pub(super) fn opt_tag(&mut self) -> Step<bool> {
        self.flag("the tag of an opt")
    }

    #[inline(always)]
    pub(super) fn bool(&mut self) -> Step<bool> {
        self.flag("the byte of a bool")
    }

    #[inline(always)]
    fn flag(&mut self, what: &'static str) -> Step<bool> {
        match self.reader.byte() {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(byte) => Err(self.fail(Problem::BadByte(what, byte))),
            None => Err(self.fail(Problem::EndsEarly)),
        }
    }

    /// An unsigned number of the message's own structure (a length or an index).
    #[inline(always)]
    pub(super) fn number(&mut self, what: &'static str) -> Step<usize> {
        match self.reader.leb_usize() {
            Some(value) => Ok(value),
            None => Err(self.bad_number(what)),
        }
    }

    #[cold]
    fn bad_number(&mut self, what: &'static str) -> Fail {
        match self.reader.remaining() {
            0 => self.fail(Problem::EndsEarly),
            _ => self.fail(Problem::OutOfRange(what)),
        }
    }

    #[inline(always)]
    pub(super) fn nat(&mut self) -> Step<Owned> {
        match self.reader.short_unsigned() {
            Some(value) => self.check(Owned::uint(value)),
            None => self.long_nat(),
        }
    }

    #[inline(always)]
    pub(super) fn float64(&mut self) -> Step<Owned> {
        let bytes = self.reader.array();
        let bytes = self.need(bytes)?;
        let float = Owned::float(f64::from_le_bytes(bytes));
        self.check(float)
    }

    #[inline(always)]
    pub(super) fn int(&mut self) -> Step<Owned> {
        match self.reader.short_signed() {
            Some(value) => self.check(Owned::int(value)),
            None => self.long_int(),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn long_nat(&mut self) -> Step<Owned> {
        self.long_number(nat_from_leb)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn long_int(&mut self) -> Step<Owned> {
        self.long_number(int_from_leb)
    }

    #[cold]
    fn long_number(&mut self, read: fn(&[u8]) -> PyResult<Owned>) -> Step<Owned> {
        let bytes = self.reader.leb_bytes();
        let bytes = self.need(bytes)?;
        self.check(read(bytes))
    }

    #[inline(always)]
    pub(super) fn fixed(&mut self, fixed: Fixed) -> Step<Owned> {
        let number = match fixed.size {
            1 => self.reader.array().map(|bytes| match fixed.signed {
                false => Owned::int(u8::from_le_bytes(bytes).into()),
                true => Owned::int(i8::from_le_bytes(bytes).into()),
            }),
            2 => self.reader.array().map(|bytes| match fixed.signed {
                false => Owned::int(u16::from_le_bytes(bytes).into()),
                true => Owned::int(i16::from_le_bytes(bytes).into()),
            }),
            4 => self.reader.array().map(|bytes| match fixed.signed {
                false => Owned::int(u32::from_le_bytes(bytes).into()),
                true => Owned::int(i32::from_le_bytes(bytes).into()),
            }),
            _ => self.reader.array().map(|bytes| match fixed.signed {
                false => Owned::uint(u64::from_le_bytes(bytes)),
                true => Owned::int(i64::from_le_bytes(bytes)),
            }),
        };
        let number = self.need(number)?;
        self.check(number)
    }

    /// The bytes behind a length.
    #[inline(always)]
    pub(super) fn counted(&mut self, what: &'static str) -> Step<&'m [u8]> {
        let length = self.number(what)?;
        let bytes = self.reader.take(length);
        self.need(bytes)
    }

    pub(super) fn text(&mut self) -> Step<Owned> {
        let bytes = self.counted("the length of a text")?;
        match Owned::ascii(bytes) {
            Some(text) => Ok(text),
            None => self.other_text(bytes),
        }
    }

    /// A text that is very short, not ASCII, or none.
    #[cold]
    #[inline(never)]
    fn other_text(&mut self, bytes: &[u8]) -> Step<Owned> {
        match Owned::decode_utf8(bytes) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(self.fail(Problem::Plain("the text is not valid UTF-8"))),
            Err(_) => Err(self.fail(Problem::Raised)),
        }
    }

    pub(super) fn blob(&mut self) -> Step<Owned> {
        let bytes = self.counted("the length of a blob")?;
        self.check(Owned::bytes(bytes))
    }

    /// The bytes of a principal (also those of a service).
    pub(super) fn principal_bytes(&mut self) -> Step<&'m [u8]> {
        match self.reader.byte() {
            Some(1) => {}
            Some(byte) => return Err(self.fail(Problem::BadByte("the tag of a reference", byte))),
            None => return Err(self.fail(Problem::EndsEarly)),
        }
        let bytes = self.counted("the length of a principal")?;
        if bytes.len() > MAX_PRINCIPAL {
            return Err(self.fail(Problem::Plain("a principal is longer than 29 bytes")));
        }
        Ok(bytes)
    }

    pub(super) fn principal(&mut self, maker: &Maker) -> Step<Owned> {
        let bytes = self.principal_bytes()?;
        let principal = Owned::bytes(bytes).and_then(|bytes| maker.make(bytes, false));
        self.check(principal)
    }

    #[inline(never)]
    pub(super) fn service(&mut self, service: &'p Service) -> Step<Owned> {
        let bytes = self.principal_bytes()?;
        let constructor = service.constructor.borrow();
        let reference = Owned::bytes(bytes).and_then(|bytes| constructor.call(&[bytes.borrow()]));
        self.check(reference)
    }

    #[inline(never)]
    pub(super) fn func(&mut self, func: &'p Func) -> Step<Owned> {
        match self.reader.byte() {
            Some(1) => {}
            Some(byte) => return Err(self.fail(Problem::BadByte("the tag of a reference", byte))),
            None => return Err(self.fail(Problem::EndsEarly)),
        }
        let principal = match self.plan.node(func.principal) {
            Node::Principal(maker) => self.principal(maker)?,
            _ => return Err(self.fail(Problem::Plain("a func without a principal"))),
        };
        let method = self.text()?;
        self.check(Owned::tuple([principal, method]))
    }
}
