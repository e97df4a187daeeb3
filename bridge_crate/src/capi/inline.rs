//! What the headers define as macros or `static inline` functions, with the same meaning.
//!
//! Reference counting follows `object.h` of 3.13 to the letter, immortal objects included:
//! 64-bit builds count in the lower half of the field and skip objects whose lower half is
//! negative as a signed number; 32-bit builds compare with one value.

#![allow(non_snake_case)]

use super::layout::*;
use super::raw;
use core::ffi::c_ulong;

/// `_Py_IMMORTAL_REFCNT` of 32-bit builds.
#[cfg(target_pointer_width = "32")]
pub const IMMORTAL_REFCNT: Py_ssize_t = (u32::MAX >> 2) as Py_ssize_t;
/// `_Py_IMMORTAL_REFCNT` of 64-bit builds.
#[cfg(target_pointer_width = "64")]
pub const IMMORTAL_REFCNT: Py_ssize_t = u32::MAX as Py_ssize_t;

/// `_Py_IsImmortal`.
///
/// # Safety
/// `op` points to a live object.
#[inline(always)]
pub unsafe fn is_immortal(op: *mut PyObject) -> bool {
    // SAFETY: the caller vouches for the object.
    let count = unsafe { (*op).ob_refcnt };
    #[cfg(target_pointer_width = "64")]
    {
        (count as i32) < 0
    }
    #[cfg(target_pointer_width = "32")]
    {
        count == IMMORTAL_REFCNT
    }
}

/// `Py_INCREF`.
///
/// # Safety
/// `op` points to a live object.
#[inline(always)]
pub unsafe fn Py_INCREF(op: *mut PyObject) {
    #[cfg(target_pointer_width = "64")]
    // SAFETY: the caller vouches for the object. The lower half comes first on little-endian machines.
    unsafe {
        let half = (&raw mut (*op).ob_refcnt).cast::<u32>();
        let half = half.add(usize::from(cfg!(target_endian = "big")));
        let count = (*half).wrapping_add(1);
        if count != 0 {
            *half = count;
        }
    }
    #[cfg(target_pointer_width = "32")]
    // SAFETY: the caller vouches for the object.
    unsafe {
        if (*op).ob_refcnt != IMMORTAL_REFCNT {
            (*op).ob_refcnt += 1;
        }
    }
}

/// `Py_DECREF`: may run arbitrary Python code when the last reference goes.
///
/// # Safety
/// The caller owns one reference to `op` and gives it up.
#[inline(always)]
pub unsafe fn Py_DECREF(op: *mut PyObject) {
    // SAFETY: the caller's reference keeps the object alive until the count reaches 0.
    unsafe {
        if !is_immortal(op) {
            let count = (*op).ob_refcnt - 1;
            (*op).ob_refcnt = count;
            if count == 0 {
                raw::_Py_Dealloc(op);
            }
        }
    }
}

/// `Py_XDECREF`.
///
/// # Safety
/// `op` is null, or the caller owns one reference to it and gives it up.
#[inline(always)]
pub unsafe fn Py_XDECREF(op: *mut PyObject) {
    if !op.is_null() {
        // SAFETY: not null, so the caller owns a reference.
        unsafe { Py_DECREF(op) }
    }
}

/// `Py_TYPE`.
///
/// # Safety
/// `op` points to a live object.
#[inline(always)]
pub unsafe fn Py_TYPE(op: *mut PyObject) -> *mut PyTypeObject {
    // SAFETY: the caller vouches for the object.
    unsafe { (*op).ob_type }
}

/// `PyType_FastSubclass(Py_TYPE(op), flag)`.
///
/// # Safety
/// `op` points to a live object.
#[inline(always)]
pub unsafe fn has_feature(op: *mut PyObject, flag: c_ulong) -> bool {
    // SAFETY: the caller vouches for the object; its type lives at least as long.
    unsafe { (*(*op).ob_type).tp_flags & flag != 0 }
}

/// `Py_None`, borrowed.
#[inline(always)]
pub fn Py_None() -> *mut PyObject {
    &raw mut raw::_Py_NoneStruct
}

/// `Py_True`, borrowed.
#[inline(always)]
pub fn Py_True() -> *mut PyObject {
    (&raw mut raw::_Py_TrueStruct).cast()
}

/// `Py_False`, borrowed.
#[inline(always)]
pub fn Py_False() -> *mut PyObject {
    (&raw mut raw::_Py_FalseStruct).cast()
}

