//! `_basilisk_ic`, the built-in module through which Python reaches the bridge.

pub(crate) mod arguments;
mod build;
mod call_type;
mod calls;
mod codec;
mod network;
mod stable;
mod structures;
mod system;

use crate::capi::layout::{PyMethodDef, PyModuleDef, PyModuleDef_Base, METH_FASTCALL};
use crate::capi::object::{raise, Borrowed, Owned, PyResult};
use crate::capi::{raw, PyObject, Py_ssize_t, Raised};
use crate::cell::Global;
use alloc::vec::Vec;
use core::ffi::{c_int, c_void, CStr};
use core::ptr::null_mut;

/// A function of the module: positional arguments in, a new object or an exception out.
pub(crate) type Function = fn(&[Borrowed<'_>]) -> PyResult<Owned>;

/// One row of a table of functions: its name and the C function that Python calls.
pub(crate) struct Row {
    name: &'static CStr,
    call: extern "C" fn(*mut PyObject, *const *mut PyObject, Py_ssize_t) -> *mut PyObject,
}

/// Declares a table of functions.
macro_rules! functions {
    ($($name:literal => $function:path),* $(,)?) => {
        /// The functions of this part of the module.
        pub(crate) const FUNCTIONS: &[crate::module::Row] = &[$({
            extern "C" fn call(
                _module: *mut crate::capi::PyObject,
                arguments: *const *mut crate::capi::PyObject,
                count: crate::capi::Py_ssize_t,
            ) -> *mut crate::capi::PyObject {
                crate::module::enter($function, arguments, count)
            }
            crate::module::Row::new($name, call)
        }),*];
    };
}
pub(crate) use functions;

impl Row {
    pub(crate) const fn new(
        name: &'static CStr,
        call: extern "C" fn(*mut PyObject, *const *mut PyObject, Py_ssize_t) -> *mut PyObject,
    ) -> Row {
        Row { name, call }
    }
}

/// From C's calling convention to Rust's and back.
#[inline(always)]
pub(crate) fn enter(function: Function, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    let arguments: &[Borrowed<'_>] = if count == 0 {
        &[]
    } else {
        // SAFETY: METH_FASTCALL passes `count` live objects; `Borrowed` is a transparent pointer.
        unsafe { core::slice::from_raw_parts(arguments.cast(), count as usize) }
    };
    match function(arguments) {
        Ok(value) => value.into_raw(),
        Err(Raised) => null_mut(),
    }
}

/// Exceptions of the module, created with it.
struct Exceptions {
    context: Owned,
    candid: Owned,
    stable: Owned,
}

static EXCEPTIONS: Global<Option<Exceptions>> = Global::new(None);
static DEFINITION: Global<PyModuleDef> = Global::new(PyModuleDef {
    m_base: PyModuleDef_Base {
        ob_base: PyObject { ob_refcnt: 1, ob_type: null_mut() },
        m_init: null_mut(),
        m_index: 0,
        m_copy: null_mut(),
    },
    m_name: c"_basilisk_ic".as_ptr(),
    m_doc: c"The bridge between Python and the Internet Computer.".as_ptr(),
    m_size: -1,
    m_methods: null_mut(),
    m_slots: null_mut(),
    m_traverse: null_mut(),
    m_clear: null_mut(),
    m_free: null_mut(),
});

/// The value of `PYTHON_API_VERSION` in `modsupport.h`.
const API_VERSION: c_int = 1013;

/// Called by the import system through the table of built-in modules.
#[no_mangle]
extern "C" fn PyInit__basilisk_ic() -> *mut PyObject {
    create().map_or(null_mut(), Owned::into_raw)
}

fn create() -> PyResult<Owned> {
    let mut methods: Vec<PyMethodDef> = Vec::new();
    for table in [
        build::FUNCTIONS,
        call_type::FUNCTIONS,
        calls::FUNCTIONS,
        codec::FUNCTIONS,
        network::FUNCTIONS,
        stable::FUNCTIONS,
        structures::FUNCTIONS,
        system::FUNCTIONS,
    ] {
        for row in table {
            methods.push(PyMethodDef {
                ml_name: row.name.as_ptr(),
                ml_meth: row.call as *mut c_void,
                ml_flags: METH_FASTCALL,
                ml_doc: core::ptr::null(),
            });
        }
    }
    methods.push(PyMethodDef {
        ml_name: core::ptr::null(),
        ml_meth: null_mut(),
        ml_flags: 0,
        ml_doc: core::ptr::null(),
    });
    DEFINITION.with(|definition| definition.m_methods = Vec::leak(methods).as_mut_ptr());
    // SAFETY: the definition is complete and lives forever.
    let module = unsafe { Owned::from_raw(raw::PyModule_Create2(DEFINITION.as_ptr(), API_VERSION))? };
    // SAFETY: the interpreter is initialised, so the base classes exist.
    let (runtime_error, value_error) = unsafe { (raw::PyExc_RuntimeError, raw::PyExc_ValueError) };
    let exceptions = Exceptions {
        context: exception(c"_basilisk_ic.ContextError", runtime_error)?,
        candid: exception(c"_basilisk_ic.CandidError", value_error)?,
        stable: exception(c"_basilisk_ic.StableError", runtime_error)?,
    };
    module.borrow().set_attr(c"ContextError", exceptions.context.borrow())?;
    module.borrow().set_attr(c"Call", call_type::create()?.borrow())?;
    module.borrow().set_attr(c"CandidError", exceptions.candid.borrow())?;
    module.borrow().set_attr(c"StableError", exceptions.stable.borrow())?;
    EXCEPTIONS.with(|slot| *slot = Some(exceptions));
    Ok(module)
}

fn exception(name: &CStr, base: *mut PyObject) -> PyResult<Owned> {
    // SAFETY: the name is a C string, the base class is alive; the result is a new reference.
    unsafe { Owned::from_raw(raw::PyErr_NewException(name.as_ptr(), base, null_mut())) }
}

/// Raises `ContextError`.
#[cold]
pub(crate) fn context_error(text: &str) -> Raised {
    let class = EXCEPTIONS.with(|slot| slot.as_ref().map(|exceptions| exceptions.context.clone()));
    raise_class(class, text)
}

/// Raises `StableError`.
#[cold]
pub(crate) fn stable_error(text: &str) -> Raised {
    let class = EXCEPTIONS.with(|slot| slot.as_ref().map(|exceptions| exceptions.stable.clone()));
    raise_class(class, text)
}

/// Raises `CandidError`.
#[cold]
pub(crate) fn candid_error(text: &str) -> Raised {
    let class = EXCEPTIONS.with(|slot| slot.as_ref().map(|exceptions| exceptions.candid.clone()));
    raise_class(class, text)
}

fn raise_class(class: Option<Owned>, text: &str) -> Raised {
    match class {
        Some(class) => raise(class.borrow(), text),
        None => Raised,
    }
}
