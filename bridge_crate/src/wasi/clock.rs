//! Clocks and randomness.
//!
//! All clocks answer `ic0.time`, which stands still during one execution.  While the user's program is
//! imported there is no clock and no entropy; the standard library's own imports see the epoch, so that
//! nothing of the build machine enters the snapshot.

use super::{errno, put};
use crate::context::{self, Phase};
use crate::{entropy, ic0};

/// Nanoseconds by which the clock advances at least from one message to the next.
const RESOLUTION: u64 = 1;

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_clock_res_get(_id: i32, out: *mut u64) -> i32 {
    // SAFETY: wasi-libc passes a valid out pointer.
    unsafe { put(out, RESOLUTION) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_clock_time_get(_id: i32, _precision: u64, out: *mut u64) -> i32 {
    let now = match context::phase() {
        Phase::Canister => ic0::time(),
        Phase::Start => 0,
        Phase::Program => {
            if context::library_import() {
                0
            } else {
                context::refuse("clock");
                return errno::NOTSUP;
            }
        }
    };
    // SAFETY: as above.
    unsafe { put(out, now) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_random_get(buffer: *mut u8, size: usize) -> i32 {
    // SAFETY: wasi-libc passes a buffer of `size` bytes.
    let out = unsafe { core::slice::from_raw_parts_mut(buffer, size) };
    if entropy::fill(out) {
        return errno::SUCCESS;
    }
    context::refuse("entropy");
    errno::AGAIN
}
