//! From an entry point of the canister to a Python function and back.
//!
//! The path of a method call: arguments are copied and decoded by the method's plan (bad arguments end in a
//! reject before any user code runs), the guard is asked, the function is called, its result is encoded and
//! replied.  An exception that nobody catches traps with its traceback, so the state rolls back.

use crate::candid::Plan;
use crate::capi::inline::{Py_TYPE, Py_XDECREF};
use crate::capi::layout::{PYGEN_ERROR, PYGEN_RETURN, PY_VECTORCALL_ARGUMENTS_OFFSET};
use crate::capi::object::{clear_exception, raise, status, Borrowed, Owned, PyResult};
use crate::capi::{raw, PyObject, Raised};
use crate::cell::Global;
use crate::context::{self, Contexts};
use crate::structures::lifecycle;
use crate::{calls, console, entropy, ic0, traceback};
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
/// The method in whose course the message runs.
static CURRENT: Global<Option<&'static Method>> = Global::new(None);
static ARGUMENT: Global<Vec<u8>> = Global::new(Vec::new());
static REPLY: Global<Vec<u8>> = Global::new(Vec::new());

extern "C" {
    /// `c/interpreter.c`.
    fn basilisk_reset_context();
}

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
    enter(method.context, Some(method));
    run_method(method);
    console::flush();
}

#[no_mangle]
extern "C" fn basilisk_entry(number: usize) {
    let context = ENTRY_CONTEXTS[number];
    // SAFETY: as above.
    let entry = unsafe { &*ENTRIES.as_ptr() }.get(number);
    enter(context, None);
    lifecycle::before(number);
    if let Some(Some(entry)) = entry {
        run_entry(entry, context);
    }
    lifecycle::after(number);
    console::flush();
    if context == context::INIT && entropy::wanted() {
        // Calls are not allowed here; the timer's function asks for the seed.
        ic0::global_timer_set(1);
    }
}

