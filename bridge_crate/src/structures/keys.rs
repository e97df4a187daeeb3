//! Python objects to bytes whose order is Python's order, and back.
//!
//! A key that is a number, text, blob or principal by itself has the bytes that the Rust library gives it, so
//! that Rust programs read it.  Inside other keys everything tells where it ends:
//!
//! | type | bytes |
//! |---|---|
//! | nat8 … nat64 | big-endian |
//! | int8 … int64 | big-endian, sign bit flipped |
//! | float32, float64 | IEEE 754, big-endian; sign bit flipped, negative ones inverted; -0.0 is 0.0, NaN is refused |
//! | nat, int | 0x80 plus the number of bytes, then the bytes; negative ones inverted; from 119 bytes on 0xF7 and 4 bytes for the number |
//! | bool | 0 or 1 |
//! | text, blob | the bytes, 00 as 00 FF, then 00 00 |
//! | principal | length, then the bytes |
//! | null | nothing |
//! | opt | 0, or 1 and the value |
//! | vec | 1 before every item, 0 after the last one |
//! | tuple | the items |
//! | variant | id of the case, big-endian, and the value |

use crate::candid::NodeFixed;
use crate::capi::number::Int;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::module::arguments::{overflow_error, text, type_error, u32, value_error};
use alloc::boxed::Box;
use alloc::vec::Vec;
use basilisk_stable::map::Sizes;
use basilisk_stable::node::Order;

/// How keys of a type are written.
pub enum Key {
    /// An integer of fixed size.
    Fixed(NodeFixed),
    /// `True` or `False`
    Bool,
    /// A float of 4 or 8 bytes.
    Float(u8),
    /// `str`
    Text,
    /// `bytes`
    Blob,
    /// A principal, made by calling the object with its bytes.
    Principal(Owned),
    /// An integer of any size; whether it may be negative.
    Integer(bool),
    /// `None`
    Null,
    /// `None` or a value
    Opt(Box<Key>),
    /// `list` or `tuple`
    Vec(Box<Key>),
    /// `tuple`
    Tuple(Vec<Key>),
    /// `(id, value)`
    Variant(Vec<(u32, Key)>),
}

const MOST_PRINCIPAL: usize = 29;
/// Number of bytes of a number from which on that number does not fit the first byte.
const LONG: usize = 119;
const CUT_OFF: &str = "a key in stable memory is cut off";

