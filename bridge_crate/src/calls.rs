//! Calls to other canisters: what is under way, and what happens when the answer arrives.
//!
//! Python makes a call object and waits for it; the table here joins that object with the answer, which comes
//! in a message of its own.  The system calls one of three functions with the call's number: for a reply, for
//! a reject, and for the clean-up after a trap in one of them.  Waiting itself is the business of the
//! *driver*, a Python module (`basilisk._guest.driver`), whose functions are called from here.

use crate::candid::Plan;
use crate::capi::inline::PyTuple_SET_ITEM;
use crate::capi::object::{raise, Borrowed, Owned, PyResult};
use crate::capi::{raw, PyObject};
use crate::cell::Global;
use crate::context::{self, Contexts, COMPOSITE};
use crate::dispatch::{self, Method};
use crate::ic0::{self, Closure};
use crate::{console, traceback};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// What waits for an answer.
pub struct Waiter {
    /// The driver's task.
    pub task: Owned,
    /// Whether a reject is to be raised; otherwise it is the value.
    pub wants_value: bool,
    /// The name of the method that was called.
    pub name: Owned,
}

/// A call whose answer has not arrived.
struct Pending {
    waiter: Waiter,
    /// Types of the results; without them the answer is handed over as bytes.
    results: Option<&'static Plan>,
    /// The method in whose course the call was made.
    method: Option<&'static Method>,
    /// Whether that is a composite query.
    composite: bool,
}

/// Functions of the Python module that runs coroutines.
pub struct Driver {
    /// `begin(coroutine, context, waited)`: a coroutine waits for the first time.
    pub begin: Owned,
    /// `replied(task, value, wants value)`.
    pub replied: Owned,
    /// `rejected(task, name, code, message, wants value)`; code 0: the reply does not fit the type.
    pub rejected: Owned,
    /// `closed(task)`: after a trap.
    pub closed: Owned,
    /// `outcome(call)`: what `call.result()` returns.
    pub outcome: Owned,
    /// `seconds(timeout)`: a timeout in whole seconds.
    pub seconds: Owned,
    /// `notified(status)`: what `call.notify()` returns.
    pub notified: Owned,
}

static DRIVER: Global<Option<Driver>> = Global::new(None);
static PENDING: Global<BTreeMap<usize, Pending>> = Global::new(BTreeMap::new());
/// The number of the latest call; 0 before the first.
static LATEST: Global<usize> = Global::new(0);

/// Sets the driver.
pub fn set_driver(driver: Driver) {
    DRIVER.with(|slot| *slot = Some(driver));
}

/// The driver.
pub fn driver() -> PyResult<&'static Driver> {
    // SAFETY: the driver is set while the interpreter is prepared and never changed in a canister; the class
    // of the exception exists as long as the interpreter.
    unsafe {
        match (*DRIVER.as_ptr()).as_ref() {
            Some(driver) => Ok(driver),
            None => Err(raise(Borrowed::from_raw(raw::PyExc_RuntimeError), "there is no driver of coroutines")),
        }
    }
}

/// A call to be made.
pub struct Request<'a> {
    /// The canister.
    pub callee: &'a [u8],
    /// Its method.
    pub method: &'a str,
    /// Candid arguments.
    pub argument: &'a [u8],
    /// Cycles that go along.
    pub cycles: u128,
    /// Seconds after which the answer no longer matters; 0 waits without limit.
    pub timeout: u32,
    /// Types of the results.
    pub results: Option<&'static Plan>,
}

/// Hands a call to the system: 0, or the system's number for "not sent".  Without a waiter nobody receives
/// the answer.
pub fn perform(request: &Request<'_>, waiter: Option<Waiter>) -> u32 {
    let number = next_number();
    let closure = |function| Closure { function, environment: number };
    if waiter.is_some() {
        ic0::call_new(request.callee, request.method.as_bytes(), closure(replied), closure(rejected));
        ic0::call_on_cleanup(closure(clean_up));
    } else {
        ic0::call_new(request.callee, request.method.as_bytes(), closure(ignored), closure(ignored));
    }
    ic0::call_data_append(request.argument);
    if request.timeout > 0 {
        ic0::call_with_best_effort_response(request.timeout);
    }
    if request.cycles > 0 {
        ic0::call_cycles_add128(request.cycles);
    }
    let status = ic0::call_perform();
    if let (0, Some(waiter)) = (status, waiter) {
        let pending = Pending {
            waiter,
            results: request.results,
            method: dispatch::current_method(),
            composite: context::current() & COMPOSITE != 0,
        };
        PENDING.with(|table| table.insert(number, pending));
    }
    status
}

