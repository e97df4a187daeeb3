//! From an entry point of the canister to a Python function and back.
//!
//! The path of a method call: arguments are copied and decoded by the method's plan (bad arguments end in a
//! reject before any user code runs), the guard is asked, the function is called, its result is encoded and
//! replied.  An exception that nobody catches traps with its traceback, so the state rolls back.

use crate::candid::Plan;
use crate::capi::inline::{Py_TYPE, Py_XDECREF};
use crate::capi::layout::{PYGEN_ERROR, PYGEN_RETURN, PY_VECTORCALL_ARGUMENTS_OFFSET};
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::capi::{raw, PyObject};
use crate::cell::Global;
use crate::context::{self, Contexts};
use crate::{console, ic0, traceback};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The reply is sent by the function itself.
pub const FLAG_MANUAL: u32 = 1;
/// The function is a generator function, whose generator is driven to its end.
pub const FLAG_GENERATOR: u32 = 2;

/// Arguments up to this number need no allocation.
const FEW: usize = 8;

/// A registered method.
pub struct Method {
    /// The Python function.
    pub function: Owned,
    /// Types of the arguments.
    pub arguments: &'static Plan,
    /// Types of the results.
    pub results: &'static Plan,
    /// The context in which it runs.
    pub context: Contexts,
    /// `FLAG_…`.
    pub flags: u32,
    /// Called first; only an explicit allow lets the call through.
    pub guard: Option<Owned>,
}

/// A registered system entry point.
pub struct Entry {
    /// The Python function.
    pub function: Owned,
    /// Types of the arguments (`init` and `post_upgrade`).
    pub arguments: &'static Plan,
    /// `FLAG_GENERATOR` or 0.
    pub flags: u32,
}

/// Contexts of the entry points, by the numbers in `c/interpreter.c`.
const ENTRY_CONTEXTS: [Contexts; 7] = [
    context::INIT,
    context::INIT,
    context::PRE_UPGRADE,
    context::INSPECT,
    context::TASK,
    context::TASK,
    context::TASK,
];

/// Names of the entry points, in the same order.
pub const ENTRY_NAMES: [&str; 7] = [
    "init",
    "post_upgrade",
    "pre_upgrade",
    "inspect_message",
    "heartbeat",
    "global_timer",
    "on_low_wasm_memory",
];

static METHODS: Global<Vec<Option<Box<Method>>>> = Global::new(Vec::new());
static ENTRIES: Global<[Option<Box<Entry>>; 7]> = Global::new([const { None }; 7]);
static ARGUMENT: Global<Vec<u8>> = Global::new(Vec::new());
static REPLY: Global<Vec<u8>> = Global::new(Vec::new());

/// Puts a method into its slot.
pub fn register_method(slot: usize, method: Method) {
    METHODS.with(|methods| {
        while methods.len() <= slot {
            methods.push(None);
        }
        methods[slot] = Some(Box::new(method));
    });
}

/// Sets an entry point.
pub fn register_entry(entry: usize, value: Entry) {
    ENTRIES.with(|entries| entries[entry] = Some(Box::new(value)));
}

/// Gives the buffers a first size, so that small calls do not allocate.
pub fn warm_buffers() {
    ARGUMENT.with(|buffer| buffer.reserve(4096));
    REPLY.with(|buffer| buffer.reserve(4096));
}

/// The binary argument of the running call, as it came.
fn argument() -> &'static [u8] {
    // SAFETY: the buffer is refilled only when the next message starts.
    unsafe { &*ARGUMENT.as_ptr() }
}

/// Fetches the argument in an entry point that does not decode it.
pub fn fetch_argument() -> &'static [u8] {
    ARGUMENT.with(ic0::msg_arg_data);
    argument()
}

#[no_mangle]
extern "C" fn basilisk_method(slot: usize) {
    // SAFETY: registration ends before the first message; nothing is added or moved from then on.
    let Some(Some(method)) = (unsafe { &*METHODS.as_ptr() }).get(slot) else {
        ic0::trap(b"this canister has no such method");
    };
    context::enter(method.context);
    run_method(method);
    console::flush();
}

#[no_mangle]
extern "C" fn basilisk_entry(number: usize) {
    // SAFETY: as above.
    let Some(Some(entry)) = (unsafe { &*ENTRIES.as_ptr() }).get(number) else {
        return;
    };
    let context = ENTRY_CONTEXTS[number];
    context::enter(context);
    // Elsewhere there is no argument, and asking for it traps.
    let result = if context == context::INIT {
        with_arguments(entry.arguments, |arguments| match arguments {
            Ok(arguments) => call(&entry.function, arguments, entry.flags),
            // There is nobody to reject to: the installation fails with this text.
            Err(text) => trap_text(&text),
        })
    } else {
        call(&entry.function, &mut [core::ptr::null_mut()], entry.flags)
    };
    if result.is_err() {
        trap_raised();
    }
    console::flush();
}

#[inline(always)]
fn run_method(method: &Method) {
    let result = with_arguments(method.arguments, |arguments| match arguments {
        Err(text) => {
            ic0::msg_reject(text.as_bytes());
            None
        }
        Ok(arguments) => {
            if let Some(guard) = &method.guard {
                if !allowed(guard) {
                    return None;
                }
            }
            Some(call(&method.function, arguments, method.flags))
        }
    });
    match result {
        None => {}
        Some(Err(_)) => trap_raised(),
        Some(Ok(value)) => {
            if method.flags & FLAG_MANUAL == 0 {
                reply(method.results, value.borrow());
            }
        }
    }
}

