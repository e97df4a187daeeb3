//! Structures and constants of the CPython 3.13 headers (default build: with the GIL, no
//! reference tracing). Names and fields are those of the headers.

#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals, missing_docs)]

use core::ffi::{c_char, c_int, c_uchar, c_uint, c_ulong, c_ushort, c_void};

/// `Py_ssize_t`: signed, as wide as a pointer.
pub type Py_ssize_t = isize;
/// `Py_hash_t`: same width as `Py_ssize_t`.
pub type Py_hash_t = isize;
/// `Py_UCS4`: one code point.
pub type Py_UCS4 = u32;
/// `digit`: one 30-bit digit of an `int`.
pub type digit = u32;
/// `PySendResult`: an enumeration, passed as an `int`.
pub type PySendResult = c_int;

/// Known by address only.
#[repr(C)]
pub struct PyThreadState {
    _opaque: [u8; 0],
}

/// Known by address only.
#[repr(C)]
pub struct PyInterpreterState {
    _opaque: [u8; 0],
}

/// `struct _object`. The count is `Py_ssize_t`; on 64-bit builds only its lower half counts.
#[repr(C)]
pub struct PyObject {
    pub ob_refcnt: Py_ssize_t,
    pub ob_type: *mut PyTypeObject,
}

#[repr(C)]
pub struct PyVarObject {
    pub ob_base: PyObject,
    pub ob_size: Py_ssize_t,
}

#[repr(C)]
pub struct PyTypeObject {
    pub ob_base: PyVarObject,
    pub tp_name: *const c_char,
    pub tp_basicsize: Py_ssize_t,
    pub tp_itemsize: Py_ssize_t,
    pub tp_dealloc: *mut c_void,
    pub tp_vectorcall_offset: Py_ssize_t,
    pub tp_getattr: *mut c_void,
    pub tp_setattr: *mut c_void,
    pub tp_as_async: *mut c_void,
    pub tp_repr: *mut c_void,
    pub tp_as_number: *mut c_void,
    pub tp_as_sequence: *mut c_void,
    pub tp_as_mapping: *mut c_void,
    pub tp_hash: *mut c_void,
    pub tp_call: *mut c_void,
    pub tp_str: *mut c_void,
    pub tp_getattro: *mut c_void,
    pub tp_setattro: *mut c_void,
    pub tp_as_buffer: *mut c_void,
    pub tp_flags: c_ulong,
    pub tp_doc: *const c_char,
    pub tp_traverse: *mut c_void,
    pub tp_clear: *mut c_void,
    pub tp_richcompare: *mut c_void,
    pub tp_weaklistoffset: Py_ssize_t,
    pub tp_iter: *mut c_void,
    pub tp_iternext: *mut c_void,
    pub tp_methods: *mut PyMethodDef,
    pub tp_members: *mut c_void,
    pub tp_getset: *mut c_void,
    pub tp_base: *mut PyTypeObject,
    pub tp_dict: *mut PyObject,
    pub tp_descr_get: *mut c_void,
    pub tp_descr_set: *mut c_void,
    pub tp_dictoffset: Py_ssize_t,
    pub tp_init: *mut c_void,
    pub tp_alloc: *mut c_void,
    pub tp_new: *mut c_void,
    pub tp_free: *mut c_void,
    pub tp_is_gc: *mut c_void,
    pub tp_bases: *mut PyObject,
    pub tp_mro: *mut PyObject,
    pub tp_cache: *mut PyObject,
    pub tp_subclasses: *mut c_void,
    pub tp_weaklist: *mut PyObject,
    pub tp_del: *mut c_void,
    pub tp_version_tag: c_uint,
    pub tp_finalize: *mut c_void,
    pub tp_vectorcall: *mut c_void,
    pub tp_watched: c_uchar,
    pub tp_versions_used: c_ushort,
}

#[repr(C)]
pub struct PyTupleObject {
    pub ob_base: PyVarObject,
    pub ob_item: [*mut PyObject; 1],
}

#[repr(C)]
pub struct PyListObject {
    pub ob_base: PyVarObject,
    pub ob_item: *mut *mut PyObject,
    pub allocated: Py_ssize_t,
}

/// What stands before each object that the garbage collector may list; zero in one that it does not list.
#[repr(C)]
pub struct PyGC_Head {
    pub _gc_next: usize,
    pub _gc_prev: usize,
}

/// Head of a dict's table; behind it `1 << dk_log2_index_bytes` bytes of indices, then the entries.
#[repr(C)]
pub struct PyDictKeysObject {
    pub dk_refcnt: Py_ssize_t,
    pub dk_log2_size: u8,
    pub dk_log2_index_bytes: u8,
    pub dk_kind: u8,
    pub dk_version: u32,
    pub dk_usable: Py_ssize_t,
    pub dk_nentries: Py_ssize_t,
}

