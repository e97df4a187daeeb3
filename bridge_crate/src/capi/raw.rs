//! Functions and data of CPython 3.13, declared as in its headers and sorted by header.
//!
//! `check_capi.py` compares each declaration with the headers; see the parent module.

#![allow(non_snake_case, non_upper_case_globals, missing_docs, clippy::too_many_arguments)]

use super::layout::*;
use core::ffi::{c_char, c_double, c_int, c_long, c_longlong, c_uchar, c_uint, c_ulong, c_ulonglong, c_void};

// object.h
extern "C" {
    pub fn _Py_Dealloc(op: *mut PyObject);
    pub fn Py_IncRef(op: *mut PyObject);
    pub fn Py_DecRef(op: *mut PyObject);
    pub fn PyType_Ready(tp: *mut PyTypeObject) -> c_int;
    pub fn PyType_IsSubtype(a: *mut PyTypeObject, b: *mut PyTypeObject) -> c_int;
    pub fn PyUnstable_Type_AssignVersionTag(tp: *mut PyTypeObject) -> c_int;
    pub fn PyType_GenericAlloc(tp: *mut PyTypeObject, nitems: Py_ssize_t) -> *mut PyObject;
    pub fn PyType_FromSpec(spec: *mut PyType_Spec) -> *mut PyObject;
    pub fn PyType_GetName(tp: *mut PyTypeObject) -> *mut PyObject;
    pub fn PyType_GetQualName(tp: *mut PyTypeObject) -> *mut PyObject;
    pub fn PyType_GetModuleName(tp: *mut PyTypeObject) -> *mut PyObject;
    pub fn PyObject_Repr(op: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_Str(op: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_RichCompare(a: *mut PyObject, b: *mut PyObject, op: c_int) -> *mut PyObject;
    pub fn PyObject_RichCompareBool(a: *mut PyObject, b: *mut PyObject, op: c_int) -> c_int;
    pub fn PyObject_GetAttr(op: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_GetAttrString(op: *mut PyObject, name: *const c_char) -> *mut PyObject;
    pub fn PyObject_GetOptionalAttr(op: *mut PyObject, name: *mut PyObject, out: *mut *mut PyObject) -> c_int;
    pub fn PyObject_GetOptionalAttrString(
        op: *mut PyObject,
        name: *const c_char,
        out: *mut *mut PyObject,
    ) -> c_int;
    pub fn PyObject_SetAttr(op: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
    pub fn PyObject_SetAttrString(op: *mut PyObject, name: *const c_char, value: *mut PyObject) -> c_int;
    pub fn PyObject_HasAttrStringWithError(op: *mut PyObject, name: *const c_char) -> c_int;
    pub fn PyObject_HasAttrWithError(op: *mut PyObject, name: *mut PyObject) -> c_int;
    pub fn PyObject_Hash(op: *mut PyObject) -> Py_hash_t;
    pub fn PyObject_IsTrue(op: *mut PyObject) -> c_int;
    pub fn PyCallable_Check(op: *mut PyObject) -> c_int;
    pub fn PyObject_SelfIter(op: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_GenericSetAttr(op: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
    pub fn PyObject_GenericGetAttr(op: *mut PyObject, name: *mut PyObject) -> *mut PyObject;

    pub static mut PyType_Type: PyTypeObject;
    pub static mut PyBaseObject_Type: PyTypeObject;
    pub static mut PyLong_Type: PyTypeObject;
    pub static mut PyBool_Type: PyTypeObject;
    pub static mut _Py_NoneStruct: PyObject;
    pub static mut _Py_NotImplementedStruct: PyObject;
}

// abstract.h, cpython/abstract.h
extern "C" {
    pub fn PyObject_CallNoArgs(callable: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_CallOneArg(callable: *mut PyObject, arg: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_Call(
        callable: *mut PyObject,
        args: *mut PyObject,
        kwargs: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyObject_CallObject(callable: *mut PyObject, args: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_Vectorcall(
        callable: *mut PyObject,
        args: *const *mut PyObject,
        nargsf: usize,
        kwnames: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyObject_VectorcallMethod(
        name: *mut PyObject,
        args: *const *mut PyObject,
        nargsf: usize,
        kwnames: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyObject_Size(op: *mut PyObject) -> Py_ssize_t;
    pub fn PyObject_GetItem(op: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    pub fn PyObject_SetItem(op: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    pub fn PyObject_DelItem(op: *mut PyObject, key: *mut PyObject) -> c_int;
    pub fn PyObject_GetIter(op: *mut PyObject) -> *mut PyObject;
    pub fn PyIter_Check(op: *mut PyObject) -> c_int;
    pub fn PyIter_Next(iter: *mut PyObject) -> *mut PyObject;
    pub fn PyIter_Send(iter: *mut PyObject, arg: *mut PyObject, result: *mut *mut PyObject) -> PySendResult;
    pub fn PyNumber_Index(op: *mut PyObject) -> *mut PyObject;
    pub fn PyNumber_Long(op: *mut PyObject) -> *mut PyObject;
    pub fn PyNumber_Float(op: *mut PyObject) -> *mut PyObject;
    pub fn PySequence_Check(op: *mut PyObject) -> c_int;
    pub fn PySequence_Fast(op: *mut PyObject, message: *const c_char) -> *mut PyObject;
    pub fn PySequence_Tuple(op: *mut PyObject) -> *mut PyObject;
    pub fn PySequence_List(op: *mut PyObject) -> *mut PyObject;
    pub fn PySequence_GetItem(op: *mut PyObject, index: Py_ssize_t) -> *mut PyObject;
    pub fn PyMapping_Check(op: *mut PyObject) -> c_int;
    pub fn PyMapping_Items(op: *mut PyObject) -> *mut PyObject;
    pub fn PyMapping_GetOptionalItem(
        op: *mut PyObject,
        key: *mut PyObject,
        result: *mut *mut PyObject,
    ) -> c_int;
    pub fn PyObject_IsInstance(op: *mut PyObject, class: *mut PyObject) -> c_int;
    pub fn PyObject_GetBuffer(op: *mut PyObject, view: *mut Py_buffer, flags: c_int) -> c_int;
    pub fn PyBuffer_Release(view: *mut Py_buffer);
    pub fn PyObject_CheckBuffer(op: *mut PyObject) -> c_int;
}

// longobject.h, cpython/longobject.h, cpython/longintrepr.h, boolobject.h, floatobject.h
extern "C" {
    pub fn PyLong_FromLong(value: c_long) -> *mut PyObject;
    pub fn PyLong_FromUnsignedLong(value: c_ulong) -> *mut PyObject;
    pub fn PyLong_FromSsize_t(value: Py_ssize_t) -> *mut PyObject;
    pub fn PyLong_FromSize_t(value: usize) -> *mut PyObject;
    pub fn PyLong_FromLongLong(value: c_longlong) -> *mut PyObject;
    pub fn PyLong_FromUnsignedLongLong(value: c_ulonglong) -> *mut PyObject;
    pub fn PyLong_AsLong(op: *mut PyObject) -> c_long;
    pub fn PyLong_AsInt(op: *mut PyObject) -> c_int;
    pub fn PyLong_AsSsize_t(op: *mut PyObject) -> Py_ssize_t;
    pub fn PyLong_AsSize_t(op: *mut PyObject) -> usize;
    pub fn PyLong_AsUnsignedLong(op: *mut PyObject) -> c_ulong;
    pub fn PyLong_AsLongLong(op: *mut PyObject) -> c_longlong;
    pub fn PyLong_AsLongLongAndOverflow(op: *mut PyObject, overflow: *mut c_int) -> c_longlong;
    pub fn PyLong_AsUnsignedLongLong(op: *mut PyObject) -> c_ulonglong;
    pub fn PyLong_AsDouble(op: *mut PyObject) -> c_double;
    pub fn PyLong_AsNativeBytes(
        op: *mut PyObject,
        buffer: *mut c_void,
        n_bytes: Py_ssize_t,
        flags: c_int,
    ) -> Py_ssize_t;
    pub fn PyLong_FromNativeBytes(buffer: *const c_void, n_bytes: usize, flags: c_int) -> *mut PyObject;
    pub fn PyLong_FromUnsignedNativeBytes(buffer: *const c_void, n_bytes: usize, flags: c_int)
        -> *mut PyObject;
    pub fn _PyLong_FromByteArray(
        bytes: *const c_uchar,
        n: usize,
        little_endian: c_int,
        is_signed: c_int,
    ) -> *mut PyObject;
    pub fn _PyLong_AsByteArray(
        op: *mut PyLongObject,
        bytes: *mut c_uchar,
        n: usize,
        little_endian: c_int,
        is_signed: c_int,
        with_exceptions: c_int,
    ) -> c_int;
    pub fn _PyLong_New(size: Py_ssize_t) -> *mut PyLongObject;
    pub fn _PyLong_FromDigits(negative: c_int, digit_count: Py_ssize_t, digits: *mut digit) -> *mut PyLongObject;
    pub fn _PyLong_NumBits(op: *mut PyObject) -> usize;
    pub fn _PyLong_Sign(op: *mut PyObject) -> c_int;
    pub fn PyBool_FromLong(value: c_long) -> *mut PyObject;
    pub fn PyFloat_FromDouble(value: c_double) -> *mut PyObject;
    pub fn PyFloat_AsDouble(op: *mut PyObject) -> c_double;

    pub static mut _Py_TrueStruct: PyLongObject;
    pub static mut _Py_FalseStruct: PyLongObject;
    pub static mut PyFloat_Type: PyTypeObject;
}

// unicodeobject.h, cpython/unicodeobject.h
extern "C" {
    pub fn PyUnicode_New(size: Py_ssize_t, maxchar: Py_UCS4) -> *mut PyObject;
    pub fn PyUnicode_FromStringAndSize(text: *const c_char, size: Py_ssize_t) -> *mut PyObject;
    pub fn PyUnicode_FromString(text: *const c_char) -> *mut PyObject;
    pub fn PyUnicode_DecodeUTF8(
        text: *const c_char,
        size: Py_ssize_t,
        errors: *const c_char,
    ) -> *mut PyObject;
    pub fn PyUnicode_AsUTF8AndSize(op: *mut PyObject, size: *mut Py_ssize_t) -> *const c_char;
    pub fn PyUnicode_AsUTF8String(op: *mut PyObject) -> *mut PyObject;
    pub fn PyUnicode_AsEncodedString(
        op: *mut PyObject,
        encoding: *const c_char,
        errors: *const c_char,
    ) -> *mut PyObject;
    pub fn PyUnicode_GetLength(op: *mut PyObject) -> Py_ssize_t;
    pub fn PyUnicode_ReadChar(op: *mut PyObject, index: Py_ssize_t) -> Py_UCS4;
    pub fn PyUnicode_Substring(op: *mut PyObject, start: Py_ssize_t, end: Py_ssize_t) -> *mut PyObject;
    pub fn PyUnicode_Concat(a: *mut PyObject, b: *mut PyObject) -> *mut PyObject;
    pub fn PyUnicode_Join(separator: *mut PyObject, seq: *mut PyObject) -> *mut PyObject;
    pub fn PyUnicode_InternInPlace(op: *mut *mut PyObject);
    pub fn _PyUnicode_InternImmortal(interpreter: *mut PyInterpreterState, op: *mut *mut PyObject);
    pub fn PyUnicode_InternFromString(text: *const c_char) -> *mut PyObject;
    pub fn PyUnicode_Compare(a: *mut PyObject, b: *mut PyObject) -> c_int;
    pub fn PyUnicode_EqualToUTF8AndSize(op: *mut PyObject, text: *const c_char, size: Py_ssize_t) -> c_int;

    pub static mut PyUnicode_Type: PyTypeObject;
}

// bytesobject.h, bytearrayobject.h, memoryobject.h
extern "C" {
    pub fn PyBytes_FromStringAndSize(data: *const c_char, size: Py_ssize_t) -> *mut PyObject;
    pub fn PyBytes_AsStringAndSize(op: *mut PyObject, data: *mut *mut c_char, size: *mut Py_ssize_t) -> c_int;
    pub fn _PyBytes_Resize(op: *mut *mut PyObject, size: Py_ssize_t) -> c_int;
    pub fn PyByteArray_AsString(op: *mut PyObject) -> *mut c_char;
    pub fn PyByteArray_Size(op: *mut PyObject) -> Py_ssize_t;
    pub fn PyMemoryView_FromMemory(data: *mut c_char, size: Py_ssize_t, flags: c_int) -> *mut PyObject;

    pub static mut PyBytes_Type: PyTypeObject;
    pub static mut PyByteArray_Type: PyTypeObject;
    pub static mut PyMemoryView_Type: PyTypeObject;
}

// tupleobject.h, listobject.h
extern "C" {
    pub fn PyTuple_New(size: Py_ssize_t) -> *mut PyObject;
    pub fn PyTuple_GetItem(op: *mut PyObject, index: Py_ssize_t) -> *mut PyObject;
    pub fn PyList_New(size: Py_ssize_t) -> *mut PyObject;
    pub fn PyList_Append(op: *mut PyObject, item: *mut PyObject) -> c_int;
    pub fn PyList_Sort(op: *mut PyObject) -> c_int;
    pub fn PyList_AsTuple(op: *mut PyObject) -> *mut PyObject;

    pub static mut PyTuple_Type: PyTypeObject;
    pub static mut PyList_Type: PyTypeObject;
}

// dictobject.h, cpython/dictobject.h, setobject.h
extern "C" {
    pub fn PyDict_New() -> *mut PyObject;
    pub fn _PyDict_NewPresized(minused: Py_ssize_t) -> *mut PyObject;
    pub fn PyDict_Size(op: *mut PyObject) -> Py_ssize_t;
    pub fn PyDict_Contains(op: *mut PyObject, key: *mut PyObject) -> c_int;
    pub fn PyDict_GetItemWithError(op: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    pub fn PyDict_GetItemRef(op: *mut PyObject, key: *mut PyObject, result: *mut *mut PyObject) -> c_int;
    pub fn PyDict_GetItemStringRef(op: *mut PyObject, key: *const c_char, result: *mut *mut PyObject)
        -> c_int;
    pub fn _PyDict_GetItem_KnownHash(op: *mut PyObject, key: *mut PyObject, hash: Py_hash_t)
        -> *mut PyObject;
    pub fn PyDict_SetItem(op: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    pub fn PyDict_SetItemString(op: *mut PyObject, key: *const c_char, value: *mut PyObject) -> c_int;
    pub fn PyDict_DelItem(op: *mut PyObject, key: *mut PyObject) -> c_int;
    pub fn PyDict_DelItemString(op: *mut PyObject, key: *const c_char) -> c_int;
    pub fn PyDict_Clear(op: *mut PyObject);
    pub fn PyDict_Copy(op: *mut PyObject) -> *mut PyObject;
    pub fn PyDict_Keys(op: *mut PyObject) -> *mut PyObject;
    pub fn PyDict_Next(
        op: *mut PyObject,
        position: *mut Py_ssize_t,
        key: *mut *mut PyObject,
        value: *mut *mut PyObject,
    ) -> c_int;
    pub fn PySet_New(iterable: *mut PyObject) -> *mut PyObject;
    pub fn PySet_Add(op: *mut PyObject, key: *mut PyObject) -> c_int;
    pub fn PySet_Clear(op: *mut PyObject) -> c_int;

    pub static mut PyDict_Type: PyTypeObject;
}

// pyerrors.h, cpython/pyerrors.h, traceback.h, pythonrun.h
extern "C" {
    pub fn PyErr_Occurred() -> *mut PyObject;
    pub fn PyErr_Clear();
    pub fn PyErr_SetString(exception: *mut PyObject, message: *const c_char);
    pub fn PyErr_SetObject(exception: *mut PyObject, value: *mut PyObject);
    pub fn PyErr_SetNone(exception: *mut PyObject);
    pub fn PyErr_NoMemory() -> *mut PyObject;
    pub fn PyErr_ExceptionMatches(exception: *mut PyObject) -> c_int;
    pub fn PyErr_GivenExceptionMatches(given: *mut PyObject, exception: *mut PyObject) -> c_int;
    pub fn PyErr_GetRaisedException() -> *mut PyObject;
    pub fn PyErr_SetRaisedException(exception: *mut PyObject);
    pub fn PyErr_GetHandledException() -> *mut PyObject;
    pub fn PyErr_SetHandledException(exception: *mut PyObject);
    pub fn PyErr_NewException(
        name: *const c_char,
        base: *mut PyObject,
        dict: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyErr_NewExceptionWithDoc(
        name: *const c_char,
        doc: *const c_char,
        base: *mut PyObject,
        dict: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyErr_SetImportError(
        message: *mut PyObject,
        name: *mut PyObject,
        path: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyErr_WriteUnraisable(op: *mut PyObject);
    pub fn PyErr_DisplayException(exception: *mut PyObject);
    pub fn PyErr_Print();
    pub fn PyException_GetTraceback(exception: *mut PyObject) -> *mut PyObject;
    pub fn PyException_SetTraceback(exception: *mut PyObject, traceback: *mut PyObject) -> c_int;
    pub fn PyException_SetCause(exception: *mut PyObject, cause: *mut PyObject);
    pub fn PyException_SetContext(exception: *mut PyObject, context: *mut PyObject);
    pub fn Py_CompileString(
        source: *const c_char,
        filename: *const c_char,
        start: c_int,
    ) -> *mut PyObject;

    pub static mut PyExc_BaseException: *mut PyObject;
    pub static mut PyExc_Exception: *mut PyObject;
    pub static mut PyExc_AttributeError: *mut PyObject;
    pub static mut PyExc_BufferError: *mut PyObject;
    pub static mut PyExc_ImportError: *mut PyObject;
    pub static mut PyExc_IndexError: *mut PyObject;
    pub static mut PyExc_KeyError: *mut PyObject;
    pub static mut PyExc_KeyboardInterrupt: *mut PyObject;
    pub static mut PyExc_MemoryError: *mut PyObject;
    pub static mut PyExc_ModuleNotFoundError: *mut PyObject;
    pub static mut PyExc_NotImplementedError: *mut PyObject;
    pub static mut PyExc_OSError: *mut PyObject;
    pub static mut PyExc_OverflowError: *mut PyObject;
    pub static mut PyExc_RecursionError: *mut PyObject;
    pub static mut PyExc_RuntimeError: *mut PyObject;
    pub static mut PyExc_RuntimeWarning: *mut PyObject;
    pub static mut PyExc_StopIteration: *mut PyObject;
    pub static mut PyExc_SystemError: *mut PyObject;
    pub static mut PyExc_SystemExit: *mut PyObject;
    pub static mut PyExc_TypeError: *mut PyObject;
    pub static mut PyExc_UnicodeDecodeError: *mut PyObject;
    pub static mut PyExc_UnicodeEncodeError: *mut PyObject;
    pub static mut PyExc_ValueError: *mut PyObject;
}

// moduleobject.h, methodobject.h, import.h, cpython/import.h
extern "C" {
    pub fn PyModuleDef_Init(definition: *mut PyModuleDef) -> *mut PyObject;
    pub fn PyModule_GetDict(module: *mut PyObject) -> *mut PyObject;
    pub fn PyModule_AddObjectRef(module: *mut PyObject, name: *const c_char, value: *mut PyObject) -> c_int;
    pub fn PyModule_AddIntConstant(module: *mut PyObject, name: *const c_char, value: c_long) -> c_int;
    pub fn PyModule_AddStringConstant(
        module: *mut PyObject,
        name: *const c_char,
        value: *const c_char,
    ) -> c_int;
    pub fn PyModule_Create2(definition: *mut PyModuleDef, apiver: c_int) -> *mut PyObject;
    pub fn PyModule_GetState(module: *mut PyObject) -> *mut c_void;
    pub fn PyCMethod_New(
        definition: *mut PyMethodDef,
        receiver: *mut PyObject,
        module: *mut PyObject,
        class: *mut PyTypeObject,
    ) -> *mut PyObject;
    pub fn PyImport_ImportModule(name: *const c_char) -> *mut PyObject;
    pub fn PyImport_Import(name: *mut PyObject) -> *mut PyObject;
    pub fn PyImport_GetModule(name: *mut PyObject) -> *mut PyObject;
    pub fn PyImport_GetModuleDict() -> *mut PyObject;
    pub fn PyImport_AddModuleRef(name: *const c_char) -> *mut PyObject;
    pub fn PyImport_ImportFrozenModule(name: *const c_char) -> c_int;
    pub fn PyImport_ExecCodeModule(name: *const c_char, code: *mut PyObject) -> *mut PyObject;

    pub static mut PyImport_FrozenModules: *const _frozen;
    pub static mut PyModule_Type: PyTypeObject;
}

// marshal.h, ceval.h, objimpl.h, sysmodule.h, warnings.h, pymem.h
extern "C" {
    pub fn PyMarshal_ReadObjectFromString(data: *const c_char, size: Py_ssize_t) -> *mut PyObject;
    pub fn PyMarshal_WriteObjectToString(op: *mut PyObject, version: c_int) -> *mut PyObject;
    pub fn PyEval_EvalCode(
        code: *mut PyObject,
        globals: *mut PyObject,
        locals: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyEval_GetBuiltins() -> *mut PyObject;
    pub fn Py_EnterRecursiveCall(place: *const c_char) -> c_int;
    pub fn Py_LeaveRecursiveCall();
    pub fn Py_GetRecursionLimit() -> c_int;
    pub fn Py_SetRecursionLimit(limit: c_int);
    pub fn PyGC_Collect() -> Py_ssize_t;
    pub fn PyGC_Enable() -> c_int;
    pub fn PyGC_Disable() -> c_int;
    pub fn PyObject_GC_IsTracked(op: *mut PyObject) -> c_int;
    pub fn PyObject_GC_Track(op: *mut c_void);
    pub fn PyObject_GC_UnTrack(op: *mut c_void);
    pub fn PySys_GetObject(name: *const c_char) -> *mut PyObject;
    pub fn PySys_SetObject(name: *const c_char, value: *mut PyObject) -> c_int;
    pub fn PyErr_WarnEx(category: *mut PyObject, message: *const c_char, stack_level: Py_ssize_t) -> c_int;
    pub fn PyObject_Malloc(size: usize) -> *mut c_void;
    pub fn PyObject_Free(block: *mut c_void);
    pub fn PyMem_Malloc(size: usize) -> *mut c_void;
    pub fn PyMem_Free(block: *mut c_void);
    pub fn PyMem_RawMalloc(size: usize) -> *mut c_void;
    pub fn PyMem_RawFree(block: *mut c_void);
    pub fn PyThreadState_Get() -> *mut PyThreadState;
    pub fn PyInterpreterState_Get() -> *mut PyInterpreterState;
    pub fn Py_IsInitialized() -> c_int;
    pub fn PyType_ClearCache() -> c_uint;
}

// context.h
extern "C" {
    pub fn PyContext_CopyCurrent() -> *mut PyObject;
    pub fn PyContext_Enter(context: *mut PyObject) -> c_int;
    pub fn PyContext_Exit(context: *mut PyObject) -> c_int;
}

// cpython/genobject.h
extern "C" {
    pub static mut PyGen_Type: PyTypeObject;
    pub static mut PyCoro_Type: PyTypeObject;
}
