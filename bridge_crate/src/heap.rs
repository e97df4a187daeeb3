//! Rust's heap on the C library's allocator, and what a Rust panic does.

use crate::{console, ic0, reserve};
use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::fmt::{self, Write};

extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void;
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// `malloc` aligns to 16 bytes on wasm32 (`max_align_t`).
const MALLOC_ALIGNMENT: usize = 16;

struct CHeap;

/// Asks the C library.
///
/// # Safety
/// As [`GlobalAlloc::alloc`].
#[inline(always)]
unsafe fn ask(layout: Layout) -> *mut u8 {
    // SAFETY: a size that is a multiple of the alignment is what `aligned_alloc` asks for.
    unsafe {
        if layout.align() <= MALLOC_ALIGNMENT {
            malloc(layout.size()).cast()
        } else {
            aligned_alloc(layout.align(), layout.pad_to_align().size()).cast()
        }
    }
}

// SAFETY: the C allocator's contract is that of `GlobalAlloc`; larger alignments go to `aligned_alloc`,
// whose blocks `free` takes as well.  Blocks of the reserve are told apart by their address.
unsafe impl GlobalAlloc for CHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let block = unsafe { ask(layout) };
        if block.is_null() {
            return reserve::take(layout);
        }
        block
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        if reserve::owns(block) {
            return reserve::give_back();
        }
        // SAFETY: the block came from the C library.
        unsafe { free(block.cast()) }
    }

    // Once, not at each place where a vector grows.
    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: blocks of the C library with a small alignment are its own; others are copied by hand.
        unsafe {
            if layout.align() <= MALLOC_ALIGNMENT && !reserve::owns(block) {
                let new = realloc(block.cast(), size);
                if !new.is_null() {
                    return new.cast();
                }
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[global_allocator]
static HEAP: CHeap = CHeap;

/// What Rust says of a failed allocation.
const NO_MEMORY: &[u8] = b"memory allocation of ";

/// A text of limited length, for when there may be no memory for another.
struct Text {
    bytes: [u8; 1024],
    length: usize,
}

impl Default for Text {
    fn default() -> Self {
        Text { bytes: [0; 1024], length: 0 }
    }
}

impl Text {
    fn append(&mut self, more: &[u8]) {
        let room = &mut self.bytes[self.length..];
        let count = more.len().min(room.len());
        room[..count].copy_from_slice(&more[..count]);
        self.length += count;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.append(more.as_bytes());
        Ok(())
    }
}

/// A panic is a defect of the bridge, or a heap without room for a block that is larger than its reserve: the
/// message traps and the state rolls back.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    console::flush();
    let mut said = Text::default();
    // What does not fit is cut off, and nothing else can fail.
    let _ = write!(said, "{info}");
    let cause: &[u8] = match said.bytes().windows(NO_MEMORY.len()).position(|part| part == NO_MEMORY) {
        Some(_) => b"out of memory: the canister's heap is full, and the bridge found no room for what the message needs: ",
        None => b"defect in the Basilisk bridge: ",
    };
    let mut text = Text::default();
    text.append(cause);
    text.append(said.bytes());
    ic0::trap(text.bytes())
}