fn run_entry(entry: &Entry, context: Contexts) {
    // Elsewhere there is no argument, and asking for it traps.
    let result = if context == context::INIT {
        with_arguments(entry.arguments, &entry.function, |arguments| match arguments {
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
}

#[inline(always)]
fn run_method(method: &Method) {
    let result = with_arguments(method.arguments, &method.function, |arguments| match arguments {
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
        Some(Ok(Some(value))) => finish_method(method, value.borrow()),
        // The driver finishes the method when its coroutine ends.
        Some(Ok(None)) => {}
    }
}

/// Decodes the argument and hands the values to `then`: as a slice whose element before the first may be
/// overwritten (the vectorcall convention), or the text that says what is wrong with the argument.
#[inline(always)]
fn with_arguments<R>(plan: &Plan, function: &Owned, then: impl FnOnce(Result<&mut [*mut PyObject], String>) -> R) -> R {
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
        Err(error) => then(Err(bad_arguments(error, function))),
    };
    for &value in &slots[1..] {
        // SAFETY: each slot is null or a reference that decoding gave to us.
        unsafe { Py_XDECREF(value) };
    }
    result
}

#[cold]
fn bad_arguments(error: crate::candid::DecodeError, function: &Owned) -> String {
    let name = error.0.value.and_then(|index| parameter(function, index, error.0.arity));
    let text = match name.as_ref().and_then(|name| name.borrow().text()) {
        Some(Ok(name)) => error.into_named_text(name),
        _ => error.into_text(),
    };
    clear_exception();
    ["the arguments do not fit the method's types: ", &text].concat()
}

/// The name of a parameter, when the function is written in Python and has that many.
fn parameter(function: &Owned, index: usize, arity: usize) -> Option<Owned> {
    let code = function.borrow().attr(c"__code__").ok()?;
    let count = code.borrow().attr(c"co_argcount").ok()?.borrow().i64()?;
    let names = code.borrow().attr(c"co_varnames").ok()?;
    let name = names.borrow().tuple_items()?.get(index)?.to_owned();
    (count == arity as i64).then_some(name)
}

/// Calls a function with decoded arguments (`slots[0]` is free); nothing when it is a coroutine that waits.
#[inline(always)]
fn call(function: &Owned, slots: &mut [*mut PyObject], flags: u32) -> PyResult<Option<Owned>> {
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
    // SAFETY: the object is alive; the addresses of static types are only compared.
    let waits = unsafe {
        let class = Py_TYPE(value.as_ptr());
        class == &raw mut raw::PyCoro_Type
            || (flags & FLAG_GENERATOR != 0 && class == &raw mut raw::PyGen_Type)
    };
    if waits {
        return drive(value);
    }
    Ok(Some(value))
}

/// Runs a coroutine or generator, in a `contextvars` context of its own, until it returns or waits.
#[cold]
fn drive(coroutine: Owned) -> PyResult<Option<Owned>> {
    let mut result = core::ptr::null_mut();
    // SAFETY: the objects are alive; the new context is left again; `result` receives a new reference or null.
    let (context, outcome) = unsafe {
        let context = Owned::from_raw(raw::PyContext_CopyCurrent())?;
        status(raw::PyContext_Enter(context.as_ptr()))?;
        let outcome = raw::PyIter_Send(coroutine.as_ptr(), Owned::none().as_ptr(), &raw mut result);
        status(raw::PyContext_Exit(context.as_ptr()))?;
        (context, outcome)
    };
    // SAFETY: as told by `outcome`.
    let result = unsafe { Owned::from_raw_optional(result) };
    match (outcome, result) {
        (PYGEN_ERROR, _) | (_, None) => Err(Raised),
        (PYGEN_RETURN, value) => Ok(value),
        (_, Some(waited)) => calls::begin(&coroutine, &context, &waited).map(|()| None),
    }
}

/// A message starts: in this context, in the course of this method.
#[inline(always)]
pub fn enter(context: Contexts, method: Option<&'static Method>) {
    context::enter(context);
    CURRENT.set(method);
    // SAFETY: the interpreter is initialised and runs nothing at the start of a message.
    unsafe { basilisk_reset_context() };
}

/// The method in whose course the message runs.
pub fn current_method() -> Option<&'static Method> {
    CURRENT.get()
}

/// The function of the running method has returned: its value is the answer.
pub fn finish(value: Borrowed<'_>) {
    if let Some(method) = CURRENT.get() {
        finish_method(method, value);
    }
}

#[inline(always)]
fn finish_method(method: &Method, value: Borrowed<'_>) {
    if method.flags & FLAG_MANUAL == 0 {
        reply(method.results, value);
    }
}

/// `ic.reply`: the answer of a method that replies by itself, as values of its result types.
pub fn reply_by_hand(values: &[Borrowed<'_>]) -> PyResult<()> {
    // SAFETY: the classes exist as long as the interpreter.
    let (runtime_error, type_error) = unsafe {
        (Borrowed::from_raw(raw::PyExc_RuntimeError), Borrowed::from_raw(raw::PyExc_TypeError))
    };
    let method = match CURRENT.get() {
        Some(method) if method.flags & FLAG_MANUAL != 0 => method,
        _ => {
            let text = "ic.reply() works in methods whose result is Manual[T]; other methods return a value";
            return Err(raise(runtime_error, text));
        }
    };
    let wanted = method.results.arity();
    if values.len() != wanted {
        let wanted = if wanted == 0 { "no value" } else { "1 value" };
        let text = ["ic.reply() takes ", wanted, " in this method: as many as its result type says"];
        return Err(raise(type_error, &text.concat()));
    }
    let values: Vec<*mut PyObject> = values.iter().map(|value| value.as_ptr()).collect();
    let mut data = Vec::new();
    match method.results.encode(&values, &mut data) {
        Ok(()) => {
            ic0::msg_reply_data_append(&data);
            ic0::msg_reply();
            Ok(())
        }
        Err(error) => Err(crate::module::candid_error(&error.into_text())),
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
pub fn trap_raised() -> ! {
    let text = traceback::describe_raised();
    trap_text(&text)
}

#[cold]
/// Stands in the place of every function that `--stdlib=used` left out.  No import leads to them, so this is
/// reached only when the analysis behind that profile is wrong.
#[export_name = "basilisk_left_out"]
extern "C" fn left_out() {
    trap_text(
        "the canister ran into code of the standard library that --stdlib=used left out, which is a mistake of \
         Basilisk's; build it with --stdlib=full",
    )
}

fn trap_text(text: &str) -> ! {
    console::flush();
    ic0::trap(text.as_bytes())
}
