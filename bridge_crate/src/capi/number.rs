//! Integers of any size, read and made digit by digit.
//!
//! CPython keeps an `int` as sign and magnitude in digits of 30 bits, least significant first
//! (`cpython/longintrepr.h`). Reading them in place needs neither a call nor a buffer.

use super::heap::allocate;
use super::inline::is_immortal;
use super::layout::{
    PyFloatObject, PyLongObject, PyLong_SHIFT, PyObject, Py_TPFLAGS_LONG_SUBCLASS, _PyLongValue, _PyLong_NON_SIZE_BITS, _PyLong_SIGN_MASK,
};
use super::object::{Borrowed, Owned, PyResult, Raised};
use super::raw;
use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, Ordering};

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

/// Numbers from 0 to this one are shared objects that never go (`pycore_runtime_structs.h`), as are some below 0.
const LARGEST_SHARED: u64 = 256;

/// Those from this one to -1 are shared as well.
const SMALLEST_SHARED: i64 = -5;

/// Address of the object for 0; the others of those that are shared lie behind it and before it. Null until it is known.
static SHARED: AtomicPtr<PyLongObject> = AtomicPtr::new(core::ptr::null_mut());

impl Owned {
    /// A `float`.
    #[inline(always)]
    pub fn float(value: f64) -> PyResult<Owned> {
        // SAFETY: the block has room for the structure, and all of it is set, as `PyFloat_FromDouble` does it.
        unsafe {
            let float: *mut PyFloatObject = allocate(size_of::<PyFloatObject>()).cast();
            if float.is_null() {
                raw::PyErr_NoMemory();
                return Err(Raised);
            }
            float.write(PyFloatObject {
                ob_base: PyObject { ob_refcnt: 1, ob_type: &raw mut raw::PyFloat_Type },
                ob_fval: value,
            });
            Owned::from_raw(float.cast())
        }
    }

    /// An `int`.
    #[inline(always)]
    pub fn uint(value: u64) -> PyResult<Owned> {
        if value <= LARGEST_SHARED {
            return Owned::shared_int(value as isize);
        }
        Owned::large_int(false, value)
    }

    /// An `int`.
    #[inline(always)]
    pub fn int(value: i64) -> PyResult<Owned> {
        if (SMALLEST_SHARED..=LARGEST_SHARED as i64).contains(&value) {
            return Owned::shared_int(value as isize);
        }
        Owned::large_int(value < 0, value.unsigned_abs())
    }

    /// An `int` of that sign and magnitude; zero has no sign.
    #[inline(always)]
    pub fn integer(negative: bool, magnitude: u64) -> PyResult<Owned> {
        if magnitude <= LARGEST_SHARED {
            match negative {
                false => return Owned::shared_int(magnitude as isize),
                true if magnitude <= SMALLEST_SHARED.unsigned_abs() => return Owned::shared_int(-(magnitude as isize)),
                true => {}
            }
        }
        Owned::large_int(negative, magnitude)
    }

    /// One of the shared numbers.
    #[inline(always)]
    fn shared_int(value: isize) -> PyResult<Owned> {
        let zero = SHARED.load(Ordering::Relaxed);
        if zero.is_null() {
            return Owned::first_shared_int(value);
        }
        // SAFETY: the objects lie side by side, which was checked; they are immortal.
        unsafe { Owned::from_raw(zero.offset(value).cast()) }
    }

    /// The same before their place is known; looks for it.
    #[cold]
    fn first_shared_int(value: isize) -> PyResult<Owned> {
        // SAFETY: the results are new references, of objects that are immortal when they are shared; their
        // distance is only compared.
        unsafe {
            let zero = Owned::from_raw(raw::PyLong_FromLong(0))?;
            let is_in_row = |number: i64| {
                let other = Owned::from_raw(raw::PyLong_FromLong(number as _))?;
                let expected = zero.as_ptr().cast::<PyLongObject>().wrapping_offset(number as isize);
                Ok(is_immortal(other.as_ptr()) && other.as_ptr() == expected.cast())
            };
            if is_in_row(SMALLEST_SHARED)? && is_in_row(0)? && is_in_row(LARGEST_SHARED as i64)? {
                SHARED.store(zero.as_ptr().cast(), Ordering::Relaxed);
            }
            Owned::from_raw(raw::PyLong_FromLong(value as _))
        }
    }

