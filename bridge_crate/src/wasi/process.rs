//! Arguments, environment, exit and scheduling: a canister has none of them.

use super::{errno, put};
use crate::{console, ic0};

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_args_get(_argv: i32, _buffer: i32) -> i32 {
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_args_sizes_get(count: *mut u32, size: *mut u32) -> i32 {
    // SAFETY: wasi-libc passes valid out pointers.
    unsafe {
        put(count, 0);
        put(size, 0);
    }
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_environ_get(_environ: i32, _buffer: i32) -> i32 {
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_environ_sizes_get(count: *mut u32, size: *mut u32) -> i32 {
    // SAFETY: wasi-libc passes valid out pointers.
    unsafe {
        put(count, 0);
        put(size, 0);
    }
    errno::SUCCESS
}

/// The C library's `abort` and `exit` end here.  A canister cannot exit: the message traps.
#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_proc_exit(code: i32) -> ! {
    console::flush();
    let mut text = *b"the program ended the process (exit code 000)";
    let digits = code.unsigned_abs() % 1000;
    let end = text.len() - 1;
    text[end - 3] = b'0' + (digits / 100) as u8;
    text[end - 2] = b'0' + (digits / 10 % 10) as u8;
    text[end - 1] = b'0' + (digits % 10) as u8;
    ic0::trap(&text)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_sched_yield() -> i32 {
    errno::SUCCESS
}

/// `sleep`, `select` and `poll`: no time passes within a message, so waiting cannot end.
#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_poll_oneoff(_in: i32, _out: i32, _count: i32, _stored: i32) -> i32 {
    errno::NOTSUP
}

/// The C library's own would be an `unreachable` without a word.  Fatal errors of the interpreter have printed their
/// text before they come here.
#[no_mangle]
extern "C" fn abort() -> ! {
    console::flush();
    ic0::trap(b"the program aborted (os.abort, or a fatal error of the interpreter, whose text is in the log)")
}
