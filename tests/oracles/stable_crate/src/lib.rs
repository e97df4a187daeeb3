//! Our structures and those of ic-stable-structures, behind one function that takes and gives bytes.
//!
//! A request is a byte that names the operation, then its parts, each with its length before it (four bytes,
//! little-endian).  An answer is 1 and the parts of the result, or 0 and a reason.  All operations work on one
//! memory.

mod ours;
mod parts;
mod requests;
mod rust_program;
mod theirs;

use std::mem::forget;

/// Room for `length` bytes.
#[no_mangle]
pub extern "C" fn oracle_allocate(length: usize) -> *mut u8 {
    let mut room = Vec::<u8>::with_capacity(length);
    let address = room.as_mut_ptr();
    forget(room);
    address
}

/// Gives back what [`oracle_allocate`] or [`oracle_answer`] has given out.
///
/// # Safety
/// The address comes from one of the two, with that length.
#[no_mangle]
pub unsafe extern "C" fn oracle_release(address: *mut u8, length: usize) {
    // SAFETY: the caller's promise.
    drop(unsafe { Vec::from_raw_parts(address, 0, length) });
}

/// Answers a request; the result's address is in the upper half, its length in the lower.
///
/// # Safety
/// The request's bytes lie at the address.
#[no_mangle]
pub unsafe extern "C" fn oracle_answer(address: *const u8, length: usize) -> u64 {
    // SAFETY: the caller's promise.
    let request = unsafe { std::slice::from_raw_parts(address, length) };
    let mut answer = match requests::perform(request) {
        Ok(result) => parts::join(1, &result),
        Err(reason) => parts::join(0, &[reason.into_bytes()]),
    };
    answer.shrink_to_fit();
    let found = ((answer.as_mut_ptr() as u64) << 32) | answer.len() as u64;
    forget(answer);
    found
}
