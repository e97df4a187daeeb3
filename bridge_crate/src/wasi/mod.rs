//! Replacements for every function that wasi-libc would import.
//!
//! wasi-libc declares its imports as symbols named `__imported_wasi_snapshot_preview1_…`; defining them
//! here makes the linker bind the calls to this code, and no WASI import remains in the module.  The rule:
//! ordinary error numbers instead of traps, so that Python sees an `OSError`.
//!
//! Source of the signatures: WASI preview 1 (`witx/wasi_snapshot_preview1.witx`).

pub mod clock;
pub mod descriptors;
pub mod directories;
pub mod files;
pub mod paths;
pub mod process;
pub mod sockets;

/// WASI error numbers that are used here.
pub mod errno {
    /// No error.
    pub const SUCCESS: i32 = 0;
    /// Try again: used for "no entropy yet".
    pub const AGAIN: i32 = 6;
    /// Bad file descriptor.
    pub const BADF: i32 = 8;
    /// Invalid argument.
    pub const INVAL: i32 = 28;
    /// Not a directory.
    pub const NOTDIR: i32 = 54;
    /// Not supported.
    pub const NOTSUP: i32 = 58;
    /// Illegal seek.
    pub const SPIPE: i32 = 70;
}

/// Writes a value to the caller's memory.
///
/// # Safety
/// `to` must be valid for a write of `T`; no alignment is needed.
#[inline(always)]
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    // SAFETY: the caller's promise.
    unsafe { to.write_unaligned(value) }
}
