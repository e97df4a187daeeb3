//! Integers of any size between LEB128 and the digits of a Python `int`.
//!
//! LEB128 holds 7 bits a byte, an `int` 30 bits a digit, both from the lower end: a big number is
//! regrouped in one pass, without text and without division.

use super::output::Output;
use super::reader::{spread, squeeze};
use crate::capi::layout::PyLong_SHIFT;
use crate::capi::number::{Int, DIGIT_MASK};
use crate::capi::object::{Owned, PyResult};

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
    let count = bytes.len() * 7 / PyLong_SHIFT as usize + 1;
    Owned::int_of_digits(negative, count, |digits| {
        let (mut held_bits, mut held) = (0u64, 0);
        let mut places = digits.iter_mut();
        let mut take = |groups: u64, bits: u32| {
            held_bits |= groups << held;
            held += bits;
            if held >= PyLong_SHIFT {
                put(&mut places, held_bits as u32 & DIGIT_MASK);
                held_bits >>= PyLong_SHIFT;
                held -= PyLong_SHIFT;
            }
        };
        // Four groups at a time: 28 bits, and the 29 that may be held, fit 64.
        let mut rest = bytes;
        while let Some((four, others)) = rest.split_first_chunk::<4>() {
            take(squeeze(u32::from_le_bytes(*four).into()), 28);
            rest = others;
        }
        rest.iter().for_each(|byte| take((byte & 0x7f).into(), 7));
        // The sign fills the last digit.
        let fill = if negative { u64::MAX << held } else { 0 };
        put(&mut places, (held_bits | fill) as u32 & DIGIT_MASK);
        if negative {
            negate(digits);
        }
    })
}

/// Sets the next digit.
#[inline(always)]
fn put(places: &mut core::slice::IterMut<'_, u32>, digit: u32) {
    if let Some(place) = places.next() {
        *place = digit;
    }
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

/// Appends the lowest `bits` bits of the two's complement in groups of seven, four at a time.
#[cold]
fn put_groups(out: &mut Output<'_>, int: Int<'_>, bits: usize) {
    const GROUPS: usize = 4;
    let mut rest = bits.div_ceil(7).max(1);
    let (mut held_bits, mut held, mut carry) = (0u64, 0, 1);
    let mut digits = int.digits.iter();
    out.reserve(rest + 8);
    loop {
        if held < 7 * GROUPS as u32 {
            let mut digit = digits.next().copied().unwrap_or(0);
            if int.negative {
                let sum = (!digit & DIGIT_MASK) + carry;
                digit = sum & DIGIT_MASK;
                carry = sum >> PyLong_SHIFT;
            }
            held_bits |= u64::from(digit) << held;
            held += PyLong_SHIFT;
        }
        let word = spread(held_bits & ((1 << (7 * GROUPS)) - 1));
        if rest <= GROUPS {
            // The last group has nothing behind it.
            return out.part_of_word(word ^ (0x80 << (8 * (rest - 1))), rest);
        }
        out.part_of_word(word, GROUPS);
        rest -= GROUPS;
        held_bits >>= 7 * GROUPS;
        held -= 7 * GROUPS as u32;
    }
}