impl Key {
    /// Reads the description that Python gives: `("nat64",)`, `("tuple", (…))`, …
    pub fn parse(description: Borrowed<'_>) -> PyResult<Key> {
        let items = description.tuple_items().ok_or_else(bad_description)?;
        let (kind, rest) = items.split_first().ok_or_else(bad_description)?;
        let fixed = |size, signed| Key::Fixed(NodeFixed { size, signed });
        Ok(match (text(*kind)?, rest) {
            ("nat8", _) => fixed(1, false),
            ("nat16", _) => fixed(2, false),
            ("nat32", _) => fixed(4, false),
            ("nat64", _) => fixed(8, false),
            ("int8", _) => fixed(1, true),
            ("int16", _) => fixed(2, true),
            ("int32", _) => fixed(4, true),
            ("int64", _) => fixed(8, true),
            ("bool", _) => Key::Bool,
            ("float32", _) => Key::Float(4),
            ("float64", _) => Key::Float(8),
            ("text", _) => Key::Text,
            ("blob", _) => Key::Blob,
            ("nat", _) => Key::Integer(false),
            ("int", _) => Key::Integer(true),
            ("null", _) => Key::Null,
            ("principal", [constructor]) => Key::Principal(constructor.to_owned()),
            ("opt", [inner]) => Key::Opt(Box::new(Key::parse(*inner)?)),
            ("vec", [inner]) => Key::Vec(Box::new(Key::parse(*inner)?)),
            ("tuple", [parts]) => {
                let parts = parts.tuple_items().ok_or_else(bad_description)?;
                Key::Tuple(parts.iter().map(|part| Key::parse(*part)).collect::<PyResult<_>>()?)
            }
            ("variant", [cases]) => {
                let cases = cases.tuple_items().ok_or_else(bad_description)?;
                let case = |case: &Borrowed<'_>| match case.tuple_items() {
                    Some([id, key]) => Ok((u32(*id)?, Key::parse(*key)?)),
                    _ => Err(bad_description()),
                };
                Key::Variant(cases.iter().map(case).collect::<PyResult<_>>()?)
            }
            _ => return Err(bad_description()),
        })
    }

    /// What is known of the sizes of keys that stand by themselves.
    pub fn sizes(&self) -> Sizes {
        match self {
            Key::Fixed(fixed) => Sizes::Fixed(fixed.size.into()),
            Key::Bool => Sizes::Fixed(1),
            Key::Float(size) => Sizes::Fixed((*size).into()),
            Key::Principal(_) => Sizes::Bounded(MOST_PRINCIPAL as u32),
            _ => Sizes::Any,
        }
    }

    /// How maps compare such keys.
    pub fn order(&self) -> Order {
        match self {
            Key::Principal(_) => Order::LengthFirst,
            _ => Order::Bytes,
        }
    }

    /// The bytes of a key that stands by itself.
    pub fn encode(&self, value: Borrowed<'_>) -> PyResult<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Key::Text => out.extend_from_slice(utf8(value)?),
            Key::Blob => out.extend_from_slice(blob(value)?),
            Key::Principal(_) => with_principal(value, |bytes| out.extend_from_slice(bytes))?,
            _ => self.put(value, &mut out)?,
        }
        Ok(out)
    }

    /// The bytes of a key that tells where it ends.
    pub fn put(&self, value: Borrowed<'_>, out: &mut Vec<u8>) -> PyResult<()> {
        match self {
            Key::Fixed(fixed) => put_fixed(*fixed, value, true, out),
            Key::Bool => {
                let value = value.as_bool().ok_or_else(|| wrong("bool", value))?;
                out.push(value.into());
                Ok(())
            }
            Key::Float(size) => put_float(*size, value, out),
            Key::Text => {
                put_ended(utf8(value)?, out);
                Ok(())
            }
            Key::Blob => {
                put_ended(blob(value)?, out);
                Ok(())
            }
            Key::Principal(_) => with_principal(value, |bytes| {
                out.push(bytes.len() as u8);
                out.extend_from_slice(bytes);
            }),
            Key::Integer(signed) => put_integer(*signed, value, out),
            Key::Null => match value.is_none() {
                true => Ok(()),
                false => Err(wrong("None", value)),
            },
            Key::Opt(inner) => {
                out.push(u8::from(!value.is_none()));
                match value.is_none() {
                    true => Ok(()),
                    false => inner.put(value, out),
                }
            }
            Key::Vec(inner) => {
                if !value.is_list_or_tuple() {
                    return Err(wrong("list", value));
                }
                let mut index = 0;
                while let Some(item) = value.sequence_item(index) {
                    out.push(1);
                    inner.put(item.borrow(), out)?;
                    index += 1;
                }
                out.push(0);
                Ok(())
            }
            Key::Tuple(parts) => match value.tuple_items() {
                Some(items) if items.len() == parts.len() => {
                    parts.iter().zip(items).try_for_each(|(part, item)| part.put(*item, out))
                }
                Some(_) => Err(value_error("a key is a tuple of another length than its type")),
                None => Err(wrong("tuple", value)),
            },
            Key::Variant(cases) => match value.tuple_items() {
                Some([id, value]) => {
                    let id = u32(*id)?;
                    let (_, case) = cases
                        .iter()
                        .find(|(other, _)| *other == id)
                        .ok_or_else(|| value_error("a key is a case that its variant type does not have"))?;
                    out.extend_from_slice(&id.to_be_bytes());
                    case.put(*value, out)
                }
                _ => Err(wrong("a case of a variant", value)),
            },
        }
    }

    /// The object of a key that stands by itself.
    pub fn decode(&self, bytes: &[u8]) -> PyResult<Owned> {
        match self {
            Key::Text => text_of(bytes),
            Key::Blob => Owned::bytes(bytes),
            Key::Principal(constructor) => constructor.borrow().call(&[Owned::bytes(bytes)?.borrow()]),
            _ => {
                let mut rest = bytes;
                let value = self.take(&mut rest)?;
                match rest {
                    [] => Ok(value),
                    _ => Err(value_error("a key in stable memory has bytes that its type does not explain")),
                }
            }
        }
    }

    /// The object at the beginning of `rest`, which is advanced.
    pub fn take(&self, rest: &mut &[u8]) -> PyResult<Owned> {
        match self {
            Key::Fixed(fixed) => take_fixed(*fixed, true, rest),
            Key::Bool => Ok(Owned::bool(byte(rest)? != 0)),
            Key::Float(size) => take_float(*size, rest),
            Key::Text => text_of(&take_ended(rest)?),
            Key::Blob => Owned::bytes(&take_ended(rest)?),
            Key::Principal(constructor) => {
                let length = byte(rest)?.into();
                constructor.borrow().call(&[Owned::bytes(take(rest, length)?)?.borrow()])
            }
            Key::Integer(_) => take_integer(rest),
            Key::Null => Ok(Owned::none()),
            Key::Opt(inner) => match byte(rest)? {
                0 => Ok(Owned::none()),
                _ => inner.take(rest),
            },
            Key::Vec(inner) => {
                let list = Owned::list()?;
                while byte(rest)? != 0 {
                    list.borrow().list_append(inner.take(rest)?.borrow())?;
                }
                Ok(list)
            }
            Key::Tuple(parts) => {
                let items = parts.iter().map(|part| part.take(rest)).collect::<PyResult<Vec<_>>>()?;
                tuple(items)
            }
            Key::Variant(cases) => {
                let id = u32::from_be_bytes(array(rest)?);
                let case = cases.iter().find(|(other, _)| *other == id);
                let (_, case) = case.ok_or_else(|| value_error("a key in stable memory is of an unknown case"))?;
                Owned::tuple([Owned::uint(id.into())?, case.take(rest)?])
            }
        }
    }
}

