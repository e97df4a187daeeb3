//! Typed access to the arguments of the module's functions.

use crate::capi::object::{raise, Borrowed, PyResult};
use crate::capi::{raw, Raised};

/// Exactly `N` arguments.
#[inline(always)]
pub fn exactly<'s, 'a, const N: usize>(arguments: &'s [Borrowed<'a>]) -> PyResult<&'s [Borrowed<'a>; N]> {
    match arguments.try_into() {
        Ok(array) => Ok(array),
        Err(_) => Err(type_error("wrong number of arguments")),
    }
}

/// Raises `TypeError`.
#[cold]
pub fn type_error(text: &str) -> Raised {
    // SAFETY: the interpreter is initialised, so the class exists and stays.
    raise(unsafe { Borrowed::from_raw(raw::PyExc_TypeError) }, text)
}

/// Raises `ValueError`.
#[cold]
pub fn value_error(text: &str) -> Raised {
    // SAFETY: as above.
    raise(unsafe { Borrowed::from_raw(raw::PyExc_ValueError) }, text)
}

/// Raises `MemoryError`.
#[cold]
pub fn memory_error() -> Raised {
    // SAFETY: the exception is prepared when the interpreter starts; NULL is what it returns.
    unsafe { raw::PyErr_NoMemory() };
    Raised
}

/// Raises `OverflowError`.
#[cold]
pub fn overflow_error(text: &str) -> Raised {
    // SAFETY: as above.
    raise(unsafe { Borrowed::from_raw(raw::PyExc_OverflowError) }, text)
}

/// A `bytes` argument.
pub fn bytes(value: Borrowed<'_>) -> PyResult<&[u8]> {
    value.bytes().ok_or_else(|| type_error("bytes expected"))
}

/// A `str` argument.
pub fn text(value: Borrowed<'_>) -> PyResult<&str> {
    value.text().unwrap_or_else(|| Err(type_error("str expected")))
}

/// An `int` argument from 0 to 2**64 - 1.
pub fn u64(value: Borrowed<'_>) -> PyResult<u64> {
    // The common case needs no buffer.
    if let Some(small) = value.i64().and_then(|small| u64::try_from(small).ok()) {
        return Ok(small);
    }
    u128(value)?.try_into().map_err(|_| overflow_error("an int from 0 to 2**64 - 1 expected"))
}

/// An `int` argument from 0 to 2**32 - 1.
pub fn u32(value: Borrowed<'_>) -> PyResult<u32> {
    u64(value)?.try_into().map_err(|_| overflow_error("an int from 0 to 2**32 - 1 expected"))
}

/// An `int` argument from 0 to 2**128 - 1.
pub fn u128(value: Borrowed<'_>) -> PyResult<u128> {
    use crate::capi::layout::Py_TPFLAGS_LONG_SUBCLASS;
    if !value.has_feature(Py_TPFLAGS_LONG_SUBCLASS) {
        return Err(type_error("int expected"));
    }
    let mut bytes = [0u8; 16];
    // SAFETY: the object is an int and the buffer has 16 bytes; unsigned, with exceptions.
    let status =
        unsafe { raw::_PyLong_AsByteArray(value.as_ptr().cast(), bytes.as_mut_ptr(), 16, 1, 0, 1) };
    if status < 0 {
        return Err(Raised);
    }
    Ok(u128::from_le_bytes(bytes))
}

/// An argument that is `None` or an object.
pub fn optional(value: Borrowed<'_>) -> Option<Borrowed<'_>> {
    (!value.is_none()).then_some(value)
}