    /// A number that is not shared, as `_PyLong_New` makes it, but without its three calls.
    #[inline(always)]
    fn large_int(negative: bool, magnitude: u64) -> PyResult<Owned> {
        debug_assert!(magnitude > SMALLEST_SHARED.unsigned_abs());
        if magnitude <= DIGIT_MASK.into() {
            // SAFETY: the block has room for the structure, which has one digit, and all of it is set.
            unsafe {
                let int: *mut PyLongObject = allocate(size_of::<PyLongObject>()).cast();
                if int.is_null() {
                    raw::PyErr_NoMemory();
                    return Err(Raised);
                }
                int.write(PyLongObject {
                    ob_base: PyObject { ob_refcnt: 1, ob_type: &raw mut raw::PyLong_Type },
                    long_value: _PyLongValue { lv_tag: tag(negative, 1), ob_digit: [magnitude as u32] },
                });
                return Owned::from_raw(int.cast());
            }
        }
        let low = magnitude as u32 & DIGIT_MASK;
        let middle = (magnitude >> PyLong_SHIFT) as u32 & DIGIT_MASK;
        let high = (magnitude >> (2 * PyLong_SHIFT)) as u32;
        let count = 2 + usize::from(high != 0);
        // SAFETY: the block has room for `count` digits, and all of the object is set. Types without a heap
        // of their own are not counted.
        unsafe {
            let int: *mut PyLongObject = allocate(DIGITS_AT + count * size_of::<u32>()).cast();
            if int.is_null() {
                raw::PyErr_NoMemory();
                return Err(Raised);
            }
            (*int).ob_base.ob_refcnt = 1;
            (*int).ob_base.ob_type = &raw mut raw::PyLong_Type;
            (*int).long_value.lv_tag = tag(negative, count);
            let digits = (&raw mut (*int).long_value.ob_digit).cast::<u32>();
            digits.write(low);
            digits.add(1).write(middle);
            if count > 2 {
                digits.add(2).write(high);
            }
            Owned::from_raw(int.cast())
        }
    }

    /// An `int` of which `fill` sets at most `count` digits (at least one), from the lower end; they are 0 before.
    pub fn int_of_digits(negative: bool, count: usize, fill: impl FnOnce(&mut [u32])) -> PyResult<Owned> {
        // SAFETY: the new object has room for `count` digits. Nobody else knows it, so that its size can still
        // be corrected, as CPython does (`long_normalize`).
        unsafe {
            let int = raw::_PyLong_New(count as isize);
            let owned = Owned::from_raw(int.cast())?;
            let digits = (&raw mut (*int).long_value.ob_digit).cast::<u32>();
            digits.write_bytes(0, count);
            let digits = core::slice::from_raw_parts_mut(digits, count);
            fill(digits);
            let count = digits.iter().rposition(|&digit| digit != 0).map_or(0, |last| last + 1);
            if count <= 1 {
                // Perhaps a shared one.
                let value = i64::from(digits[0]);
                return Owned::int(if negative { -value } else { value });
            }
            (*int).long_value.lv_tag = tag(negative, count);
            Ok(owned)
        }
    }
}

/// Offset of the digits in an `int`.
const DIGITS_AT: usize = offset_of!(PyLongObject, long_value) + offset_of!(_PyLongValue, ob_digit);

/// `_PyLong_SetSignAndDigitCount` of a number that is not zero.
#[inline(always)]
fn tag(negative: bool, count: usize) -> usize {
    (count << _PyLong_NON_SIZE_BITS) | (usize::from(negative) << 1)
}