/// A tuple of any length.
pub fn tuple(items: Vec<Owned>) -> PyResult<Owned> {
    use crate::capi::{inline::PyTuple_SET_ITEM, raw};
    // SAFETY: a new tuple with room for the items, which it takes over.
    unsafe {
        let tuple = Owned::from_raw(raw::PyTuple_New(items.len() as isize))?;
        for (index, item) in items.into_iter().enumerate() {
            PyTuple_SET_ITEM(tuple.as_ptr(), index, item.into_raw());
        }
        Ok(tuple)
    }
}

#[cold]
fn bad_description() -> crate::capi::Raised {
    type_error("no description of a key")
}

#[cold]
fn wrong(expected: &str, value: Borrowed<'_>) -> crate::capi::Raised {
    type_error(&["expected ", expected, ", got ", value.type_name()].concat())
}

fn utf8(value: Borrowed<'_>) -> PyResult<&[u8]> {
    match value.text() {
        Some(text) => Ok(text?.as_bytes()),
        None => Err(wrong("str", value)),
    }
}

fn blob(value: Borrowed<'_>) -> PyResult<&[u8]> {
    value.bytes().ok_or_else(|| wrong("bytes", value))
}

/// A `str` of bytes that were written as text.
pub fn text_of(bytes: &[u8]) -> PyResult<Owned> {
    Owned::utf8(bytes)?.ok_or_else(|| value_error("a text in stable memory is not valid UTF-8"))
}

/// Lends the bytes of a principal.
pub fn with_principal(value: Borrowed<'_>, work: impl FnOnce(&[u8])) -> PyResult<()> {
    let bytes = value.attr(c"bytes").map_err(|_| {
        crate::capi::object::clear_exception();
        wrong("Principal", value)
    })?;
    match bytes.borrow().bytes() {
        Some(bytes) if bytes.len() <= MOST_PRINCIPAL => {
            work(bytes);
            Ok(())
        }
        _ => Err(wrong("Principal", value)),
    }
}

/// Writes an integer of fixed size, big-endian; `flip` makes the bytes' order that of the numbers.
pub fn put_fixed(fixed: NodeFixed, value: Borrowed<'_>, flip: bool, out: &mut Vec<u8>) -> PyResult<()> {
    let int = value.int().ok_or_else(|| wrong("int", value))?;
    let bits = 8 * u32::from(fixed.size);
    let fits = |magnitude: u64| match (fixed.signed, int.negative) {
        (false, false) => bits == 64 || magnitude >> bits == 0,
        (false, true) => false,
        (true, false) => magnitude >> (bits - 1) == 0,
        (true, true) => magnitude <= 1 << (bits - 1),
    };
    match int.magnitude() {
        Some(magnitude) if fits(magnitude) => {
            let number = if int.negative { magnitude.wrapping_neg() } else { magnitude };
            let sign = if fixed.signed && flip { 1 << (bits - 1) } else { 0 };
            out.extend_from_slice(&(number ^ sign).to_be_bytes()[8 - usize::from(fixed.size)..]);
            Ok(())
        }
        _ => {
            let kind = if fixed.signed { "int" } else { "nat" };
            Err(overflow_error(&alloc::format!("the number does not fit {kind}{bits}")))
        }
    }
}

