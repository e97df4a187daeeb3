//! The functions that the module exports to its host.
//!
//! The host allocates a buffer, fills it, calls an operation and reads the result, whose address and length
//! come back as one number: `address << 32 | length`.  Buffers and results are freed with [`release`], or
//! with the whole instance.

use alloc::vec::Vec;

use crate::{deflate, meter, validate};

/// Version of this interface; a host refuses another one.
pub const VERSION: u32 = 2;

/// The interface's version.
#[no_mangle]
pub extern "C" fn version() -> u32 {
    VERSION
}

/// A buffer of `length` bytes.
#[no_mangle]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
    give(alloc::vec![0; length]) as *mut u8
}

/// Free a buffer or a result.
///
/// # Safety
/// `address` and `length` are those of one buffer or result that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn release(address: *mut u8, length: usize) {
    // SAFETY: `give` made the block from a boxed slice of this length.
    drop(unsafe { alloc::boxed::Box::from_raw(core::ptr::slice_from_raw_parts_mut(address, length)) });
}

/// Check a module; the result is a report in JSON, see [`validate::report`].
///
/// `limits` are the figures in the order of [`validate::Limits`], as little-endian u64.  With `bodies` zero
/// function bodies are left out, for a host that knows the result of these functions already.
///
/// # Safety
/// Both pairs describe buffers of this module.
#[no_mangle]
pub unsafe extern "C" fn check(
    module: *const u8,
    length: usize,
    limits: *const u8,
    limits_length: usize,
    bodies: u32,
) -> u64 {
    // SAFETY: by the contract of this function.
    let (module, limits) = unsafe { (view(module, length), view(limits, limits_length)) };
    result(match validate::Limits::read(limits) {
        Some(limits) => validate::report(module, &limits, bodies != 0).into_bytes(),
        None => Vec::new(),
    })
}

/// Compress the part of a buffer behind its first `history` bytes, which come before it in the stream.
///
/// # Safety
/// The pair describes a buffer of this module.
#[no_mangle]
pub unsafe extern "C" fn compress(data: *const u8, length: usize, history: usize, level: u32) -> u64 {
    // SAFETY: by the contract of this function.
    let data = unsafe { view(data, length) };
    let (history, data) = data.split_at(history.min(length));
    result(deflate::piece(history, data, level as i32).unwrap_or_default())
}

/// Meter a module, see [`meter::meter`]; the result is a module, or nothing for what is not one.
///
/// # Safety
/// The pair describes a buffer of this module.
#[no_mangle]
pub unsafe extern "C" fn meter(module: *const u8, length: usize) -> u64 {
    // SAFETY: by the contract of this function.
    result(meter::meter(unsafe { view(module, length) }).unwrap_or_default())
}

/// # Safety
/// The pair describes a buffer of this module.
unsafe fn view<'a>(address: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: by the contract of this function; buffers are made by `give`, so the address is never null.
    unsafe { core::slice::from_raw_parts(address, length) }
}

fn give(bytes: Vec<u8>) -> *const u8 {
    alloc::boxed::Box::into_raw(bytes.into_boxed_slice()) as *const u8
}

fn result(bytes: Vec<u8>) -> u64 {
    let length = bytes.len() as u64;
    ((give(bytes) as u64) << 32) | length
}