/// An entry of a table whose keys are all `str`; a deleted one has a null value.
#[repr(C)]
pub struct PyDictUnicodeEntry {
    pub me_key: *mut PyObject,
    pub me_value: *mut PyObject,
}

/// `DictKeysKind`: tables whose keys are all `str`, with values in the entries.
pub const DICT_KEYS_UNICODE: u8 = 1;

#[repr(C)]
pub struct PyDictObject {
    pub ob_base: PyObject,
    pub ma_used: Py_ssize_t,
    pub ma_version_tag: u64,
    pub ma_keys: *mut PyDictKeysObject,
    pub ma_values: *mut c_void,
}

/// Attributes behind an instance; behind the `capacity` values their places in the order they were set in, `size` bytes.
#[repr(C)]
pub struct PyDictValues {
    pub capacity: u8,
    pub size: u8,
    pub embedded: u8,
    pub valid: u8,
    pub values: [*mut PyObject; 1],
}

#[repr(C)]
pub struct PyBytesObject {
    pub ob_base: PyVarObject,
    pub ob_shash: Py_hash_t,
    pub ob_sval: [c_char; 1],
}

#[repr(C)]
pub struct PyFloatObject {
    pub ob_base: PyObject,
    pub ob_fval: f64,
}

#[repr(C)]
pub struct _PyLongValue {
    pub lv_tag: usize,
    pub ob_digit: [digit; 1],
}

#[repr(C)]
pub struct PyLongObject {
    pub ob_base: PyObject,
    pub long_value: _PyLongValue,
}

/// `state` is a set of bit fields in C: interned 2, kind 3, compact 1, ascii 1,
/// statically_allocated 1; the masks are [`UNICODE_STATE_COMPACT`] and [`UNICODE_STATE_ASCII`].
#[repr(C)]
pub struct PyASCIIObject {
    pub ob_base: PyObject,
    pub length: Py_ssize_t,
    pub hash: Py_hash_t,
    pub state: u32,
}

#[repr(C)]
pub struct PyCompactUnicodeObject {
    pub _base: PyASCIIObject,
    pub utf8_length: Py_ssize_t,
    pub utf8: *mut c_char,
}

#[repr(C)]
pub struct PyUnicodeObject {
    pub _base: PyCompactUnicodeObject,
    pub data: *mut c_void,
}

/// The flags word of `state` as the compiler lays the bit fields out (checked by `check_capi.py`).
pub const UNICODE_STATE_KIND_SHIFT: u32 = 2;
pub const UNICODE_STATE_KIND_MASK: u32 = 7;
pub const UNICODE_STATE_COMPACT: u32 = 1 << 5;
pub const UNICODE_STATE_ASCII: u32 = 1 << 6;

/// A pool of blocks of one size; `count` stands for a union with a pointer, of whose size it is on wasm32.
#[repr(C)]
pub struct pool_header {
    pub count: usize,
    pub freeblock: *mut u8,
    pub nextpool: *mut pool_header,
    pub prevpool: *mut pool_header,
    pub arenaindex: c_uint,
    pub szidx: c_uint,
    pub nextoffset: c_uint,
    pub maxnextoffset: c_uint,
}

/// Blocks are multiples of 8 bytes where pointers have 4, otherwise of 16.
pub const ALIGNMENT_SHIFT: u32 = usize::BITS / 32 + 2;
pub const SMALL_REQUEST_THRESHOLD: usize = 512;

#[repr(C)]
pub struct PyMethodDef {
    pub ml_name: *const c_char,
    pub ml_meth: *mut c_void,
    pub ml_flags: c_int,
    pub ml_doc: *const c_char,
}

#[repr(C)]
pub struct PyModuleDef_Base {
    pub ob_base: PyObject,
    pub m_init: *mut c_void,
    pub m_index: Py_ssize_t,
    pub m_copy: *mut PyObject,
}

#[repr(C)]
pub struct PyModuleDef_Slot {
    pub slot: c_int,
    pub value: *mut c_void,
}

#[repr(C)]
pub struct PyModuleDef {
    pub m_base: PyModuleDef_Base,
    pub m_name: *const c_char,
    pub m_doc: *const c_char,
    pub m_size: Py_ssize_t,
    pub m_methods: *mut PyMethodDef,
    pub m_slots: *mut PyModuleDef_Slot,
    pub m_traverse: *mut c_void,
    pub m_clear: *mut c_void,
    pub m_free: *mut c_void,
}

/// `struct _frozen`: one entry of a table of frozen modules.
#[repr(C)]
pub struct _frozen {
    pub name: *const c_char,
    pub code: *const c_uchar,
    pub size: c_int,
    pub is_package: c_int,
}

