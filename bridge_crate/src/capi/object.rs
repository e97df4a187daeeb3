//! Owned and borrowed references with typed access: the layer that needs no `unsafe` to use.

use super::inline::*;
use super::layout::*;
use super::raw;
use core::ffi::{c_char, CStr};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// A Python exception is set in the interpreter and must reach Python code or be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised;

/// Result of an operation that may leave a Python exception behind.
pub type PyResult<T> = Result<T, Raised>;

/// One reference to an object, given back when dropped.
#[repr(transparent)]
pub struct Owned(NonNull<PyObject>);

/// A reference that somebody else keeps alive for `'a`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Borrowed<'a>(NonNull<PyObject>, PhantomData<&'a PyObject>);

impl Owned {
    /// Takes over the reference `op`; a null pointer means that an exception is set.
    ///
    /// # Safety
    /// `op` is null (with an exception set), or an owned reference given up by the caller.
    #[inline(always)]
    pub unsafe fn from_raw(op: *mut PyObject) -> PyResult<Owned> {
        match NonNull::new(op) {
            Some(pointer) => Ok(Owned(pointer)),
            None => Err(Raised),
        }
    }

    /// Takes over the reference `op`; a null pointer means "no object".
    ///
    /// # Safety
    /// `op` is null, or an owned reference given up by the caller.
    #[inline(always)]
    pub unsafe fn from_raw_optional(op: *mut PyObject) -> Option<Owned> {
        NonNull::new(op).map(Owned)
    }

    /// The object, borrowed.
    #[inline(always)]
    pub fn borrow(&self) -> Borrowed<'_> {
        Borrowed(self.0, PhantomData)
    }

    /// The address; the reference stays owned by `self`.
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// The address; the reference now belongs to the caller.
    #[inline(always)]
    pub fn into_raw(self) -> *mut PyObject {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// `None`.
    #[inline(always)]
    pub fn none() -> Owned {
        // None is immortal: no counting.
        // SAFETY: the address of a static is not null.
        Owned(unsafe { NonNull::new_unchecked(Py_None()) })
    }

    /// `True` or `False`.
    #[inline(always)]
    pub fn bool(value: bool) -> Owned {
        let op = if value { Py_True() } else { Py_False() };
        // SAFETY: the address of a static is not null; both are immortal.
        Owned(unsafe { NonNull::new_unchecked(op) })
    }

    /// A `str` from UTF-8.
    pub fn str(text: &str) -> PyResult<Owned> {
        // SAFETY: the slice is valid for its length; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as isize)) }
    }

    /// An interned `str` from UTF-8.
    pub fn interned(text: &str) -> PyResult<Owned> {
        let mut op = Owned::str(text)?.into_raw();
        // SAFETY: `op` is an owned reference, replaced by another owned reference.
        unsafe {
            raw::PyUnicode_InternInPlace(&raw mut op);
            Owned::from_raw(op)
        }
    }

    /// An interned `str` that never goes and whose references are not counted.
    pub fn interned_forever(text: &str) -> PyResult<Owned> {
        let mut op = Owned::str(text)?.into_raw();
        // SAFETY: `op` is an owned reference, replaced by another owned reference.
        unsafe {
            raw::_PyUnicode_InternImmortal(raw::PyInterpreterState_Get(), &raw mut op);
            Owned::from_raw(op)
        }
    }

    /// A `bytes` object with a copy of `data`.
    pub fn bytes(data: &[u8]) -> PyResult<Owned> {
        // SAFETY: the slice is valid for its length; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyBytes_FromStringAndSize(data.as_ptr().cast(), data.len() as isize)) }
    }

    /// An `int` of 128 bits.
    pub fn uint128(value: u128) -> PyResult<Owned> {
        let bytes = value.to_le_bytes();
        // SAFETY: 16 bytes are readable; the result is a new reference.
        unsafe { Owned::from_raw(raw::_PyLong_FromByteArray(bytes.as_ptr(), 16, 1, 0)) }
    }

    /// A `tuple` of the given objects.
    pub fn tuple<const N: usize>(items: [Owned; N]) -> PyResult<Owned> {
        // SAFETY: the tuple is new and has room for N items, which it takes over.
        unsafe {
            let tuple = Owned::from_raw(raw::PyTuple_New(N as isize))?;
            for (index, item) in items.into_iter().enumerate() {
                PyTuple_SET_ITEM(tuple.as_ptr(), index, item.into_raw());
            }
            Ok(tuple)
        }
    }

    /// An empty `list`.
    pub fn list() -> PyResult<Owned> {
        // SAFETY: the result is a new reference.
        unsafe { Owned::from_raw(raw::PyList_New(0)) }
    }

    /// An empty `dict`.
    pub fn dict() -> PyResult<Owned> {
        // SAFETY: the result is a new reference.
        unsafe { Owned::from_raw(raw::PyDict_New()) }
    }

    /// The module of that name, imported when it is not yet there.
    pub fn import(name: &CStr) -> PyResult<Owned> {
        // SAFETY: the name is a C string; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyImport_ImportModule(name.as_ptr())) }
    }
}

