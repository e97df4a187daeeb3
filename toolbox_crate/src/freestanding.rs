//! What std would provide: an allocator, from the C library that belongs to the target, and the end of a
//! panic.  Of that library only memory functions are used, which need nothing from a host.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;

#[link(name = "c")]
extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// What `malloc` aligns every block to (`max_align_t` of the target).
const MALLOC_ALIGN: usize = 16;

struct CAllocator;

#[global_allocator]
static ALLOCATOR: CAllocator = CAllocator;

// SAFETY: blocks come from one C allocator, which keeps the promises of the trait: it never unwinds, returns
// null when it has no memory, and `free` and `realloc` take blocks of both allocation functions.
unsafe impl GlobalAlloc for CAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = if layout.align() <= MALLOC_ALIGN {
            // SAFETY: any size may be asked for.
            unsafe { malloc(layout.size()) }
        } else {
            // SAFETY: the alignment is a power of two, as the layout guarantees.
            unsafe { aligned_alloc(layout.align(), layout.size()) }
        };
        block.cast()
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: by the contract of the trait the block is one of this allocator.
        unsafe { free(block.cast()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            // SAFETY: by the contract of the trait the block is one of this allocator, from `malloc`.
            return unsafe { realloc(block.cast(), size) }.cast();
        }
        // SAFETY: the alignment is that of a valid layout and the size is not beyond isize, by the contract
        // of the trait; the copied length is within both blocks.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The host sees a trap and reports that the toolbox failed; there is nobody else to tell.
    core::arch::wasm32::unreachable()
}
