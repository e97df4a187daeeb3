//! Integers of any size, read and made digit by digit.
//!
//! CPython keeps an `int` as sign and magnitude in digits of 30 bits, least significant first
//! (`cpython/longintrepr.h`). Reading them in place needs neither a call nor a buffer.

use super::layout::{PyLongObject, PyLong_SHIFT, Py_TPFLAGS_LONG_SUBCLASS, _PyLong_NON_SIZE_BITS, _PyLong_SIGN_MASK};
use super::object::{Borrowed, Owned, PyResult};
use super::raw;

/// Bits of a digit that count.
pub const DIGIT_MASK: u32 = (1 << PyLong_SHIFT) - 1;

/// Sign and magnitude of an `int`; no digits for zero, and the last digit is never zero.
#[derive(Clone, Copy)]
pub struct Int<'a> {
    /// Whether the number is below zero.
    pub negative: bool,
    /// Digits of 30 bits, least significant first.
    pub digits: &'a [u32],
}

impl<'a> Borrowed<'a> {
    /// The number, when the object is an `int` but not a `bool`.
    #[inline(always)]
    pub fn int(self) -> Option<Int<'a>> {
        // SAFETY: the object is alive; the layout of an int is checked against the headers, and
        // its digits never change.
        unsafe {
            let class = (*self.as_ptr()).ob_type;
            if class != &raw mut raw::PyLong_Type
                && (class == &raw mut raw::PyBool_Type || !self.has_feature(Py_TPFLAGS_LONG_SUBCLASS))
            {
                return None;
            }
            let value = &raw const (*self.as_ptr().cast::<PyLongObject>()).long_value;
            let tag = (*value).lv_tag;
            let digits = (&raw const (*value).ob_digit).cast::<u32>();
            Some(Int {
                negative: tag & _PyLong_SIGN_MASK == 2,
                digits: core::slice::from_raw_parts(digits, tag >> _PyLong_NON_SIZE_BITS),
            })
        }
    }
}

impl Int<'_> {
    /// The magnitude, when it fits 64 bits.
    #[inline(always)]
    pub fn magnitude(self) -> Option<u64> {
        match *self.digits {
            [] => Some(0),
            [low] => Some(low.into()),
            [low, high] => Some((u64::from(high) << PyLong_SHIFT) | u64::from(low)),
            [low, middle, high] if high < 16 => {
                let upper = (u64::from(high) << PyLong_SHIFT) | u64::from(middle);
                Some((upper << PyLong_SHIFT) | u64::from(low))
            }
            _ => None,
        }
    }

    /// Number of significant bits of the magnitude.
    pub fn bits(self) -> usize {
        match self.digits.split_last() {
            None => 0,
            Some((top, rest)) => rest.len() * PyLong_SHIFT as usize + (u32::BITS - top.leading_zeros()) as usize,
        }
    }
}

impl Owned {
    /// An `int` from its magnitude; zero digits at the upper end are allowed.
    pub fn int_from_digits(negative: bool, digits: &mut [u32]) -> PyResult<Owned> {
        let count = digits.iter().rposition(|&digit| digit != 0).map_or(0, |last| last + 1);
        if count <= 1 {
            // Through the function that knows the shared small numbers.
            let value = i64::from(digits.first().copied().unwrap_or(0));
            return Owned::int(if negative { -value } else { value });
        }
        // SAFETY: `count` digits are readable, below 2**30 each, and the last is not zero; the
        // result is a new reference.
        unsafe {
            let int = raw::_PyLong_FromDigits(negative.into(), count as isize, digits.as_mut_ptr());
            Owned::from_raw(int.cast())
        }
    }
}
