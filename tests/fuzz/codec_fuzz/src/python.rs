//! What the Python side calls through ctypes, with the interpreter's lock held.

use crate::candid;
use crate::capi::object::Borrowed;
use crate::capi::PyObject;
use crate::{counters, target};
use core::ffi::{c_char, c_int};

extern "C" {
    /// libFuzzer as a library; returns when it was asked to do nothing, else ends the process.
    fn LLVMFuzzerRunDriver(
        argc: *mut c_int,
        argv: *mut *mut *mut c_char,
        callback: extern "C" fn(*const u8, usize) -> c_int,
    ) -> c_int;
}

/// Compiles a plan that inputs may name; returns 0, or -1 with a Python exception set.
///
/// # Safety
/// Both arguments are live objects and the interpreter's lock is held.
#[no_mangle]
pub unsafe extern "C" fn codec_fuzz_add_plan(nodes: *mut PyObject, roots: *mut PyObject) -> c_int {
    // SAFETY: the caller's promise.
    let (nodes, roots) = unsafe { (Borrowed::from_raw(nodes), Borrowed::from_raw(roots)) };
    match candid::compile(nodes, roots) {
        Ok(plan) => {
            target::add(Box::leak(plan));
            0
        }
        Err(_) => -1,
    }
}

/// Hands over to libFuzzer with the given command line.
///
/// # Safety
/// `argv` holds `argc` strings and a null pointer; the interpreter's lock is held.
#[no_mangle]
pub unsafe extern "C" fn codec_fuzz_run(mut argc: c_int, mut argv: *mut *mut c_char) -> c_int {
    counters::start();
    target::report_at_exit();
    // SAFETY: the caller's promise; libFuzzer may replace both.
    unsafe { LLVMFuzzerRunDriver(&mut argc, &mut argv, target::one_input) }
}
