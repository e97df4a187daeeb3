//! Writes values without parts: numbers, texts, blobs, references.

use super::encode::{Encoder, Step};
use super::error::{push_number, Fail, Segment};
use super::limits::MAX_PRINCIPAL;
use super::numbers::{put_int, put_nat};
use super::plan::{Fixed, Node};
use crate::capi::number::Int;
use crate::capi::object::{clear_exception, Borrowed, Owned, PyResult};
use crate::capi::text::Characters;
use alloc::string::String;

impl<'p> Encoder<'p, '_> {
    /// Writes an object as a value of a type without parts.
    #[inline(always)]
    pub(super) fn leaf(&mut self, node: &'p Node, value: Borrowed<'_>) -> Step {
        match node {
            Node::Null if value.is_none() => Ok(()),
            Node::Null => Err(self.unexpected("None", value)),
            Node::Reserved => Ok(()),
            Node::Bool => self.bool(value),
            Node::Nat => self.nat(value),
            Node::Int => self.int(value),
            Node::Fixed(fixed) => self.fixed(*fixed, value),
            Node::Float32 => self.float32(value),
            Node::Float64 => {
                let float = self.float(value)?;
                self.out.array(float.to_le_bytes());
                Ok(())
            }
            Node::Text => self.text(value),
            Node::Blob => self.blob(value),
            Node::Principal(_) => self.principal(value),
            Node::Func(_) => self.func(value),
            Node::Service(_) => self.service(value),
            _ => Err(self.fail(&["the type empty has no values"])),
        }
    }

    #[inline(always)]
    pub(super) fn bool(&mut self, value: Borrowed<'_>) -> Step {
        match value.as_bool() {
            Some(value) => {
                self.out.byte(value.into());
                Ok(())
            }
            None => Err(self.unexpected("bool", value)),
        }
    }

    #[inline(always)]
    pub(super) fn nat(&mut self, value: Borrowed<'_>) -> Step {
        match value.int() {
            Some(int) if !int.negative => {
                put_nat(&mut self.out, int);
                Ok(())
            }
            Some(_) => Err(self.does_not_fit(value, &Node::Nat)),
            None => Err(self.unexpected("int", value)),
        }
    }

    #[inline(always)]
    pub(super) fn int(&mut self, value: Borrowed<'_>) -> Step {
        match value.int() {
            Some(int) => {
                put_int(&mut self.out, int);
                Ok(())
            }
            None => Err(self.unexpected("int", value)),
        }
    }

    /// `300 does not fit nat8`
    #[cold]
    fn does_not_fit(&mut self, value: Borrowed<'_>, node: &Node) -> Fail {
        // Its own `__str__` may give up what holds it.
        let held = value.to_owned();
        let value = held.borrow();
        let digits = value.int().map_or(0, |int| int.digits.len());
        // Long numbers make long messages, and Python refuses to print very long ones.
        if digits > 9 {
            let negative = value.int().is_some_and(|int| int.negative);
            let sign = if negative { "a negative number" } else { "a number" };
            let mut bits = String::new();
            push_number(&mut bits, value.int().map_or(0, Int::bits) as u64);
            return self.fail(&[sign, " of ", &bits, " bits does not fit ", node.keyword()]);
        }
        let text = value.str();
        match text.as_ref().ok().and_then(|text| text.borrow().text()) {
            Some(Ok(text)) => self.fail(&[text, " does not fit ", node.keyword()]),
            _ => {
                clear_exception();
                self.fail(&["the number does not fit ", node.keyword()])
            }
        }
    }

    #[inline(always)]
    pub(super) fn fixed(&mut self, fixed: Fixed, value: Borrowed<'_>) -> Step {
        let number = self.number(fixed, value)?;
        match fixed.size {
            1 => self.out.byte(number as u8),
            2 => self.out.array((number as u16).to_le_bytes()),
            4 => self.out.array((number as u32).to_le_bytes()),
            _ => self.out.array(number.to_le_bytes()),
        }
        Ok(())
    }

    /// The number as 64 bits, when it is in the type's range.
    #[inline(always)]
    pub(super) fn number(&mut self, fixed: Fixed, value: Borrowed<'_>) -> Step<u64> {
        let Some(int) = value.int() else {
            return Err(self.unexpected("int", value));
        };
        // The largest magnitude; a negative number of a signed type may have one more.
        let unused = 64 - u32::from(fixed.size) * 8 + u32::from(fixed.signed);
        let limit = match int.negative {
            false => u64::MAX >> unused,
            true if fixed.signed => (u64::MAX >> unused) + 1,
            true => 0,
        };
        match int.magnitude() {
            Some(magnitude) if magnitude <= limit && int.negative => Ok(magnitude.wrapping_neg()),
            Some(magnitude) if magnitude <= limit => Ok(magnitude),
            _ => Err(self.does_not_fit(value, &Node::Fixed(fixed))),
        }
    }

    fn float(&mut self, value: Borrowed<'_>) -> Step<f64> {
        match value.f64() {
            Some(float) => self.check(float),
            None => Err(self.unexpected("float", value)),
        }
    }

    fn float32(&mut self, value: Borrowed<'_>) -> Step {
        let float = self.float(value)?;
        let narrow = float as f32;
        if float.is_finite() && !narrow.is_finite() {
            return Err(self.does_not_fit(value, &Node::Float32));
        }
        self.out.array(narrow.to_le_bytes());
        Ok(())
    }

    #[inline(always)]
    fn counted(&mut self, bytes: &[u8]) {
        self.out.counted(bytes);
    }

    #[inline(always)]
    pub(super) fn text(&mut self, value: Borrowed<'_>) -> Step {
        match value.characters() {
            Some(Characters::Ascii(bytes)) => {
                self.counted(bytes);
                Ok(())
            }
            Some(Characters::Latin(units)) => self.wide(units.iter().map(|&unit| unit.into())),
            Some(Characters::Narrow(units)) => self.wide(units.iter().map(|&unit| unit.into())),
            Some(Characters::Wide(units)) => self.wide(units.iter().copied()),
            None => Err(self.unexpected("str", value)),
        }
    }

    /// Text that is not ASCII: once to find the length in UTF-8, once to write it.
    #[cold]
    fn wide(&mut self, units: impl Iterator<Item = u32> + Clone) -> Step {
        let mut length = 0;
        for unit in units.clone() {
            match char::from_u32(unit) {
                Some(character) => length += character.len_utf8(),
                None => return Err(self.fail(&["the text holds a lone surrogate, which UTF-8 cannot express"])),
            }
        }
        self.out.leb(length as u64);
        self.out.reserve(length);
        let mut buffer = [0; 4];
        for character in units.filter_map(char::from_u32) {
            self.out.bytes(character.encode_utf8(&mut buffer).as_bytes());
        }
        Ok(())
    }

    #[inline]
    fn blob(&mut self, value: Borrowed<'_>) -> Step {
        if let Some(bytes) = value.bytes() {
            self.counted(bytes);
            return Ok(());
        }
        let start = self.out.len();
        match value.with_buffer(|bytes| {
            self.out.leb(bytes.len() as u64);
            self.out.bytes(bytes);
        }) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => {
                self.out.truncate(start);
                Err(self.raised())
            }
            None => Err(self.unexpected("bytes", value)),
        }
    }

    /// A principal's bytes, read from an attribute.
    fn principal_bytes(&mut self, bytes: PyResult<Option<Owned>>, value: Borrowed<'_>) -> Step {
        let bytes = self.check(bytes)?;
        match bytes.as_ref().and_then(|bytes| bytes.borrow().bytes()) {
            Some(bytes) if bytes.len() <= MAX_PRINCIPAL => {
                self.out.byte(1);
                self.counted(bytes);
                Ok(())
            }
            Some(_) => Err(self.fail(&["a principal is longer than 29 bytes"])),
            None => Err(self.unexpected("Principal", value)),
        }
    }

    #[inline(never)]
    fn principal(&mut self, value: Borrowed<'_>) -> Step {
        let bytes = value.attr_optional(self.plan.names.bytes.borrow());
        self.principal_bytes(bytes, value)
    }

    #[inline(never)]
    fn service(&mut self, value: Borrowed<'_>) -> Step {
        let names = &self.plan.names;
        let id = value.attr_optional(names.canister_id.borrow());
        match self.check(id)? {
            Some(id) => {
                let bytes = id.borrow().attr_optional(names.bytes.borrow());
                self.principal_bytes(bytes, value)
            }
            None => Err(self.unexpected("a service object", value)),
        }
    }

    #[inline(never)]
    fn func(&mut self, value: Borrowed<'_>) -> Step {
        if !value.is_list_or_tuple() || value.sequence_len() != 2 {
            return Err(self.unexpected("(Principal, str)", value));
        }
        // Held, because attributes of the principal may run code that changes a list.
        let (Some(principal), Some(method)) = (value.sequence_item(0), value.sequence_item(1)) else {
            return Err(self.fail(&["the list changed its size while it was read"]));
        };
        self.out.byte(1);
        if self.principal(principal.borrow()).is_err() {
            return Err(self.at(Segment::Index(0)));
        }
        match self.text(method.borrow()) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.at(Segment::Index(1))),
        }
    }
}