/// The number of the next call.  After an upgrade, answers to calls of the earlier program may still arrive
/// with their old numbers; so each program starts to count at a place of its own among the 2³² numbers, which
/// follows from time and version of the canister at its first call.
fn next_number() -> usize {
    let latest = match LATEST.get() {
        0 => scattered(ic0::time() ^ ic0::canister_version().rotate_right(8)) as usize,
        latest => latest,
    };
    let next = latest.wrapping_add(1).max(1);
    LATEST.set(next);
    next
}

/// Spreads a number over 32 bits (the finaliser of SplitMix64).
fn scattered(number: u64) -> u32 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 32) as u32
}

/// The driver takes over a coroutine that waits for the first time.
pub fn begin(coroutine: &Owned, context: &Owned, waited: &Owned) -> PyResult<()> {
    let arguments = [coroutine.borrow(), context.borrow(), waited.borrow()];
    driver()?.begin.borrow().call(&arguments).map(|_| ())
}

/// Nobody waits for this answer.
extern "C" fn ignored(_number: usize) {}

extern "C" fn replied(number: usize) {
    answered(number, context::REPLY, context::COMPOSITE_REPLY, |driver, pending| {
        let data = dispatch::fetch_argument();
        let value = match pending.results {
            None => Owned::bytes(data)?,
            Some(plan) => {
                let mut values = alloc::vec![core::ptr::null_mut(); plan.arity()];
                if let Err(error) = plan.decode_into(data, &mut values) {
                    return reject(driver, &pending.waiter, 0, &error.into_text());
                }
                results(values)?
            }
        };
        let Waiter { task, wants_value, .. } = &pending.waiter;
        driver.replied.borrow().call(&[task.borrow(), value.borrow(), Owned::bool(*wants_value).borrow()])
    });
}

fn reject(driver: &Driver, waiter: &Waiter, code: u32, message: &str) -> PyResult<Owned> {
    let (code, message) = (Owned::uint(code.into())?, Owned::str(message)?);
    driver.rejected.borrow().call(&[
        waiter.task.borrow(),
        waiter.name.borrow(),
        code.borrow(),
        message.borrow(),
        Owned::bool(waiter.wants_value).borrow(),
    ])
}

/// No results are `None`, one is itself, several are a tuple.
fn results(values: Vec<*mut PyObject>) -> PyResult<Owned> {
    match values[..] {
        [] => Ok(Owned::none()),
        // SAFETY: decoding gave this reference to us.
        [value] => unsafe { Owned::from_raw(value) },
        // SAFETY: a new tuple with room for the values, which it takes over.
        _ => unsafe {
            let tuple = Owned::from_raw(raw::PyTuple_New(values.len() as isize))?;
            for (index, value) in values.into_iter().enumerate() {
                PyTuple_SET_ITEM(tuple.as_ptr(), index, value);
            }
            Ok(tuple)
        },
    }
}

extern "C" fn rejected(number: usize) {
    answered(number, context::REJECT, context::COMPOSITE_REJECT, |driver, pending| {
        let mut message = Vec::new();
        ic0::msg_reject_msg(&mut message);
        reject(driver, &pending.waiter, ic0::msg_reject_code(), &String::from_utf8_lossy(&message))
    });
}

fn answered(
    number: usize,
    plain: Contexts,
    composite: Contexts,
    then: impl FnOnce(&Driver, &Pending) -> PyResult<Owned>,
) {
    let Some((driver, pending)) = take(number) else {
        console::flush();
        ic0::debug_print(b"the answer to a call that this program did not make was dropped; was it upgraded meanwhile?");
        return;
    };
    dispatch::enter(if pending.composite { composite } else { plain }, pending.method);
    if then(driver, &pending).is_err() {
        dispatch::trap_raised();
    }
    console::flush();
}

/// After a trap in a callback: the coroutine is closed, so that its `finally` blocks run.  Whatever goes wrong
/// here is printed; a second trap would undo what the blocks did.
extern "C" fn clean_up(number: usize) {
    let Some((driver, pending)) = take(number) else { return };
    let context = if pending.composite { context::COMPOSITE_CLEANUP } else { context::CLEANUP };
    dispatch::enter(context, pending.method);
    if driver.closed.borrow().call(&[pending.waiter.task.borrow()]).is_err() {
        let text = traceback::describe_raised();
        console::flush();
        ic0::debug_print(text.as_bytes());
    }
    console::flush();
}

fn take(number: usize) -> Option<(&'static Driver, Pending)> {
    let pending = PENDING.with(|table| table.remove(&number))?;
    driver().ok().map(|driver| (driver, pending))
}
