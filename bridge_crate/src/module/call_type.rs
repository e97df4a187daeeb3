//! `_basilisk_ic.Call`: a call that was described and not sent yet.
//!
//! It is what a coroutine hands to the driver while it waits: `await call` asks for the value, `yield call`
//! and `yield from call` for a result that may be a reject.  The class is written in Rust because making and
//! awaiting one is on the path of every call; it has no references to what waits for it, so that it needs no
//! part in the collection of garbage.

use super::arguments::{bytes, exactly, optional, text, type_error, u128, u32, value_error};
use super::codec::plan;
use super::system::allow;
use crate::calls::{self, Request, Waiter};
use crate::candid::Plan;
use crate::capi::inline::{Py_DECREF, Py_INCREF, Py_TYPE, Py_XDECREF};
use crate::capi::layout::{
    PyMemberDef, PyMethodDef, PyTypeObject, PyType_Slot, PyType_Spec, Py_READONLY, Py_T_BOOL, Py_T_OBJECT_EX,
    Py_TPFLAGS_DISALLOW_INSTANTIATION, Py_TPFLAGS_IMMUTABLETYPE, Py_am_await, Py_tp_dealloc,
    Py_tp_iter, Py_tp_iternext, Py_tp_members, Py_tp_methods, Py_tp_repr, METH_CLASS, METH_FASTCALL, METH_O,
};
use crate::capi::object::{clear_exception, raise, Borrowed, Owned, PyResult};
use crate::capi::{raw, PyObject, Py_ssize_t, Raised};
use crate::cell::Global;
use crate::context::{
    Contexts, COMPOSITE_QUERY, COMPOSITE_REJECT, COMPOSITE_REPLY, REJECT, REPLY, TASK, UPDATE,
};
use crate::ic0;
use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ffi::{c_int, c_void};
use core::mem::{offset_of, size_of};
use core::ptr::null_mut;

/// Where calls can be made (interface specification, "Overview of imports": call_new).
const CALLS: Contexts = PAYING | COMPOSITE_QUERY | COMPOSITE_REPLY | COMPOSITE_REJECT;
/// Where cycles can be sent along (call_cycles_add128).
const PAYING: Contexts = UPDATE | REPLY | REJECT | TASK;

/// A call's name and argument together (interface specification, "Inter-canister calls").
const LARGEST_PAYLOAD: usize = 10 << 20;
const LONGEST_NAME: usize = 20_000;

/// The status of a call with more cycles than the canister may spend, beside those of the system.
const TOO_FEW_CYCLES: u32 = 1000;

/// An instance.  The references are owned and never null.
#[repr(C)]
struct Call {
    base: PyObject,
    principal: *mut PyObject,
    method: *mut PyObject,
    data: *mut PyObject,
    results: Option<&'static Plan>,
    cycles: [u64; 2],
    timeout: u32,
    sent: bool,
    /// Whether a reject is to be raised; otherwise it is the value.
    wants_value: bool,
    /// Whether `await` or `yield from` has handed it to the driver.
    handed: bool,
}

static TYPE: Global<*mut PyTypeObject> = Global::new(null_mut());
/// The name `bytes`, by which a principal holds its bytes.
static BYTES: Global<Option<Owned>> = Global::new(None);

