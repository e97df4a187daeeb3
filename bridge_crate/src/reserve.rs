//! Room for the bridge's own small blocks when the heap is full.
//!
//! Rust cannot report a failed allocation where Python can, so the bridge would trap in the middle of what would
//! have ended in a `MemoryError`: while it collects a line of output, a path, the text of an exception.  Such blocks
//! are small and short-lived.  They are cut one after the other from a piece of static memory, which is empty again
//! when the last of them is freed.

use crate::cell::Global;
use core::alloc::Layout;
use core::ptr::null_mut;

/// Bytes of the reserve.  Zeros that nothing touched cost neither the module nor the replica anything.
const SIZE: usize = 64 << 10;

/// Its words are as wide as the largest alignment that is asked for.
static ROOM: Global<[u128; SIZE / 16]> = Global::new([0; SIZE / 16]);
static USE: Global<Use> = Global::new(Use { top: 0, blocks: 0 });

#[derive(Clone, Copy)]
struct Use {
    /// Where the next block starts.
    top: usize,
    /// Number of blocks in use.
    blocks: usize,
}

/// A block of the reserve, or NULL where it has no room.
#[cold]
pub fn take(layout: Layout) -> *mut u8 {
    let start = ROOM.as_ptr() as usize;
    let Use { top, blocks } = USE.get();
    let align = layout.align() - 1;
    let offset = ((start + top + align) & !align) - start;
    if layout.size() > SIZE || offset > SIZE - layout.size() {
        return null_mut();
    }
    USE.set(Use { top: offset + layout.size(), blocks: blocks + 1 });
    // SAFETY: the block ends inside the room, as was just seen.
    unsafe { ROOM.as_ptr().cast::<u8>().add(offset) }
}

/// Whether the block is one of the reserve.
#[inline(always)]
pub fn owns(block: *mut u8) -> bool {
    (block as usize).wrapping_sub(ROOM.as_ptr() as usize) < SIZE
}

/// Gives a block back.
#[cold]
pub fn give_back() {
    let Use { top, blocks } = USE.get();
    USE.set(if blocks == 1 { Use { top: 0, blocks: 0 } } else { Use { top, blocks: blocks - 1 } });
}