/// `Py_SIZE`.
///
/// # Safety
/// `op` points to a live object of variable size that is not an `int`.
#[inline(always)]
pub unsafe fn Py_SIZE(op: *mut PyObject) -> Py_ssize_t {
    // SAFETY: the caller vouches for the layout.
    unsafe { (*op.cast::<PyVarObject>()).ob_size }
}

/// Address of the first item of a tuple.
///
/// # Safety
/// `op` points to a live tuple.
#[inline(always)]
pub unsafe fn PyTuple_ITEMS(op: *mut PyObject) -> *mut *mut PyObject {
    // SAFETY: the caller vouches for the tuple.
    unsafe { (&raw mut (*op.cast::<PyTupleObject>()).ob_item).cast() }
}

/// `PyTuple_GET_ITEM`: borrowed.
///
/// # Safety
/// `op` points to a live tuple with more than `index` items.
#[inline(always)]
pub unsafe fn PyTuple_GET_ITEM(op: *mut PyObject, index: usize) -> *mut PyObject {
    // SAFETY: the caller vouches for tuple and index.
    unsafe { *PyTuple_ITEMS(op).add(index) }
}

/// `PyTuple_SET_ITEM`: takes the reference over; only for new tuples.
///
/// # Safety
/// `op` points to a new tuple with room for `index`; `value` is an owned reference.
#[inline(always)]
pub unsafe fn PyTuple_SET_ITEM(op: *mut PyObject, index: usize, value: *mut PyObject) {
    // SAFETY: the caller vouches for tuple and index.
    unsafe { *PyTuple_ITEMS(op).add(index) = value }
}

/// Address of the first item of a list; null when the list is empty.
///
/// # Safety
/// `op` points to a live list.
#[inline(always)]
pub unsafe fn PyList_ITEMS(op: *mut PyObject) -> *mut *mut PyObject {
    // SAFETY: the caller vouches for the list.
    unsafe { (*op.cast::<PyListObject>()).ob_item }
}

/// `PyBytes_AS_STRING`.
///
/// # Safety
/// `op` points to a live `bytes` object.
#[inline(always)]
pub unsafe fn PyBytes_AS_STRING(op: *mut PyObject) -> *mut u8 {
    // SAFETY: the caller vouches for the object.
    unsafe { (&raw mut (*op.cast::<PyBytesObject>()).ob_sval).cast() }
}

/// `PyFloat_AS_DOUBLE`.
///
/// # Safety
/// `op` points to a live `float`.
#[inline(always)]
pub unsafe fn PyFloat_AS_DOUBLE(op: *mut PyObject) -> f64 {
    // SAFETY: the caller vouches for the object.
    unsafe { (*op.cast::<PyFloatObject>()).ob_fval }
}

/// The UTF-8 bytes of a string, when they are at hand without conversion: those of a compact
/// ASCII string, or the cached form of another. Null (and any length) when they are not.
///
/// # Safety
/// `op` points to a live `str`.
#[inline(always)]
pub unsafe fn unicode_utf8_at_hand(op: *mut PyObject) -> (*const u8, usize) {
    const COMPACT_ASCII: u32 = UNICODE_STATE_COMPACT | UNICODE_STATE_ASCII;
    // SAFETY: every string starts with PyASCIIObject; a string that is not compact ASCII is at
    // least a PyCompactUnicodeObject.
    unsafe {
        let ascii = op.cast::<PyASCIIObject>();
        if (*ascii).state & COMPACT_ASCII == COMPACT_ASCII {
            (ascii.add(1).cast(), (*ascii).length as usize)
        } else {
            let compact = op.cast::<PyCompactUnicodeObject>();
            ((*compact).utf8.cast_const().cast(), (*compact).utf8_length as usize)
        }
    }
}

/// Copies bytes, short ones eight at a time in place: `memcpy` is a call with a loop of bytes.
///
/// # Safety
/// There is room for the bytes at `target`, and it does not overlap them.
#[inline(always)]
pub unsafe fn copy_bytes(bytes: &[u8], mut target: *mut u8) {
    const LONG: usize = 64;
    // SAFETY: as many bytes are written as the slice has.
    unsafe {
        if bytes.len() > LONG {
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len());
            return;
        }
        let Some(last) = bytes.last_chunk::<8>() else {
            for byte in bytes {
                target.write(*byte);
                target = target.add(1);
            }
            return;
        };
        // The last eight overlap those before.
        target.add(bytes.len() - 8).cast::<[u8; 8]>().write_unaligned(*last);
        let mut rest = bytes;
        while let Some((word, others)) = rest.split_first_chunk::<8>() {
            target.cast::<[u8; 8]>().write_unaligned(*word);
            target = target.add(8);
            rest = others;
        }
    }
}