/// Makes the class.
pub fn create() -> PyResult<Owned> {
    let members = [
        member(c"principal", Py_T_OBJECT_EX, offset_of!(Call, principal)),
        member(c"method", Py_T_OBJECT_EX, offset_of!(Call, method)),
        member(c"wants_value", Py_T_BOOL, offset_of!(Call, wants_value)),
        PyMemberDef { name: core::ptr::null(), r#type: 0, offset: 0, flags: 0, doc: core::ptr::null() },
    ];
    let methods = [
        method(c"with_cycles", with_cycles),
        method(c"with_cycles128", with_cycles),
        method(c"with_timeout", with_timeout),
        method(c"notify", notify),
        method(c"result", result),
        method(c"perform", hand_over),
        method(c"send", resume),
        PyMethodDef {
            ml_name: c"__class_getitem__".as_ptr(),
            ml_meth: class_getitem as *mut c_void,
            ml_flags: METH_CLASS | METH_O,
            ml_doc: core::ptr::null(),
        },
        PyMethodDef { ml_name: core::ptr::null(), ml_meth: null_mut(), ml_flags: 0, ml_doc: core::ptr::null() },
    ];
    let mut slots = [
        slot(Py_tp_dealloc, dealloc as *mut c_void),
        slot(Py_tp_repr, repr as *mut c_void),
        slot(Py_tp_iter, iter as *mut c_void),
        slot(Py_tp_iternext, iternext as *mut c_void),
        slot(Py_am_await, awaited as *mut c_void),
        slot(Py_tp_members, Box::leak(Box::new(members)).as_mut_ptr().cast()),
        slot(Py_tp_methods, Box::leak(Box::new(methods)).as_mut_ptr().cast()),
        slot(0, null_mut()),
    ];
    let mut spec = PyType_Spec {
        name: c"basilisk.Call".as_ptr(),
        basicsize: size_of::<Call>() as c_int,
        itemsize: 0,
        flags: (Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification is complete; what the class keeps of it lives for ever.
    let class = unsafe { Owned::from_raw(raw::PyType_FromSpec(&raw mut spec))? };
    TYPE.set(class.clone().into_raw().cast());
    BYTES.with(|slot| Owned::interned("bytes").map(|name| *slot = Some(name)))?;
    Ok(class)
}

fn member(name: &'static core::ffi::CStr, kind: c_int, offset: usize) -> PyMemberDef {
    PyMemberDef {
        name: name.as_ptr(),
        r#type: kind,
        offset: offset as Py_ssize_t,
        flags: Py_READONLY,
        doc: core::ptr::null(),
    }
}

type Fast = extern "C" fn(*mut PyObject, *const *mut PyObject, Py_ssize_t) -> *mut PyObject;

fn method(name: &'static core::ffi::CStr, function: Fast) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: function as *mut c_void,
        ml_flags: METH_FASTCALL,
        ml_doc: core::ptr::null(),
    }
}

fn slot(number: c_int, value: *mut c_void) -> PyType_Slot {
    PyType_Slot { slot: number, pfunc: value }
}

fn new(
    principal: Borrowed<'_>,
    method: Borrowed<'_>,
    data: Owned,
    results: Option<&'static Plan>,
) -> PyResult<Owned> {
    // SAFETY: the class exists; the new object is zeroed behind its head and gets references of its own.
    unsafe {
        let object = Owned::from_raw(raw::PyType_GenericAlloc(TYPE.get(), 0))?;
        let call: *mut Call = object.as_ptr().cast();
        (*call).principal = principal.to_owned().into_raw();
        (*call).method = method.to_owned().into_raw();
        (*call).data = data.into_raw();
        (*call).results = results;
        Ok(object)
    }
}

/// `new_call(principal, method, data, plan of the results or None)`.
fn new_call(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [principal, method, data, results] = exactly(arguments)?;
    text(*method)?;
    bytes(*data)?;
    new(*principal, *method, data.to_owned(), optional(*results).map(plan).transpose()?)
}

/// `service_call(principal, method, arguments, (plan of the arguments, plan of the results))`.
fn service_call(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [principal, method, values, plans] = exactly(arguments)?;
    let name = text(*method)?;
    let (Some(values), Some([types, results])) = (values.tuple_items(), plans.tuple_items()) else {
        return Err(type_error("tuples expected"));
    };
    let types = plan(*types)?;
    if values.len() != types.arity() {
        let wanted = types.arity().to_string();
        let given = values.len().to_string();
        let text = [name, "() takes ", &wanted, " arguments, not ", &given].concat();
        return Err(type_error(&text));
    }
    let values: Vec<*mut PyObject> = values.iter().map(|value| value.as_ptr()).collect();
    let mut data = Vec::new();
    if let Err(error) = types.encode(&values, &mut data) {
        let head = ["the arguments of '", name, "' do not fit the declared types: "].concat();
        return Err(super::candid_error(&(head + &error.into_argument_text())));
    }
    new(*principal, *method, Owned::bytes(&data)?, Some(plan(*results)?))
}

super::functions! {
    c"new_call" => new_call,
    c"service_call" => service_call,
}

/// Sends the call: the system's status, 0 for success.
fn perform(call: &mut Call, task: Option<Borrowed<'_>>) -> PyResult<u32> {
    // SAFETY: the references are owned by the call, which is alive.
    let (principal, name, data) = unsafe {
        (Borrowed::from_raw(call.principal), Borrowed::from_raw(call.method), Borrowed::from_raw(call.data))
    };
    let method = text(name)?;
    if call.sent {
        return Err(sent_before(method));
    }
    call.sent = true;
    allow("another canister", CALLS)?;
    let argument = bytes(data)?;
    if method.len() > LONGEST_NAME {
        return Err(value_error("the method's name has more than 20,000 bytes"));
    }
    if method.len() + argument.len() > LARGEST_PAYLOAD {
        return Err(value_error("the arguments of a call have at most 10 MiB; send them in several calls"));
    }
    let cycles = (u128::from(call.cycles[1]) << 64) | u128::from(call.cycles[0]);
    if cycles > 0 {
        allow("with_cycles", PAYING)?;
        if cycles > ic0::canister_liquid_cycle_balance128() {
            return Ok(TOO_FEW_CYCLES);
        }
    }
    let callee = match BYTES.with(|slot| slot.clone()) {
        Some(name) => principal.attr_object(name.borrow())?,
        None => return Err(Raised),
    };
    let request = Request {
        callee: bytes(callee.borrow())?,
        method,
        argument,
        cycles,
        timeout: call.timeout,
        results: call.results,
    };
    let waiter = task.map(|task| Waiter {
        task: task.to_owned(),
        wants_value: call.wants_value,
        name: name.to_owned(),
    });
    Ok(calls::perform(&request, waiter))
}

#[cold]
fn sent_before(method: &str) -> Raised {
    // SAFETY: the class exists as long as the interpreter.
    let class = unsafe { Borrowed::from_raw(raw::PyExc_RuntimeError) };
    raise(class, &["the call of '", method, "' was sent before; make a new one for each"].concat())
}

/// From C's calling convention for methods.
fn with_call(
    op: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    then: impl FnOnce(&mut Call, Borrowed<'_>, &[Borrowed<'_>]) -> PyResult<Owned>,
) -> *mut PyObject {
    let arguments: &[Borrowed<'_>] = if count == 0 {
        &[]
    } else {
        // SAFETY: METH_FASTCALL passes `count` live objects; `Borrowed` is a transparent pointer.
        unsafe { core::slice::from_raw_parts(arguments.cast(), count as usize) }
    };
    // SAFETY: methods are called with an instance, which is alive; nothing in `then` reaches it another way.
    let result = unsafe { then(&mut *op.cast::<Call>(), Borrowed::from_raw(op), arguments) };
    result.map_or(null_mut(), Owned::into_raw)
}

extern "C" fn with_cycles(op: *mut PyObject, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    with_call(op, arguments, count, |call, this, arguments| {
        let [cycles] = exactly(arguments)?;
        if cycles.i64().is_none() && !cycles.has_feature(crate::capi::layout::Py_TPFLAGS_LONG_SUBCLASS) {
            return Err(type_error(&["cycles are an int, not ", cycles.type_name()].concat()));
        }
        let Ok(amount) = u128(*cycles) else {
            clear_exception();
            return Err(value_error("a number of cycles is from 0 to 2**128 - 1"));
        };
        call.cycles = [amount as u64, (amount >> 64) as u64];
        Ok(this.to_owned())
    })
}

extern "C" fn with_timeout(op: *mut PyObject, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    with_call(op, arguments, count, |call, this, arguments| {
        let [timeout] = exactly(arguments)?;
        call.timeout = u32(calls::driver()?.seconds.borrow().call(&[*timeout])?.borrow())?;
        Ok(this.to_owned())
    })
}

extern "C" fn notify(op: *mut PyObject, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    with_call(op, arguments, count, |call, _, arguments| {
        exactly::<0>(arguments)?;
        let status = Owned::uint(perform(call, None)?.into())?;
        calls::driver()?.notified.borrow().call(&[status.borrow()])
    })
}

extern "C" fn result(op: *mut PyObject, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    with_call(op, arguments, count, |_, this, arguments| {
        exactly::<0>(arguments)?;
        calls::driver()?.outcome.borrow().call(&[this])
    })
}

/// `perform(task)`, for the driver: the system's status.
extern "C" fn hand_over(op: *mut PyObject, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    with_call(op, arguments, count, |call, _, arguments| {
        let [task] = exactly(arguments)?;
        Owned::uint(perform(call, Some(*task))?.into())
    })
}

/// `send(value)`, for the interpreter: what the driver sends is the value of the expression that waits.
extern "C" fn resume(op: *mut PyObject, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject {
    with_call(op, arguments, count, |_, _, arguments| {
        let [value] = exactly(arguments)?;
        // SAFETY: the class exists, the value is alive.
        unsafe {
            let stop = Borrowed::from_raw(raw::PyExc_StopIteration).call(&[*value])?;
            raw::PyErr_SetRaisedException(stop.into_raw());
        }
        Err(Raised)
    })
}

extern "C" fn class_getitem(class: *mut PyObject, _item: *mut PyObject) -> *mut PyObject {
    // SAFETY: the class is alive.
    unsafe { Py_INCREF(class) };
    class
}

extern "C" fn iter(op: *mut PyObject) -> *mut PyObject {
    // SAFETY: the object is an instance and alive; it owns its method's name.
    unsafe {
        let call = op.cast::<Call>();
        if (*call).sent {
            let method = Borrowed::from_raw((*call).method).text().and_then(Result::ok).unwrap_or_default();
            sent_before(method);
            return null_mut();
        }
        Py_INCREF(op);
    }
    op
}

extern "C" fn awaited(op: *mut PyObject) -> *mut PyObject {
    // SAFETY: the object is an instance and alive.
    unsafe { (*op.cast::<Call>()).wants_value = true };
    iter(op)
}

/// First the call itself, for the driver; asked again, the end, as after `send(None)`.
extern "C" fn iternext(op: *mut PyObject) -> *mut PyObject {
    // SAFETY: the object is an instance and alive.
    unsafe {
        let call = op.cast::<Call>();
        if (*call).handed {
            return null_mut();
        }
        (*call).handed = true;
        Py_INCREF(op);
    }
    op
}

extern "C" fn repr(op: *mut PyObject) -> *mut PyObject {
    with_call(op, core::ptr::null(), 0, |call, _, _| {
        // SAFETY: the references are owned by the call, which is alive.
        let (principal, method) = unsafe { (Borrowed::from_raw(call.principal), Borrowed::from_raw(call.method)) };
        let principal = principal.str()?;
        let text = ["<call of '", text(method)?, "' of ", text(principal.borrow())?, ">"].concat();
        Owned::str(&text)
    })
}

extern "C" fn dealloc(op: *mut PyObject) {
    // SAFETY: the object is an instance that nobody refers to any more; a heap type is kept alive by its
    // instances.
    unsafe {
        let call = op.cast::<Call>();
        if !(*call).sent && !(*call).method.is_null() {
            warn_unsent(Borrowed::from_raw((*call).method));
        }
        Py_XDECREF((*call).principal);
        Py_XDECREF((*call).method);
        Py_XDECREF((*call).data);
        let class = Py_TYPE(op);
        raw::PyObject_Free(op.cast());
        Py_DECREF(class.cast());
    }
}

/// Warns of a call that nobody awaited; an exception that is set at the moment stays.
#[cold]
fn warn_unsent(method: Borrowed<'_>) {
    let name = method.text().and_then(Result::ok).unwrap_or_default();
    let text = ["the call of '", name, "' was never awaited, so it was not sent"].concat();
    let text = CString::new(text.into_bytes()).unwrap_or_default();
    // SAFETY: the text is a C string; the exception that is set is taken out and put back.
    unsafe {
        let earlier = raw::PyErr_GetRaisedException();
        if raw::PyErr_WarnEx(raw::PyExc_RuntimeWarning, text.as_ptr(), 1) < 0 {
            raw::PyErr_WriteUnraisable(null_mut());
        }
        raw::PyErr_SetRaisedException(earlier);
    }
}
