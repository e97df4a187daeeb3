//! The talk between the build host and the runtime while a canister is made.
//!
//! The module imports nothing but `ic0` and every export is `() -> ()`, so requests travel through a
//! structure in memory whose address is exported.  In a finished canister nobody can call this any more:
//! the link step drops the exports.

use crate::capi::object::{take_exception, Owned};
use crate::capi::raw;
use crate::cell::Global;
use crate::context::{self, Phase};
use crate::{dispatch, interpreter, stdlib, traceback};
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{c_char, CStr};

extern "C" {
    /// `c/scrub.c`.
    fn basilisk_scrub_heap();
    /// `c/interpreter.c`.
    fn basilisk_keep_context();
    /// `c/interpreter.c`.
    fn basilisk_withdraw(name: *const c_char);
}

const ALLOCATE: u32 = 1;
const START: u32 = 2;
const REQUEST: u32 = 3;
const SEAL: u32 = 4;
const LIBRARY: u32 = 5;
const WITHDRAW: u32 = 6;

/// What host and runtime exchange; the fields are little-endian by the nature of WebAssembly.
#[repr(C)]
pub struct Mailbox {
    operation: u32,
    address: usize,
    length: usize,
    status: u32,
    reserved: u32,
}

/// The mailbox itself; the host finds it through the exported address.
#[no_mangle]
#[allow(non_upper_case_globals)]
pub static basilisk_mailbox: Global<Mailbox> =
    Global::new(Mailbox { operation: 0, address: 0, length: 0, status: 0, reserved: 0 });

/// The last response or error text; kept until the next step.
static RESPONSE: Global<Option<Owned>> = Global::new(None);
static FAILURE: Global<String> = Global::new(String::new());

/// Performs the operation that the mailbox holds.
#[export_name = "basilisk_step"]
extern "C" fn step() {
    let (operation, address, length) =
        basilisk_mailbox.with(|mailbox| (mailbox.operation, mailbox.address, mailbox.length));
    let result = match operation {
        ALLOCATE => Ok((allocate(length), length)),
        START => start(address, length).map(|()| (0, 0)),
        REQUEST => request(address, length),
        SEAL => {
            seal();
            Ok((0, 0))
        }
        LIBRARY => library(address, length).map(|()| (0, 0)),
        WITHDRAW => withdraw(address, length).map(|()| (0, 0)),
        _ => Err(String::from("unknown operation")),
    };
    basilisk_mailbox.with(|mailbox| match result {
        Ok((address, length)) => {
            mailbox.status = 0;
            mailbox.address = address;
            mailbox.length = length;
        }
        Err(text) => {
            mailbox.status = 1;
            mailbox.length = text.len();
            mailbox.address = FAILURE.with(|slot| {
                *slot = text;
                slot.as_ptr() as usize
            });
        }
    });
}

fn allocate(length: usize) -> usize {
    Vec::leak(Vec::<u8>::with_capacity(length)).as_ptr() as usize
}

/// The bytes that the host wrote into memory it got from [`allocate`].
fn written(address: usize, length: usize) -> &'static [u8] {
    // SAFETY: the host passes back an allocation of that length, filled completely.
    unsafe { core::slice::from_raw_parts(address as *const u8, length) }
}

fn start(address: usize, length: usize) -> Result<(), String> {
    stdlib::open(written(address, length))?;
    interpreter::start(stdlib::frozen_modules())?;
    interpreter::load_boot().map_err(|_| traceback::describe_raised())
}

/// Goes on with another blob, which the host wrote where it liked, over the former one for example.
fn library(address: usize, length: usize) -> Result<(), String> {
    stdlib::forget_block();
    stdlib::open(written(address, length))?;
    interpreter::use_frozen(stdlib::frozen_modules());
    Ok(())
}

/// Takes built-in modules out of reach: their names follow each other, each with a zero byte behind it.
fn withdraw(address: usize, length: usize) -> Result<(), String> {
    let mut rest = written(address, length);
    while !rest.is_empty() {
        let name = CStr::from_bytes_until_nul(rest).map_err(|_| String::from("a name without an end"))?;
        // SAFETY: the text is terminated; the interpreter has started and its table is its own copy.
        unsafe { basilisk_withdraw(name.as_ptr()) };
        rest = &rest[name.to_bytes_with_nul().len()..];
    }
    Ok(())
}

fn request(address: usize, length: usize) -> Result<(usize, usize), String> {
    // SAFETY: as in `written`; the buffer came from `allocate` with this capacity and is not used again.
    let buffer = unsafe { Vec::from_raw_parts(address as *mut u8, length, length) };
    RESPONSE.with(|slot| *slot = None);
    let response = interpreter::handle(&buffer).map_err(|_| traceback::describe_raised())?;
    let Some(bytes) = response.borrow().bytes() else {
        return Err(String::from("_basilisk_boot.handle did not return bytes"));
    };
    let place = (bytes.as_ptr() as usize, bytes.len());
    RESPONSE.with(|slot| *slot = Some(response));
    Ok(place)
}

/// Leaves the build phase: what belongs to the build alone is dropped, so that it does not weigh on the
/// snapshot.
fn seal() {
    RESPONSE.with(|slot| *slot = None);
    let _ = take_exception();
    // SAFETY: no arguments; the interpreter is initialised when the host seals.
    unsafe {
        while raw::PyGC_Collect() > 0 {}
        basilisk_keep_context();
    }
    stdlib::forget_block();
    dispatch::warm_buffers();
    context::set_phase(Phase::Canister);
    // SAFETY: the interpreter is initialised and idle.
    unsafe { basilisk_scrub_heap() };
    interpreter::clear_unused_stack();
}

