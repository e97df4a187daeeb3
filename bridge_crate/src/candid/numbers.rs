//! Integers of any size between LEB128 and the digits of a Python `int`.
//!
//! LEB128 holds 7 bits a byte, an `int` 30 bits a digit, both from the lower end: a big number is
//! regrouped in one pass, without text and without division.

use super::output::Output;
use crate::capi::layout::PyLong_SHIFT;
use crate::capi::number::{Int, DIGIT_MASK};
use crate::capi::object::{Owned, PyResult};
use alloc::vec::Vec;

/// The number of a short signed LEB128 number, see [`super::reader::Reader::short_leb`].
#[inline(always)]
pub fn sign_extend(value: u64, bits: u32) -> i64 {
    let unused = 64 - bits;
    ((value << unused) as i64) >> unused
}

/// The number in the bytes of an unsigned LEB128 number.
#[cold]
pub fn nat_from_leb(bytes: &[u8]) -> PyResult<Owned> {
    from_leb(bytes, false)
}

/// The number in the bytes of a signed LEB128 number.
#[cold]
pub fn int_from_leb(bytes: &[u8]) -> PyResult<Owned> {
    from_leb(bytes, bytes.last().is_some_and(|last| last & 0x40 != 0))
}

fn from_leb(bytes: &[u8], negative: bool) -> PyResult<Owned> {
    let mut digits = Vec::with_capacity(bytes.len() * 7 / PyLong_SHIFT as usize + 1);
    let (mut bits, mut held) = (0u64, 0);
    for byte in bytes {
        bits |= u64::from(byte & 0x7f) << held;
        held += 7;
        if held >= PyLong_SHIFT {
            digits.push(bits as u32 & DIGIT_MASK);
            bits >>= PyLong_SHIFT;
            held -= PyLong_SHIFT;
        }
    }
    // The sign fills the last digit.
    let fill = if negative { u64::MAX << held } else { 0 };
    digits.push((bits | fill) as u32 & DIGIT_MASK);
    if negative {
        negate(&mut digits);
    }
    Owned::int_from_digits(negative, &mut digits)
}

/// Two's complement of a number whose last digit holds the sign.
fn negate(digits: &mut [u32]) {
    let mut carry = 1;
    for digit in digits {
        let sum = (!*digit & DIGIT_MASK) + carry;
        *digit = sum & DIGIT_MASK;
        carry = sum >> PyLong_SHIFT;
    }
}

/// Appends a natural number; the sign is the caller's business.
#[inline(always)]
pub fn put_nat(out: &mut Output<'_>, int: Int<'_>) {
    match int.magnitude() {
        Some(value) => out.leb(value),
        None => put_groups(out, int, int.bits()),
    }
}

/// Appends an integer.
#[inline(always)]
pub fn put_int(out: &mut Output<'_>, int: Int<'_>) {
    match int.magnitude() {
        Some(value) if value <= i64::MAX as u64 => {
            let value = value as i64;
            out.sleb(if int.negative { -value } else { value });
        }
        _ => {
            // -2^n needs no bit more than 2^n - 1.
            let power = int.negative && is_power_of_two(int.digits);
            put_groups(out, int, int.bits() - usize::from(power) + 1);
        }
    }
}

fn is_power_of_two(digits: &[u32]) -> bool {
    digits.split_last().is_some_and(|(top, rest)| top.is_power_of_two() && rest.iter().all(|&digit| digit == 0))
}

/// Appends the lowest `bits` bits of the two's complement in groups of seven.
#[cold]
fn put_groups(out: &mut Output<'_>, int: Int<'_>, bits: usize) {
    let count = bits.div_ceil(7).max(1);
    let (mut held_bits, mut held, mut carry) = (0u64, 0, 1);
    let mut digits = int.digits.iter();
    out.reserve(count);
    for index in 1..=count {
        if held < 7 {
            let mut digit = digits.next().copied().unwrap_or(0);
            if int.negative {
                let sum = (!digit & DIGIT_MASK) + carry;
                digit = sum & DIGIT_MASK;
                carry = sum >> PyLong_SHIFT;
            }
            held_bits |= u64::from(digit) << held;
            held += PyLong_SHIFT;
        }
        let more = if index < count { 0x80 } else { 0 };
        out.byte((held_bits as u8 & 0x7f) | more);
        held_bits >>= 7;
        held -= 7;
    }
}
