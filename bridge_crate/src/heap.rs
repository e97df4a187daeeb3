//! Rust's heap on the C library's allocator, and what a Rust panic does.

use crate::{console, ic0};
use alloc::string::ToString;
use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;

extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void;
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// `malloc` aligns to 16 bytes on wasm32 (`max_align_t`).
const MALLOC_ALIGNMENT: usize = 16;

struct CHeap;

// SAFETY: the C allocator's contract is that of `GlobalAlloc`; larger alignments go to `aligned_alloc`,
// whose blocks `free` takes as well.
unsafe impl GlobalAlloc for CHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: a size that is a multiple of the alignment is what `aligned_alloc` asks for.
        unsafe {
            if layout.align() <= MALLOC_ALIGNMENT {
                malloc(layout.size()).cast()
            } else {
                aligned_alloc(layout.align(), layout.pad_to_align().size()).cast()
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        // SAFETY: the block came from `alloc` or `realloc`.
        unsafe { free(block.cast()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; blocks of larger alignment are copied by hand.
        unsafe {
            if layout.align() <= MALLOC_ALIGNMENT {
                return realloc(block.cast(), size).cast();
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                free(block.cast());
            }
            new
        }
    }
}

#[global_allocator]
static HEAP: CHeap = CHeap;

/// A panic is a defect of the bridge: the message traps and the state rolls back.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    console::flush();
    let text = ["defect in the Basilisk bridge: ", &info.to_string()].concat();
    ic0::trap(text.as_bytes())
}
