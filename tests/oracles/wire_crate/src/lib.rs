//! One function that takes and gives bytes, as the tests call it in an oracle's module.
//!
//! A request is a byte that names the operation, then its parts, each with its length before it (four bytes,
//! little-endian). An answer is 1 and the parts of the result, or 0 and a reason.

pub mod parts;

use std::mem::forget;

/// Exports `oracle_answer`, which has requests performed by a function
/// `fn(&[u8]) -> Result<Vec<Vec<u8>>, String>`.
#[macro_export]
macro_rules! answer_with {
    ($perform:path) => {
        /// Answers a request; the result's address is in the upper half, its length in the lower.
        ///
        /// # Safety
        /// The request's bytes lie at the address.
        #[no_mangle]
        pub unsafe extern "C" fn oracle_answer(address: *const u8, length: usize) -> u64 {
            // SAFETY: the caller's promise.
            let request = unsafe { std::slice::from_raw_parts(address, length) };
            $crate::packed($perform(request))
        }
    };
}

/// Room for `length` bytes.
#[no_mangle]
pub extern "C" fn oracle_allocate(length: usize) -> *mut u8 {
    let mut room = Vec::<u8>::with_capacity(length);
    let address = room.as_mut_ptr();
    forget(room);
    address
}

/// Gives back what [`oracle_allocate`] or `oracle_answer` has given out.
///
/// # Safety
/// The address comes from one of the two, with that length.
#[no_mangle]
pub unsafe extern "C" fn oracle_release(address: *mut u8, length: usize) {
    // SAFETY: the caller's promise.
    drop(unsafe { Vec::from_raw_parts(address, 0, length) });
}

/// The answer's bytes, left to the host: their address in the upper half, their number in the lower.
pub fn packed(result: Result<Vec<Vec<u8>>, String>) -> u64 {
    let mut answer = match result {
        Ok(result) => parts::join(1, &result),
        Err(reason) => parts::join(0, &[reason.into_bytes()]),
    };
    answer.shrink_to_fit();
    let found = ((answer.as_mut_ptr() as u64) << 32) | answer.len() as u64;
    forget(answer);
    found
}