/// Decodes the argument and hands the values to `then`: as a slice whose element before the first may be
/// overwritten (the vectorcall convention), or the text that says what is wrong with the argument.
#[inline(always)]
fn with_arguments<R>(plan: &Plan, then: impl FnOnce(Result<&mut [*mut PyObject], String>) -> R) -> R {
    let count = plan.arity();
    let data = ARGUMENT.with(|buffer| {
        ic0::msg_arg_data(buffer);
        buffer.as_ptr()
    });
    // SAFETY: the buffer stays as it is during this message; see `argument`.
    let data = unsafe { core::slice::from_raw_parts(data, argument().len()) };
    let mut few = [core::ptr::null_mut(); FEW + 1];
    let mut many;
    let slots: &mut [*mut PyObject] = if count <= FEW {
        &mut few[..=count]
    } else {
        many = alloc::vec![core::ptr::null_mut(); count + 1];
        &mut many
    };
    let result = match plan.decode_into(data, &mut slots[1..]) {
        Ok(()) => then(Ok(slots)),
        Err(error) => then(Err(bad_arguments(error))),
    };
    for &value in &slots[1..] {
        // SAFETY: each slot is null or a reference that decoding gave to us.
        unsafe { Py_XDECREF(value) };
    }
    result
}

#[cold]
fn bad_arguments(error: crate::candid::DecodeError) -> String {
    ["the arguments do not fit the method's types: ", &error.into_text()].concat()
}

/// Calls a function with decoded arguments (`slots[0]` is free) and drives a coroutine to its end.
#[inline(always)]
fn call(function: &Owned, slots: &mut [*mut PyObject], flags: u32) -> PyResult<Owned> {
    let count = slots.len() - 1;
    // SAFETY: the arguments are alive, and the slot before them may be used by the callee.
    let value = unsafe {
        Owned::from_raw(raw::PyObject_Vectorcall(
            function.as_ptr(),
            slots.as_ptr().add(1),
            count | PY_VECTORCALL_ARGUMENTS_OFFSET,
            core::ptr::null_mut(),
        ))?
    };
    // SAFETY: the object is alive; the address of a static type is only compared.
    let coroutine = unsafe { Py_TYPE(value.as_ptr()) == &raw mut raw::PyCoro_Type };
    if coroutine || flags & FLAG_GENERATOR != 0 {
        return drive(value);
    }
    Ok(value)
}

/// Runs a coroutine or generator until it returns.
#[cold]
fn drive(coroutine: Owned) -> PyResult<Owned> {
    let mut result = core::ptr::null_mut();
    // SAFETY: both objects are alive; `result` receives a new reference or null.
    let outcome = unsafe { raw::PyIter_Send(coroutine.as_ptr(), Owned::none().as_ptr(), &raw mut result) };
    // SAFETY: as told by `outcome`.
    let result = unsafe { Owned::from_raw_optional(result) };
    match (outcome, result) {
        (PYGEN_ERROR, _) => Err(crate::capi::Raised),
        (PYGEN_RETURN, Some(value)) => Ok(value),
        (_, _) => trap_text("the method waits for a call, but calls to other canisters are not available yet"),
    }
}

/// Asks a guard.  Allowed is `True` or a variant `{"Ok": …}`; everything else, an exception included, is not.
#[cold]
fn allowed(guard: &Owned) -> bool {
    let answer = match guard.borrow().call(&[]) {
        Ok(answer) => answer,
        Err(_) => trap_raised(),
    };
    if answer.borrow().as_bool() == Some(true) || variant_value(&answer, "Ok").is_some() {
        return true;
    }
    let reason = variant_value(&answer, "Err");
    let text = match reason.as_ref().and_then(|value| value.borrow().text()) {
        Some(Ok(text)) => text,
        _ => "the guard of this method did not allow the call",
    };
    ic0::msg_reject(text.as_bytes());
    false
}

fn variant_value(answer: &Owned, tag: &str) -> Option<Owned> {
    // SAFETY: the object is alive; the address of a static type is only compared.
    if unsafe { Py_TYPE(answer.as_ptr()) != &raw mut raw::PyDict_Type } {
        return None;
    }
    let tag = Owned::str(tag).ok()?;
    answer.borrow().dict_get(tag.borrow()).ok().flatten()
}

/// Encodes the results and replies.
#[inline(always)]
pub fn reply(plan: &Plan, value: Borrowed<'_>) {
    // SAFETY: encoding may run Python code (attributes of the user's objects), which cannot reach this buffer
    // but through `reply`; that replaces its content and would trap at the second `msg_reply` below.
    let buffer = unsafe { &mut *REPLY.as_ptr() };
    buffer.clear();
    let encoded = match plan.arity() {
        0 => plan.encode(&[], buffer),
        1 => plan.encode(&[value.as_ptr()], buffer),
        count => match value.tuple_items() {
            Some(items) if items.len() == count => {
                let items: Vec<*mut PyObject> = items.iter().map(|item| item.as_ptr()).collect();
                plan.encode(&items, buffer)
            }
            _ => trap_text("the method has several results: it must return a tuple with one item for each"),
        },
    };
    match encoded {
        Ok(()) => {
            ic0::msg_reply_data_append(buffer);
            ic0::msg_reply();
        }
        Err(error) => bad_result(error),
    }
}

#[cold]
fn bad_result(error: crate::candid::EncodeError) -> ! {
    let text = ["the result does not fit the method's type: ", &error.into_text()].concat();
    trap_text(&text)
}

/// Traps with the traceback of the exception that is set.
#[cold]
fn trap_raised() -> ! {
    let text = traceback::describe_raised();
    trap_text(&text)
}

#[cold]
fn trap_text(text: &str) -> ! {
    console::flush();
    ic0::trap(text.as_bytes())
}
