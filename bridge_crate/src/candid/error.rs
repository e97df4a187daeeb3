//! What went wrong, and where in the value.
//!
//! While a value is read or written, a failure is a marker without content ([`Fail`]); what and
//! where is kept beside it and turned into text at the end. So success costs nothing, and so does a failure
//! that an opt turns into null.

use super::table::Fault;
use crate::capi::object::{take_exception, Borrowed};
use alloc::string::String;
use alloc::vec::Vec;

/// A failure; the details are in a [`Trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fail;

/// Result of a step of decoding or encoding.
pub type Step<T> = Result<T, Fail>;

/// A step on the way from the whole to the place of a failure.
#[derive(Clone, Copy)]
pub enum Segment<'p> {
    /// A field or tag with a name.
    Key(Borrowed<'p>),
    /// An element, or an item of a tuple.
    Index(usize),
    /// The key of an entry of a map.
    MapKey(usize),
}

impl Segment<'_> {
    /// Appends the step as text: `.count`, `[3]`.
    pub fn write(&self, text: &mut String) {
        match *self {
            Segment::Key(key) => push_key(text, key),
            Segment::Index(index) => {
                text.push('[');
                push_number(text, index as u64);
                text.push(']');
            }
            Segment::MapKey(index) => {
                text.push_str(".key(");
                push_number(text, index as u64);
                text.push(')');
            }
        }
    }
}

