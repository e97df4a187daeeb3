//! Small blocks of CPython's object allocator, taken without a call.
//!
//! `PyObject_Malloc` goes through a table of functions to `pymalloc_alloc`, which mostly takes the first free
//! block of the pool for that size. Decoding makes an object for every few bytes, so that the way there is a good
//! part of its cost; here that first step is done in place, and everything else is left to `PyObject_Malloc`.
//! What is allocated is freed in the ordinary way.

use super::layout::{pool_header, ALIGNMENT_SHIFT, SMALL_REQUEST_THRESHOLD};
use super::raw;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// `usedpools` of the interpreter's allocator: a pool for each size at every other place. A table without a free
/// block as long as it is not known.
static POOLS: AtomicPtr<*mut pool_header> = AtomicPtr::new((&raw const NO_POOLS.0).cast_mut().cast());

/// A table of which each entry points at a pool that stands for none, because it is its own successor.
struct NoPools([*const pool_header; 2 * (SMALL_REQUEST_THRESHOLD >> ALIGNMENT_SHIFT)]);

/// A pool that stands for none.
struct NoPool(pool_header);

// SAFETY: nobody writes to them.
unsafe impl Sync for NoPools {}
// SAFETY: nobody writes to it.
unsafe impl Sync for NoPool {}

static NO_POOLS: NoPools = NoPools([&raw const NO_POOL.0; 2 * (SMALL_REQUEST_THRESHOLD >> ALIGNMENT_SHIFT)]);
static NO_POOL: NoPool = NoPool(pool_header {
    count: 0,
    freeblock: null_mut(),
    nextpool: (&raw const NO_POOL.0).cast_mut(),
    prevpool: null_mut(),
    arenaindex: 0,
    szidx: 0,
    nextoffset: 0,
    maxnextoffset: 0,
});

/// Tells where the pools of the only interpreter are.
///
/// # Safety
/// `pools` is null, or `interp->obmalloc->pools.used` of an interpreter that stays the only one, without threads, and
/// whose allocators of objects and of memory are both pymalloc.
pub unsafe fn use_pools(pools: *mut c_void) {
    if !pools.is_null() {
        POOLS.store(pools.cast(), Ordering::Relaxed);
    }
}

/// `PyObject_Malloc`.
///
/// # Safety
/// The interpreter is initialised; `size` is not 0.
#[inline(always)]
pub unsafe fn allocate(size: usize) -> *mut c_void {
    // SAFETY: the caller vouches for it.
    unsafe {
        match small_block(size) {
            block if block.is_null() => raw::PyObject_Malloc(size),
            block => block,
        }
    }
}

/// `PyMem_Malloc`, which is served from the same pools.
///
/// # Safety
/// The interpreter is initialised; `size` is not 0.
#[inline(always)]
pub unsafe fn allocate_memory(size: usize) -> *mut c_void {
    // SAFETY: the caller vouches for it.
    unsafe {
        match small_block(size) {
            block if block.is_null() => raw::PyMem_Malloc(size),
            block => block,
        }
    }
}

/// # Safety
/// `size` is not 0.
#[inline(always)]
unsafe fn small_block(size: usize) -> *mut c_void {
    if size > SMALL_REQUEST_THRESHOLD {
        return null_mut();
    }
    // SAFETY: the pools are those of the interpreter, or none.
    unsafe { first_block(POOLS.load(Ordering::Relaxed), size) }
}

/// The first steps of `pymalloc_alloc` and `pymalloc_pool_extend`; null where there is more to do.
///
/// # Safety
/// See [`use_pools`]; `size` is at least 1 and at most `SMALL_REQUEST_THRESHOLD`.
#[inline(always)]
unsafe fn first_block(pools: *mut *mut pool_header, size: usize) -> *mut c_void {
    let class = (size - 1) >> ALIGNMENT_SHIFT;
    // SAFETY: the table has an entry for each class; an entry without a pool points at itself. A pool in the table
    // has a free block, in which the address of the next one lies, or null when it is the last that was used so far.
    unsafe {
        let pool = *pools.add(2 * class);
        if pool == (*pool).nextpool {
            return null_mut();
        }
        let block = (*pool).freeblock.cast::<*mut u8>();
        let mut next = *block;
        if next.is_null() {
            let offset = (*pool).nextoffset;
            if offset > (*pool).maxnextoffset {
                return null_mut();
            }
            (*pool).nextoffset = offset + ((class as u32 + 1) << ALIGNMENT_SHIFT);
            next = pool.cast::<u8>().add(offset as usize);
            next.cast::<*mut u8>().write(null_mut());
        }
        (*pool).count += 1;
        (*pool).freeblock = next;
        block.cast()
    }
}
