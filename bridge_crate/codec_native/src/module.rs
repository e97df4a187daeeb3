//! `compile_plan`, `encode`, `decode`, `header`, `CandidError`.

use crate::candid::{self, Plan};
use crate::capi::inline::PyTuple_SET_ITEM;
use crate::capi::layout::{PyMethodDef, PyModuleDef, PyModuleDef_Base, METH_FASTCALL};
use crate::capi::object::{raise, Borrowed, Owned, PyResult, Raised};
use crate::capi::{raw, PyObject, Py_ssize_t};
use core::ffi::CStr;
use core::ptr::{null, null_mut};
use std::sync::Mutex;

/// Plans by number; like those of a canister they live for ever.
static PLANS: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static ERROR: Mutex<usize> = Mutex::new(0);

fn value_error(message: &str) -> Raised {
    // SAFETY: the exception class lives as long as the interpreter.
    raise(unsafe { Borrowed::from_raw(raw::PyExc_ValueError) }, message)
}

fn candid_error(message: &str) -> Raised {
    let class = *ERROR.lock().expect("not poisoned") as *mut PyObject;
    // SAFETY: the class was made with the module and is never given up.
    raise(unsafe { Borrowed::from_raw(class) }, message)
}

fn plan(number: Borrowed<'_>) -> PyResult<&'static Plan> {
    let plans = PLANS.lock().expect("not poisoned");
    let plan = number.i64().and_then(|number| plans.get(usize::try_from(number).ok()?));
    match plan {
        // SAFETY: the address of a plan that was leaked.
        Some(plan) => Ok(unsafe { &*(*plan as *const Plan) }),
        None => Err(value_error("no such plan")),
    }
}

fn compile_plan(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [nodes, roots] = arguments else { return Err(value_error("compile_plan(nodes, roots)")) };
    let plan = candid::compile(*nodes, *roots)?;
    let mut plans = PLANS.lock().expect("not poisoned");
    plans.push(core::ptr::from_ref(Box::leak(plan)) as usize);
    Owned::uint(plans.len() as u64 - 1)
}

fn encode(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number, values] = arguments else { return Err(value_error("encode(plan, values)")) };
    let plan = plan(*number)?;
    let values = values.tuple_items().ok_or_else(|| value_error("a tuple expected"))?;
    if values.len() != plan.arity() {
        return Err(value_error("the number of values is wrong"));
    }
    let values: Vec<*mut PyObject> = values.iter().map(|value| value.as_ptr()).collect();
    let mut out = Vec::new();
    match plan.encode(&values, &mut out) {
        Ok(()) => Owned::bytes(&out),
        Err(error) => Err(candid_error(&error.into_text())),
    }
}

fn decode(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number, data] = arguments else { return Err(value_error("decode(plan, bytes)")) };
    let plan = plan(*number)?;
    let data = data.bytes().ok_or_else(|| value_error("bytes expected"))?;
    let mut values = vec![null_mut(); plan.arity()];
    if let Err(error) = plan.decode_into(data, &mut values) {
        return Err(candid_error(&error.into_text()));
    }
    // SAFETY: a new tuple with room for the values, which it takes over.
    unsafe {
        let tuple = Owned::from_raw(raw::PyTuple_New(values.len() as isize))?;
        for (index, value) in values.into_iter().enumerate() {
            PyTuple_SET_ITEM(tuple.as_ptr(), index, value);
        }
        Ok(tuple)
    }
}

fn header(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number] = arguments else { return Err(value_error("header(plan)")) };
    Owned::bytes(plan(*number)?.header())
}

/// A C function for each of the functions above.
macro_rules! entry {
    ($name:ident, $function:path) => {
        unsafe extern "C" fn $name(
            _: *mut PyObject,
            arguments: *const *mut PyObject,
            count: Py_ssize_t,
        ) -> *mut PyObject {
            let arguments: &[Borrowed<'_>] = match count {
                0 => &[],
                // SAFETY: the interpreter hands over that many live objects.
                _ => unsafe { core::slice::from_raw_parts(arguments.cast(), count as usize) },
            };
            $function(arguments).map_or(null_mut(), Owned::into_raw)
        }
    };
}

entry!(entry_compile_plan, compile_plan);
entry!(entry_encode, encode);
entry!(entry_decode, decode);
entry!(entry_header, header);

fn method(name: &'static CStr, function: *const ()) -> PyMethodDef {
    PyMethodDef { ml_name: name.as_ptr(), ml_meth: function.cast_mut().cast(), ml_flags: METH_FASTCALL, ml_doc: null() }
}

fn initialise() -> PyResult<Owned> {
    let methods = vec![
        method(c"compile_plan", entry_compile_plan as *const ()),
        method(c"encode", entry_encode as *const ()),
        method(c"decode", entry_decode as *const ()),
        method(c"header", entry_header as *const ()),
        PyMethodDef { ml_name: null(), ml_meth: null_mut(), ml_flags: 0, ml_doc: null() },
    ];
    let base = PyModuleDef_Base {
        ob_base: PyObject { ob_refcnt: 1, ob_type: null_mut() },
        m_init: null_mut(),
        m_index: 0,
        m_copy: null_mut(),
    };
    let definition = Box::leak(Box::new(PyModuleDef {
        m_base: base,
        m_name: c"basilisk_codec".as_ptr(),
        m_doc: null(),
        m_size: -1,
        m_methods: methods.leak().as_mut_ptr(),
        m_slots: null_mut(),
        m_traverse: null_mut(),
        m_clear: null_mut(),
        m_free: null_mut(),
    }));
    // SAFETY: the definition and all it refers to live for ever; 1013 is PYTHON_API_VERSION.
    unsafe {
        let module = Owned::from_raw(raw::PyModule_Create2(definition, 1013))?;
        let name = c"basilisk_codec.CandidError".as_ptr();
        let error = Owned::from_raw(raw::PyErr_NewException(name, raw::PyExc_ValueError, null_mut()))?;
        module.borrow().set_attr(c"CandidError", error.borrow())?;
        *ERROR.lock().expect("not poisoned") = error.into_raw() as usize;
        Ok(module)
    }
}

/// Entry point of the extension module.
#[no_mangle]
pub extern "C" fn PyInit_basilisk_codec() -> *mut PyObject {
    initialise().map_or(null_mut(), Owned::into_raw)
}
