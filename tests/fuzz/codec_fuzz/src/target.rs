//! One input, and what must hold for it.

use crate::candid::Plan;
use crate::capi::object::Owned;
use crate::capi::{raw, PyObject};
use crate::counters::{measured, Cost};
use core::ffi::c_int;
use core::ptr::null_mut;
use std::sync::Mutex;

/// Units of work that a message may ask for: `limits.rs` of the codec grants 250,000 and 20 for each byte.
const BASE_UNITS: u64 = 250_000;
const UNITS_PER_BYTE: u64 = 20;

/// Edges that one unit of work may take.
const STEPS_PER_UNIT: u64 = 20;

/// Bytes that one unit of work may claim: an object (an empty dict takes 64) and its place in a list.
const BYTES_PER_UNIT: u64 = 128;

/// Longest reason for a refusal, in bytes: a reject message is for people.
const LONGEST_REASON: usize = 2_000;

/// Addresses of plans that live for ever.
static PLANS: Mutex<Vec<usize>> = Mutex::new(Vec::new());

static TOTALS: Mutex<Totals> = Mutex::new(Totals { inputs: 0, accepted: 0, steps: 0, claimed: 0 });

/// What is said at the end; `steps` and `claimed` are the most of any input, in thousandths of a
/// unit's share of what the message's length allows.
struct Totals {
    inputs: u64,
    accepted: u64,
    steps: u64,
    claimed: u64,
}

/// Makes a plan known to the inputs.
pub fn add(plan: &'static Plan) {
    PLANS.lock().expect("one thread").push(core::ptr::from_ref(plan) as usize);
}

/// Prints the totals when libFuzzer ends the process.
pub fn report_at_exit() {
    extern "C" {
        fn atexit(function: extern "C" fn()) -> c_int;
    }
    // SAFETY: the function needs nothing that is gone by then.
    unsafe { atexit(report) };
}

extern "C" fn report() {
    let Ok(totals) = TOTALS.lock() else { return };
    eprintln!("inputs: {} accepted: {}", totals.inputs, totals.accepted);
    eprintln!(
        "most work: {}.{:03} steps for each unit; most memory: {}.{:03} bytes for each unit",
        totals.steps / 1000,
        totals.steps % 1000,
        totals.claimed / 1000,
        totals.claimed % 1000
    );
}

/// The values of a decoded message; all references are given back in the end.
struct Values(Vec<*mut PyObject>);

impl Drop for Values {
    fn drop(&mut self) {
        for value in self.0.drain(..) {
            // SAFETY: a reference that decoding has handed over.
            drop(unsafe { Owned::from_raw_optional(value) });
        }
    }
}

fn decode(plan: &Plan, message: &[u8]) -> Result<Values, String> {
    let mut values = vec![null_mut(); plan.arity()];
    match plan.decode_into(message, &mut values) {
        Ok(()) => Ok(Values(values)),
        Err(error) => Err(error.into_text()),
    }
}

fn encode(plan: &Plan, values: &Values) -> Vec<u8> {
    let mut out = Vec::new();
    if let Err(error) = plan.encode(&values.0, &mut out) {
        panic!("an accepted value cannot be written: {}", error.into_text());
    }
    out
}

/// Called by libFuzzer; panics (which abort) are findings.
pub extern "C" fn one_input(data: *const u8, size: usize) -> c_int {
    if size == 0 {
        return -1;
    }
    // SAFETY: libFuzzer hands over that many bytes.
    let input = unsafe { core::slice::from_raw_parts(data, size) };
    let plans = PLANS.lock().expect("one thread");
    // SAFETY: the address of a plan that was leaked.
    let plan = unsafe { &*(plans[usize::from(input[0]) % plans.len()] as *const Plan) };
    let accepted = check(plan, &input[1..]);
    // SAFETY: only looks whether an exception is set.
    assert!(unsafe { raw::PyErr_Occurred() }.is_null(), "a Python exception was left behind");
    let mut totals = TOTALS.lock().expect("one thread");
    totals.inputs += 1;
    totals.accepted += u64::from(accepted);
    0
}

fn check(plan: &Plan, message: &[u8]) -> bool {
    let (result, cost) = measured(|| decode(plan, message));
    check_cost(cost, message.len());
    let values = match result {
        Ok(values) => values,
        Err(reason) => {
            assert!(!reason.trim().is_empty(), "a refusal without a reason");
            assert!(reason.len() <= LONGEST_REASON, "a reason of {} bytes", reason.len());
            return false;
        }
    };
    let written = encode(plan, &values);
    drop(values);
    match decode(plan, &written) {
        Ok(again) => assert_eq!(encode(plan, &again), written, "another value after a round trip"),
        // What was skipped in the message paid for values that take no bytes.
        Err(reason) => {
            assert!(written.len() < message.len(), "what was written is refused: {reason}");
            assert!(cost.steps > BASE_UNITS, "what was written is refused: {reason}");
        }
    }
    true
}

fn check_cost(cost: Cost, length: usize) {
    let units = BASE_UNITS + UNITS_PER_BYTE * length as u64;
    assert!(cost.steps <= units * STEPS_PER_UNIT, "{cost:?} for {length} bytes");
    assert!(cost.claimed <= units * BYTES_PER_UNIT, "{cost:?} for {length} bytes");
    let mut totals = TOTALS.lock().expect("one thread");
    totals.steps = totals.steps.max(cost.steps * 1000 / units);
    totals.claimed = totals.claimed.max(cost.claimed * 1000 / units);
}