impl Drop for Owned {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: this value owns one reference.
        unsafe { Py_DECREF(self.0.as_ptr()) }
    }
}

impl Clone for Owned {
    #[inline(always)]
    fn clone(&self) -> Owned {
        self.borrow().to_owned()
    }
}

impl<'a> Borrowed<'a> {
    /// A borrowed reference.
    ///
    /// # Safety
    /// `op` is not null and stays alive for `'a`.
    #[inline(always)]
    pub unsafe fn from_raw(op: *mut PyObject) -> Borrowed<'a> {
        // SAFETY: the caller says it is not null.
        Borrowed(unsafe { NonNull::new_unchecked(op) }, PhantomData)
    }

    /// The address.
    #[inline(always)]
    pub fn as_ptr(self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// A reference of one's own.
    #[inline(always)]
    pub fn to_owned(self) -> Owned {
        // SAFETY: the object is alive; the count goes up by one for the new owner.
        unsafe { Py_INCREF(self.as_ptr()) };
        Owned(self.0)
    }

    /// Whether it is `None`.
    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.as_ptr() == Py_None()
    }

    /// Whether it is exactly `True` (`Some(true)`) or `False` (`Some(false)`).
    #[inline(always)]
    pub fn as_bool(self) -> Option<bool> {
        if self.as_ptr() == Py_True() {
            Some(true)
        } else if self.as_ptr() == Py_False() {
            Some(false)
        } else {
            None
        }
    }

    /// Whether its type has one of the flags (a built-in type or a subclass of it).
    #[inline(always)]
    pub fn has_feature(self, flag: core::ffi::c_ulong) -> bool {
        // SAFETY: the object is alive.
        unsafe { has_feature(self.as_ptr(), flag) }
    }

    /// Whether its type is exactly this class.
    #[inline(always)]
    pub fn class_is(self, class: Borrowed<'_>) -> bool {
        // SAFETY: the object is alive.
        unsafe { Py_TYPE(self.as_ptr()).cast() == class.as_ptr() }
    }

    /// Name of its type as written in C (`list`, `mymodule.Point` for heap types: `Point`).
    pub fn type_name(self) -> &'a str {
        // SAFETY: tp_name is a C string that lives as long as the type.
        let name = unsafe { CStr::from_ptr((*Py_TYPE(self.as_ptr())).tp_name) };
        let name = name.to_str().unwrap_or("?");
        name.rsplit('.').next().unwrap_or(name)
    }

    /// The items, when it is a tuple.
    #[inline]
    pub fn tuple_items(self) -> Option<&'a [Borrowed<'a>]> {
        if !self.has_feature(Py_TPFLAGS_TUPLE_SUBCLASS) {
            return None;
        }
        // SAFETY: a tuple has Py_SIZE items that live and stay as long as it does; `Borrowed` is
        // a transparent pointer.
        unsafe {
            let size = Py_SIZE(self.as_ptr()) as usize;
            Some(core::slice::from_raw_parts(PyTuple_ITEMS(self.as_ptr()).cast(), size))
        }
    }

    /// The content, when it is a `bytes` object.
    #[inline]
    pub fn bytes(self) -> Option<&'a [u8]> {
        if !self.has_feature(Py_TPFLAGS_BYTES_SUBCLASS) {
            return None;
        }
        // SAFETY: bytes are immutable and hold Py_SIZE bytes.
        unsafe {
            let size = Py_SIZE(self.as_ptr()) as usize;
            Some(core::slice::from_raw_parts(PyBytes_AS_STRING(self.as_ptr()), size))
        }
    }

    /// The text as UTF-8, when it is a `str`; `Some(Err(Raised))` when it holds lone surrogates.
    #[inline]
    pub fn text(self) -> Option<PyResult<&'a str>> {
        if !self.has_feature(Py_TPFLAGS_UNICODE_SUBCLASS) {
            return None;
        }
        // SAFETY: the UTF-8 form belongs to the immutable string and is valid UTF-8.
        unsafe {
            let (mut data, mut size) = unicode_utf8_at_hand(self.as_ptr());
            if data.is_null() {
                let mut length: Py_ssize_t = 0;
                data = raw::PyUnicode_AsUTF8AndSize(self.as_ptr(), &raw mut length).cast();
                if data.is_null() {
                    return Some(Err(Raised));
                }
                size = length as usize;
            }
            Some(Ok(core::str::from_utf8_unchecked(core::slice::from_raw_parts(data, size))))
        }
    }

    /// The value, when it is an `int` within 64 bits (`bool` counts as `int`).
    pub fn i64(self) -> Option<i64> {
        if !self.has_feature(Py_TPFLAGS_LONG_SUBCLASS) {
            return None;
        }
        let mut overflow = 0;
        // SAFETY: the object is an int, for which this function sets no exception.
        let value = unsafe { raw::PyLong_AsLongLongAndOverflow(self.as_ptr(), &raw mut overflow) };
        (overflow == 0).then_some(value)
    }

    /// Attribute by name.
    pub fn attr(self, name: &CStr) -> PyResult<Owned> {
        // SAFETY: the object is alive, the name a C string; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyObject_GetAttrString(self.as_ptr(), name.as_ptr())) }
    }

    /// Attribute by name (a `str` object).
    #[inline]
    pub fn attr_object(self, name: Borrowed<'_>) -> PyResult<Owned> {
        // SAFETY: both objects are alive; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyObject_GetAttr(self.as_ptr(), name.as_ptr())) }
    }

    /// Attribute by name (a `str` object); `None` when there is none of that name.
    #[inline]
    pub fn attr_optional(self, name: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let mut value = core::ptr::null_mut();
        // SAFETY: both objects are alive; `value` receives null or a new reference.
        unsafe {
            status(raw::PyObject_GetOptionalAttr(self.as_ptr(), name.as_ptr(), &raw mut value))?;
            Ok(Owned::from_raw_optional(value))
        }
    }

    /// Whether `isinstance(self, class)`; an exception counts as no.
    pub fn is_instance_of(self, class: Borrowed<'_>) -> bool {
        // SAFETY: both objects are alive.
        let answer = unsafe { raw::PyObject_IsInstance(self.as_ptr(), class.as_ptr()) };
        if answer < 0 {
            clear_exception();
        }
        answer > 0
    }

    /// Name of the class that this object is; for other objects the name of their type.
    pub fn class_name(self) -> &'a str {
        if !self.has_feature(Py_TPFLAGS_TYPE_SUBCLASS) {
            return self.type_name();
        }
        // SAFETY: the object is a class; tp_name is a C string that lives as long as the class.
        let name = unsafe { CStr::from_ptr((*self.as_ptr().cast::<PyTypeObject>()).tp_name) };
        let name = name.to_str().unwrap_or("?");
        name.rsplit('.').next().unwrap_or(name)
    }

    /// The value, when it is a `float`, or an `int` (not a `bool`); an `int` may be too large.
    #[inline]
    pub fn f64(self) -> Option<PyResult<f64>> {
        // SAFETY: the object is alive; a subclass of float has its layout.
        unsafe {
            let class = Py_TYPE(self.as_ptr());
            if class == &raw mut raw::PyFloat_Type
                || raw::PyType_IsSubtype(class, &raw mut raw::PyFloat_Type) != 0
            {
                return Some(Ok(PyFloat_AS_DOUBLE(self.as_ptr())));
            }
        }
        self.int()?;
        // SAFETY: the object is an int; -1 with an exception set means that it is too large.
        unsafe {
            let value = raw::PyLong_AsDouble(self.as_ptr());
            Some(if value == -1.0 && !raw::PyErr_Occurred().is_null() { Err(Raised) } else { Ok(value) })
        }
    }

    /// Sets an attribute by name.
    pub fn set_attr(self, name: &CStr, value: Borrowed<'_>) -> PyResult<()> {
        // SAFETY: the objects are alive, the name a C string.
        status(unsafe { raw::PyObject_SetAttrString(self.as_ptr(), name.as_ptr(), value.as_ptr()) })
    }

    /// Calls it with positional arguments.
    pub fn call(self, arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
        // SAFETY: `Borrowed` is a transparent pointer, so the slice is an array of objects that
        // are alive; the result is a new reference.
        unsafe {
            Owned::from_raw(raw::PyObject_Vectorcall(
                self.as_ptr(),
                arguments.as_ptr().cast(),
                arguments.len(),
                core::ptr::null_mut(),
            ))
        }
    }

    /// `str(self)`.
    pub fn str(self) -> PyResult<Owned> {
        // SAFETY: the object is alive; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyObject_Str(self.as_ptr())) }
    }

    /// `self[key] = value` of a dict.
    pub fn dict_set(self, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult<()> {
        // SAFETY: the objects are alive; another type than dict raises SystemError.
        status(unsafe { raw::PyDict_SetItem(self.as_ptr(), key.as_ptr(), value.as_ptr()) })
    }

    /// `self.get(key)` of a dict.
    pub fn dict_get(self, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let mut value = core::ptr::null_mut();
        // SAFETY: the objects are alive; `value` receives null or a new reference.
        unsafe {
            status(raw::PyDict_GetItemRef(self.as_ptr(), key.as_ptr(), &raw mut value))?;
            Ok(Owned::from_raw_optional(value))
        }
    }

    /// `self.append(item)` of a list.
    pub fn list_append(self, item: Borrowed<'_>) -> PyResult<()> {
        // SAFETY: the objects are alive; another type than list raises SystemError.
        status(unsafe { raw::PyList_Append(self.as_ptr(), item.as_ptr()) })
    }
}

/// Turns the C convention "negative means that an exception is set" into a `Result`.
#[inline(always)]
pub fn status(code: core::ffi::c_int) -> PyResult<()> {
    if code < 0 {
        Err(Raised)
    } else {
        Ok(())
    }
}

/// Raises an exception of class `exception` with the given text.
pub fn raise(exception: Borrowed<'_>, message: &str) -> Raised {
    // SAFETY: the text is valid for its length; the reference is given back after use. When no
    // string can be made, MemoryError is set instead.
    unsafe {
        let text = raw::PyUnicode_FromStringAndSize(message.as_ptr().cast::<c_char>(), message.len() as isize);
        if !text.is_null() {
            raw::PyErr_SetObject(exception.as_ptr(), text);
            Py_DECREF(text);
        }
    }
    Raised
}

/// Takes the current exception out of the interpreter.
pub fn take_exception() -> Option<Owned> {
    // SAFETY: the result is null or a new reference.
    unsafe { Owned::from_raw_optional(raw::PyErr_GetRaisedException()) }
}

/// Drops the current exception, if any.
pub fn clear_exception() {
    // SAFETY: no arguments; needs an initialised interpreter, as everything here.
    unsafe { raw::PyErr_Clear() }
}