/// What went wrong.
#[derive(Clone, Copy)]
pub enum Problem<'p> {
    /// A Python exception is set.
    Raised,
    /// The header is malformed.
    Table(Fault),
    /// The message ends within a value.
    EndsEarly,
    /// A length, index or tag does not fit its range.
    OutOfRange(&'static str),
    /// A byte that is not among those allowed here.
    BadByte(&'static str, u8),
    /// Something that needs no more words.
    Plain(&'static str),
    /// A vec of so many elements cannot be in the bytes that are left.
    TooLong(usize),
    /// Bytes after the last value.
    Trailing(usize),
    /// Another type was expected (keywords).
    Mismatch(&'static str, &'static str),
    /// A field is missing.
    MissingField(Borrowed<'p>),
    /// An item of a tuple is missing.
    MissingItem(usize),
    /// A value is missing (its type).
    MissingValue(&'static str),
    /// A tag (field id) that the expected variant does not have.
    UnknownTag(u32),
    /// A reference of the wrong type.
    NotSubtype(&'static str),
}

impl Problem<'_> {
    /// Whether an enclosing opt may turn the failure into null: the bytes are fine, but their
    /// type is not the expected one.
    pub fn is_soft(&self) -> bool {
        matches!(
            self,
            Problem::Mismatch(..)
                | Problem::MissingField(_)
                | Problem::MissingItem(_)
                | Problem::UnknownTag(_)
                | Problem::NotSubtype(_)
        )
    }

    fn describe(&self, text: &mut String) {
        match *self {
            Problem::Raised => describe_exception(text),
            Problem::Table(fault) => text.push_str(fault),
            Problem::EndsEarly => text.push_str("the message ends within the value"),
            Problem::OutOfRange(what) => extend(text, &[what, " is out of range"]),
            Problem::BadByte(what, byte) => {
                extend(text, &[what, " is "]);
                push_number(text, byte.into());
            }
            Problem::Plain(what) => text.push_str(what),
            Problem::TooLong(count) => {
                push_number(text, count as u64);
                text.push_str(" elements cannot be in the bytes that are left");
            }
            Problem::Trailing(count) => {
                push_number(text, count as u64);
                text.push_str(" more bytes after the last value");
            }
            Problem::Mismatch(expected, found) => extend(text, &["expected ", expected, ", found ", found]),
            Problem::MissingField(key) => extend(text, &["missing field ", key_text(key)]),
            Problem::MissingItem(index) => {
                text.push_str("missing item ");
                push_number(text, index as u64);
            }
            Problem::MissingValue(expected) => extend(text, &["missing value of type ", expected]),
            Problem::UnknownTag(id) => {
                text.push_str("unexpected variant tag with field id ");
                push_number(text, id.into());
            }
            Problem::NotSubtype(what) => {
                extend(text, &["the ", what, "'s type does not fit the expected type"]);
            }
        }
    }
}

/// A failure in the making: the innermost problem, and the way to it from the inside out.
pub struct Trouble<'p> {
    /// The problem, once there is one.
    pub problem: Problem<'p>,
    /// The way to it, innermost first.
    pub path: Vec<Segment<'p>>,
}

impl<'p> Trouble<'p> {
    /// No trouble yet.
    #[inline(always)]
    pub fn none() -> Self {
        Trouble { problem: Problem::Raised, path: Vec::new() }
    }

    /// Notes the problem.
    #[cold]
    pub fn set(&mut self, problem: Problem<'p>) -> Fail {
        self.problem = problem;
        Fail
    }

    /// Notes a step of the way, from the inside out.
    #[cold]
    pub fn at(&mut self, segment: Segment<'p>) -> Fail {
        self.path.push(segment);
        Fail
    }

    /// Whether an opt may turn it into null.
    pub fn is_soft(&self) -> bool {
        self.problem.is_soft()
    }

    /// The text of the problem alone.
    pub fn message(&self) -> String {
        let mut text = String::new();
        self.problem.describe(&mut text);
        text
    }

    /// The way to the problem: `.items[3].count`.
    pub fn path_text(&self) -> String {
        let mut text = String::new();
        for (index, segment) in self.path.iter().rev().enumerate() {
            if is_shown(&mut text, index, self.path.len()) {
                segment.write(&mut text);
            }
        }
        text
    }
}

/// A failure to decode or encode: which value, where in it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Index of the value among the plan's; `None` when the message as a whole is wrong.
    pub value: Option<usize>,
    /// How many values the plan has.
    pub arity: usize,
    /// Where in the value: `.items[3].count`, or empty.
    pub path: String,
    /// Why.
    pub message: String,
}

/// A message that does not hold values of the plan's types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(pub Error);

/// Python values that are not of the plan's types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(pub Error);

impl Error {
    /// One line: `result.items[3].count: 300 does not fit nat8`; `what` names the values, which
    /// are numbered from 1 when there are several.
    pub fn text(&self, what: &str) -> String {
        let mut text = String::new();
        if let Some(value) = self.value {
            text.push_str(what);
            if self.arity > 1 {
                text.push(' ');
                push_number(&mut text, value as u64 + 1);
            }
            extend(&mut text, &[&self.path, ": "]);
        }
        text.push_str(&self.message);
        text
    }
}

impl DecodeError {
    /// One line that calls the value by the name of its parameter.
    #[cold]
    pub fn into_named_text(mut self, name: &str) -> String {
        self.0.arity = 1;
        self.0.text(name)
    }

    /// One line that calls the values arguments.
    #[cold]
    pub fn into_text(self) -> String {
        self.0.text("argument")
    }
}

impl EncodeError {
    /// One line that calls the values results.
    #[cold]
    pub fn into_text(self) -> String {
        self.0.text("result")
    }

    /// One line that calls the values arguments, as those of a call are.
    #[cold]
    pub fn into_argument_text(self) -> String {
        self.0.text("argument")
    }
}

/// Whether step `index` of a path of `count` belongs into its text; long paths lose their middle.
pub fn is_shown(text: &mut String, index: usize, count: usize) -> bool {
    const FIRST: usize = 12;
    const LAST: usize = 8;
    if count <= FIRST + LAST + 1 || index < FIRST || index + LAST >= count {
        return true;
    }
    if index == FIRST {
        text.push('…');
    }
    false
}

/// Appends several pieces.
pub fn extend(text: &mut String, pieces: &[&str]) {
    for piece in pieces {
        text.push_str(piece);
    }
}

/// Appends a number in decimal (without the formatting machinery of `core`, which is large).
pub fn push_number(text: &mut String, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(core::str::from_utf8(&digits[start..]).unwrap_or("?"));
}

/// The text of a key; keys are strings of the plan.
pub fn key_text(key: Borrowed<'_>) -> &str {
    match key.text() {
        Some(Ok(text)) => text,
        _ => "?",
    }
}

/// `.key`, or `["key"]` when the key is not a Python name.
fn push_key(text: &mut String, key: Borrowed<'_>) {
    let key = key_text(key);
    let name = !key.is_empty()
        && !key.as_bytes()[0].is_ascii_digit()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80);
    if name {
        extend(text, &[".", key]);
    } else {
        extend(text, &["[\"", key, "\"]"]);
    }
}

/// Takes the Python exception out of the interpreter and says what it was.
pub fn describe_exception(text: &mut String) {
    let Some(exception) = take_exception() else {
        text.push_str("unknown failure");
        return;
    };
    text.push_str(exception.borrow().type_name());
    if let Ok(message) = exception.borrow().str() {
        if let Some(Ok(message)) = message.borrow().text() {
            if !message.is_empty() {
                extend(text, &[": ", message]);
            }
        }
    }
    // str() of the exception, or its UTF-8 form, may have raised in turn.
    crate::capi::object::clear_exception();
}