/// `struct _inittab`: one entry of the table of built-in modules.
#[repr(C)]
pub struct _inittab {
    pub name: *const c_char,
    pub initfunc: *mut c_void,
}

#[repr(C)]
pub struct PyType_Slot {
    pub slot: c_int,
    pub pfunc: *mut c_void,
}

#[repr(C)]
pub struct PyType_Spec {
    pub name: *const c_char,
    pub basicsize: c_int,
    pub itemsize: c_int,
    pub flags: c_uint,
    pub slots: *mut PyType_Slot,
}

#[repr(C)]
pub struct PyMemberDef {
    pub name: *const c_char,
    pub r#type: c_int,
    pub offset: Py_ssize_t,
    pub flags: c_int,
    pub doc: *const c_char,
}

#[repr(C)]
pub struct Py_buffer {
    pub buf: *mut c_void,
    pub obj: *mut PyObject,
    pub len: Py_ssize_t,
    pub itemsize: Py_ssize_t,
    pub readonly: c_int,
    pub ndim: c_int,
    pub format: *mut c_char,
    pub shape: *mut Py_ssize_t,
    pub strides: *mut Py_ssize_t,
    pub suboffsets: *mut Py_ssize_t,
    pub internal: *mut c_void,
}

pub const Py_TPFLAGS_INLINE_VALUES: c_ulong = 1 << 2;
pub const Py_TPFLAGS_MANAGED_DICT: c_ulong = 1 << 4;
pub const Py_TPFLAGS_HAVE_VECTORCALL: c_ulong = 1 << 11;
pub const Py_TPFLAGS_HAVE_GC: c_ulong = 1 << 14;
pub const Py_TPFLAGS_BASETYPE: c_ulong = 1 << 10;
pub const Py_TPFLAGS_LONG_SUBCLASS: c_ulong = 1 << 24;
pub const Py_TPFLAGS_LIST_SUBCLASS: c_ulong = 1 << 25;
pub const Py_TPFLAGS_TUPLE_SUBCLASS: c_ulong = 1 << 26;
pub const Py_TPFLAGS_BYTES_SUBCLASS: c_ulong = 1 << 27;
pub const Py_TPFLAGS_UNICODE_SUBCLASS: c_ulong = 1 << 28;
pub const Py_TPFLAGS_DICT_SUBCLASS: c_ulong = 1 << 29;
pub const Py_TPFLAGS_BASE_EXC_SUBCLASS: c_ulong = 1 << 30;
pub const Py_TPFLAGS_TYPE_SUBCLASS: c_ulong = 1 << 31;

pub const Py_TPFLAGS_DISALLOW_INSTANTIATION: c_ulong = 1 << 7;
pub const Py_TPFLAGS_IMMUTABLETYPE: c_ulong = 1 << 8;

pub const Py_tp_dealloc: c_int = 52;
pub const Py_tp_iter: c_int = 62;
pub const Py_tp_iternext: c_int = 63;
pub const Py_tp_methods: c_int = 64;
pub const Py_tp_repr: c_int = 66;
pub const Py_tp_members: c_int = 72;
pub const Py_am_await: c_int = 77;

pub const Py_T_BOOL: c_int = 14;
pub const Py_T_OBJECT_EX: c_int = 16;
pub const Py_READONLY: c_int = 1;

pub const METH_CLASS: c_int = 0x0010;
pub const METH_VARARGS: c_int = 0x0001;
pub const METH_KEYWORDS: c_int = 0x0002;
pub const METH_NOARGS: c_int = 0x0004;
pub const METH_O: c_int = 0x0008;
pub const METH_FASTCALL: c_int = 0x0080;

pub const Py_mod_create: c_int = 1;
pub const Py_mod_exec: c_int = 2;
pub const Py_mod_multiple_interpreters: c_int = 3;
pub const Py_mod_gil: c_int = 4;

pub const Py_LT: c_int = 0;
pub const Py_LE: c_int = 1;
pub const Py_EQ: c_int = 2;
pub const Py_NE: c_int = 3;
pub const Py_GT: c_int = 4;
pub const Py_GE: c_int = 5;

pub const PYGEN_RETURN: c_int = 0;
pub const PYGEN_ERROR: c_int = -1;
pub const PYGEN_NEXT: c_int = 1;

pub const Py_file_input: c_int = 257;
pub const Py_eval_input: c_int = 258;
pub const Py_MARSHAL_VERSION: c_int = 4;
pub const PyBUF_SIMPLE: c_int = 0;

pub const PyLong_SHIFT: u32 = 30;
pub const _PyLong_SIGN_MASK: usize = 3;
pub const _PyLong_NON_SIZE_BITS: u32 = 3;

/// `PY_VECTORCALL_ARGUMENTS_OFFSET`: the callee may write to `args[-1]`.
pub const PY_VECTORCALL_ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);
