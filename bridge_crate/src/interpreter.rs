//! Start of the interpreter and the one Python module that the bridge talks to at build time.

use crate::capi::heap;
use crate::capi::layout::_frozen;
use crate::capi::object::{Owned, PyResult};
use crate::cell::Global;
use alloc::string::String;
use core::ffi::{c_char, c_int, c_void, CStr};

extern "C" {
    /// `c/interpreter.c`.
    fn basilisk_start_interpreter(frozen: *const _frozen, text: *mut c_char, size: usize) -> c_int;
    /// `c/interpreter.c`.
    fn basilisk_use_frozen(frozen: *const _frozen);
    /// `c/pools.c`.
    fn basilisk_used_pools() -> *mut c_void;
    /// The lowest address of the linear stack, given by the linker.
    static mut __stack_low: u8;
}

/// `_basilisk_boot`, once it is loaded.
static BOOT: Global<Option<Owned>> = Global::new(None);

/// Starts CPython with the given frozen modules.
pub fn start(frozen: *const _frozen) -> Result<(), String> {
    let mut text = [0u8; 256];
    // SAFETY: `frozen` is a terminated table that is never freed; the buffer has the length that is told.
    let status = unsafe { basilisk_start_interpreter(frozen, text.as_mut_ptr().cast(), text.len()) };
    if status == 0 {
        // SAFETY: the interpreter is the only one for good, and there are no threads.
        unsafe { heap::use_pools(basilisk_used_pools()) };
        return Ok(());
    }
    let text = CStr::from_bytes_until_nul(&text).unwrap_or(c"the interpreter did not start");
    Err(text.to_string_lossy().into_owned())
}

/// Gives the running interpreter another table of frozen modules.
pub fn use_frozen(frozen: *const _frozen) {
    // SAFETY: `frozen` is a terminated table that is never freed.
    unsafe { basilisk_use_frozen(frozen) };
}

/// Imports `_basilisk_boot`, which installs the finders.
pub fn load_boot() -> PyResult<()> {
    let module = Owned::import(c"_basilisk_boot")?;
    BOOT.with(|slot| *slot = Some(module));
    Ok(())
}

/// An attribute of `_basilisk_boot`.
pub fn boot_attr(name: &CStr) -> PyResult<Option<Owned>> {
    let module = BOOT.with(|slot| slot.clone());
    module.map(|module| module.borrow().attr(name)).transpose()
}

/// Passes a request of the build host to `_basilisk_boot.handle`.
pub fn handle(request: &[u8]) -> PyResult<Owned> {
    let request = Owned::bytes(request)?;
    match boot_attr(c"handle")? {
        Some(handle) => handle.borrow().call(&[request.borrow()]),
        None => Ok(Owned::none()),
    }
}

/// Zeroes the part of the linear stack below the current frame: what earlier calls left there would only
/// make the snapshot larger.
#[inline(never)]
pub fn clear_unused_stack() {
    let here = 0u8;
    let bottom = &raw mut __stack_low;
    let top = (&raw const here) as usize;
    // A margin for this very frame and those of the calls below.
    let length = top.saturating_sub(bottom as usize).saturating_sub(4096);
    // SAFETY: the stack grows downwards, so nothing alive lies between its end and the margin.
    unsafe { core::ptr::write_bytes(bottom, 0, length) };
}
