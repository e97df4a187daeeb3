//! Steps and claimed bytes; the counting itself is in `c/counters.c`.

use core::ffi::c_void;
use std::alloc::{GlobalAlloc, Layout, System};

extern "C" {
    static mut codec_fuzz_steps: u64;
    static mut codec_fuzz_claimed: u64;
    fn codec_fuzz_count_allocations();
}

/// What a piece of work cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Edges of the instrumented code.
    pub steps: u64,
    /// Bytes asked of the allocators, whether given back or not.
    pub claimed: u64,
}

/// Runs `work` and counts.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let before = now();
    let result = work();
    let after = now();
    (result, Cost { steps: after.steps - before.steps, claimed: after.claimed - before.claimed })
}

/// Starts to count what Python's allocators give out.
pub fn start() {
    // SAFETY: called with the interpreter's lock held; the new allocators pass everything on.
    unsafe { codec_fuzz_count_allocations() }
}

fn now() -> Cost {
    // SAFETY: one thread runs the target, and nothing else writes the counters.
    unsafe { Cost { steps: codec_fuzz_steps, claimed: codec_fuzz_claimed } }
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        claim(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        claim(size);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block.cast::<c_void>().cast(), layout) }
    }
}

fn claim(size: usize) {
    // SAFETY: libFuzzer's own thread watches memory and allocates nothing through Rust.
    unsafe { codec_fuzz_claimed += size as u64 }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