/// Reads an integer of fixed size.
pub fn take_fixed(fixed: NodeFixed, flip: bool, rest: &mut &[u8]) -> PyResult<Owned> {
    let bytes = take(rest, fixed.size.into())?;
    let number = bytes.iter().fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    if !fixed.signed {
        return Owned::uint(number);
    }
    let unused = 64 - 8 * u32::from(fixed.size);
    let sign = if flip { 1 << 63 } else { 0 };
    Owned::int((((number << unused) ^ sign) as i64) >> unused)
}

fn put_float(size: u8, value: Borrowed<'_>, out: &mut Vec<u8>) -> PyResult<()> {
    let value = value.f64().ok_or_else(|| wrong("float", value))??;
    if value.is_nan() {
        return Err(value_error("NaN has no place in an order, so it cannot be a key"));
    }
    // Adding 0.0 turns -0.0 into 0.0; they are equal in Python.
    let bits = match size {
        4 => u64::from((value as f32 + 0.0).to_bits()) << 32,
        _ => (value + 0.0).to_bits(),
    };
    let bits = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    out.extend_from_slice(&bits.to_be_bytes()[..size.into()]);
    Ok(())
}

fn take_float(size: u8, rest: &mut &[u8]) -> PyResult<Owned> {
    let bytes = take(rest, size.into())?;
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    let bits = u64::from_be_bytes(whole);
    let bits = if bits >> 63 == 1 { bits ^ (1 << 63) } else { !bits };
    Owned::float(match size {
        4 => f32::from_bits((bits >> 32) as u32).into(),
        _ => f64::from_bits(bits),
    })
}

fn put_ended(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

fn take_ended(rest: &mut &[u8]) -> PyResult<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match byte(rest)? {
            0 if byte(rest)? == 0 => return Ok(bytes),
            byte => bytes.push(byte),
        }
    }
}

fn put_integer(signed: bool, value: Borrowed<'_>, out: &mut Vec<u8>) -> PyResult<()> {
    let int = value.int().ok_or_else(|| wrong("int", value))?;
    if int.negative && !signed {
        return Err(overflow_error("a nat is never negative"));
    }
    let start = out.len();
    let length = int.bits().div_ceil(8);
    if length < LONG {
        out.push(0x80 + length as u8);
    } else {
        out.push(0x80 + LONG as u8);
        out.extend_from_slice(&(length as u32).to_be_bytes());
    }
    put_magnitude(int, length, out);
    if int.negative {
        // Below zero more bytes and greater ones come first.
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    Ok(())
}

/// Appends the magnitude, big-endian, in so many bytes.
fn put_magnitude(int: Int<'_>, length: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let (mut held, mut bits) = (0u64, 0);
    for &digit in int.digits {
        held |= u64::from(digit) << bits;
        bits += 30;
        while bits >= 8 {
            out.push(held as u8);
            held >>= 8;
            bits -= 8;
        }
    }
    out.push(held as u8);
    out.resize(start + length, 0);
    out[start..].reverse();
}

fn take_integer(rest: &mut &[u8]) -> PyResult<Owned> {
    let first = byte(rest)?;
    let negative = first < 0x80;
    let invert = if negative { 0xFF } else { 0 };
    let mut length = usize::from((first ^ invert) - 0x80);
    if length >= LONG {
        let bytes: [u8; 4] = array(rest)?;
        length = u32::from_be_bytes(bytes.map(|byte| byte ^ invert)) as usize;
    }
    let bytes = take(rest, length)?;
    Owned::int_of_digits(negative, length * 8 / 30 + 1, |digits| {
        let (mut held, mut bits, mut index) = (0u64, 0, 0);
        for byte in bytes.iter().rev() {
            held |= u64::from(byte ^ invert) << bits;
            bits += 8;
            if bits >= 30 {
                digits[index] = held as u32 & 0x3FFF_FFFF;
                held >>= 30;
                bits -= 30;
                index += 1;
            }
        }
        if let Some(digit) = digits.get_mut(index) {
            *digit = held as u32;
        }
    })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> PyResult<&'a [u8]> {
    let (now, later) = rest.split_at_checked(length).ok_or_else(|| value_error(CUT_OFF))?;
    *rest = later;
    Ok(now)
}

fn byte(rest: &mut &[u8]) -> PyResult<u8> {
    take(rest, 1).map(|bytes| bytes[0])
}

fn array<const N: usize>(rest: &mut &[u8]) -> PyResult<[u8; N]> {
    let mut array = [0; N];
    array.copy_from_slice(take(rest, N)?);
    Ok(array)
}
