//! The System API as imported by a canister: raw declarations and thin safe wrappers.
//!
//! Source: Internet Computer interface specification, "Overview of imports" (32-bit memory).
//! On other targets than wasm32 (the native build that tests the codec) no canister exists; the module is
//! compiled for wasm32 alone.

/// Raw imports.  Pointers and sizes are 32-bit; nothing here checks contexts, see [`crate::context`].
mod raw {
    #[link(wasm_import_module = "ic0")]
    extern "C" {
        pub fn msg_arg_data_size() -> usize;
        pub fn msg_arg_data_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn msg_caller_size() -> usize;
        pub fn msg_caller_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn msg_reject_code() -> u32;
        pub fn msg_reject_msg_size() -> usize;
        pub fn msg_reject_msg_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn msg_deadline() -> u64;
        pub fn msg_reply_data_append(src: *const u8, size: usize);
        pub fn msg_reply();
        pub fn msg_reject(src: *const u8, size: usize);
        pub fn msg_cycles_available128(dst: *mut u8);
        pub fn msg_cycles_refunded128(dst: *mut u8);
        pub fn msg_cycles_accept128(max_high: u64, max_low: u64, dst: *mut u8);
        pub fn cycles_burn128(high: u64, low: u64, dst: *mut u8);
        pub fn canister_self_size() -> usize;
        pub fn canister_self_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn canister_cycle_balance128(dst: *mut u8);
        pub fn canister_liquid_cycle_balance128(dst: *mut u8);
        pub fn canister_status() -> u32;
        pub fn canister_version() -> u64;
        pub fn msg_method_name_size() -> usize;
        pub fn msg_method_name_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn accept_message();
        pub fn msg_caller_info_data_size() -> usize;
        pub fn msg_caller_info_data_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn msg_caller_info_signer_size() -> usize;
        pub fn msg_caller_info_signer_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn subnet_self_size() -> usize;
        pub fn subnet_self_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn call_new(
            callee: *const u8,
            callee_size: usize,
            name: *const u8,
            name_size: usize,
            reply: usize,
            reply_environment: usize,
            reject: usize,
            reject_environment: usize,
        );
        pub fn call_on_cleanup(cleanup: usize, environment: usize);
        pub fn call_data_append(src: *const u8, size: usize);
        pub fn call_with_best_effort_response(seconds: u32);
        pub fn call_cycles_add128(high: u64, low: u64);
        pub fn call_perform() -> u32;
        pub fn cost_call(name_size: u64, payload_size: u64, dst: *mut u8);
        pub fn cost_create_canister(dst: *mut u8);
        pub fn cost_http_request(request_size: u64, max_response_size: u64, dst: *mut u8);
        pub fn cost_sign_with_ecdsa(key: *const u8, key_size: usize, curve: u32, dst: *mut u8) -> u32;
        pub fn cost_sign_with_schnorr(key: *const u8, key_size: usize, algorithm: u32, dst: *mut u8) -> u32;
        pub fn cost_vetkd_derive_key(key: *const u8, key_size: usize, curve: u32, dst: *mut u8) -> u32;
        pub fn env_var_count() -> usize;
        pub fn env_var_name_size(index: usize) -> usize;
        pub fn env_var_name_copy(index: usize, dst: *mut u8, offset: usize, size: usize);
        pub fn env_var_name_exists(name: *const u8, name_size: usize) -> u32;
        pub fn env_var_value_size(name: *const u8, name_size: usize) -> usize;
        pub fn env_var_value_copy(name: *const u8, name_size: usize, dst: *mut u8, offset: usize, size: usize);
        pub fn stable64_size() -> u64;
        pub fn stable64_grow(pages: u64) -> u64;
        pub fn stable64_write(offset: u64, src: u64, size: u64);
        pub fn stable64_read(dst: u64, offset: u64, size: u64);
        pub fn root_key_size() -> usize;
        pub fn root_key_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn certified_data_set(src: *const u8, size: usize);
        pub fn data_certificate_present() -> u32;
        pub fn data_certificate_size() -> usize;
        pub fn data_certificate_copy(dst: *mut u8, offset: usize, size: usize);
        pub fn time() -> u64;
        pub fn global_timer_set(timestamp: u64) -> u64;
        pub fn performance_counter(kind: u32) -> u64;
        pub fn is_controller(src: *const u8, size: usize) -> u32;
        pub fn in_replicated_execution() -> u32;
        pub fn debug_print(src: *const u8, size: usize);
        pub fn trap(src: *const u8, size: usize) -> !;
    }
}

use alloc::vec::Vec;

/// Declares a function that fetches a blob through a size/copy pair of imports.
macro_rules! blob {
    ($(#[$doc:meta])* $name:ident, $size:ident, $copy:ident) => {
        $(#[$doc])*
        pub fn $name(into: &mut Vec<u8>) {
            // SAFETY: the size call has no memory effects.
            let size = unsafe { raw::$size() };
            into.clear();
            into.reserve(size);
            // SAFETY: the buffer has room for `size` bytes, which the copy writes completely.
            unsafe {
                raw::$copy(into.as_mut_ptr(), 0, size);
                into.set_len(size);
            }
        }
    };
}

/// Declares a function that fetches a 128-bit amount of cycles.
macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub fn $name() -> u128 {
            let mut out = [0u8; 16];
            // SAFETY: the import writes exactly 16 bytes, little-endian.
            unsafe { raw::$name(out.as_mut_ptr()) };
            u128::from_le_bytes(out)
        }
    };
}

/// Declares a function without pointers.
macro_rules! plain {
    ($(#[$doc:meta])* $name:ident ( $($arg:ident : $ty:ty),* ) $(-> $ret:ty)?) => {
        $(#[$doc])*
        pub fn $name($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: integers in, integers out; no memory of ours is involved.
            unsafe { raw::$name($($arg),*) }
        }
    };
}

/// Declares a function that passes a blob to the system.
macro_rules! give {
    ($(#[$doc:meta])* $name:ident $(-> $ret:ty)?) => {
        $(#[$doc])*
        pub fn $name(data: &[u8]) $(-> $ret)? {
            // SAFETY: the slice is valid for reads of its length during the call.
            unsafe { raw::$name(data.as_ptr(), data.len()) }
        }
    };
}

blob!(/// The argument of the call, or the reply in a reply callback.
    msg_arg_data, msg_arg_data_size, msg_arg_data_copy);
blob!(/// The caller's principal in binary form.
    msg_caller, msg_caller_size, msg_caller_copy);
blob!(/// The reject message (reject callbacks).
    msg_reject_msg, msg_reject_msg_size, msg_reject_msg_copy);
blob!(/// This canister's principal in binary form.
    canister_self, canister_self_size, canister_self_copy);
blob!(/// The name of the method that is inspected.
    msg_method_name, msg_method_name_size, msg_method_name_copy);
blob!(/// Data that the caller's signature vouches for.
    msg_caller_info_data, msg_caller_info_data_size, msg_caller_info_data_copy);
blob!(/// Who vouches for that data.
    msg_caller_info_signer, msg_caller_info_signer_size, msg_caller_info_signer_copy);
blob!(/// The subnet's principal in binary form.
    subnet_self, subnet_self_size, subnet_self_copy);
blob!(/// The root key of the network, DER.
    root_key, root_key_size, root_key_copy);
blob!(/// The certificate over the certified data; call only when present.
    data_certificate, data_certificate_size, data_certificate_copy);

amount!(/// Cycles that came with the call and were not yet accepted.
    msg_cycles_available128);
amount!(/// Cycles that came back with the response.
    msg_cycles_refunded128);
amount!(/// The canister's balance.
    canister_cycle_balance128);
amount!(/// The balance above the freezing limit.
    canister_liquid_cycle_balance128);
amount!(/// The price of creating a canister.
    cost_create_canister);

plain!(/// Reject code of the response; 0 in a reply callback.
    msg_reject_code() -> u32);
plain!(/// Deadline of a bounded-wait call in nanoseconds, else 0.
    msg_deadline() -> u64);
plain!(/// Sends the reply that was collected.
    msg_reply());
plain!(/// 1 running, 2 stopping, 3 stopped.
    canister_status() -> u32);
plain!(/// Counter of code, settings and state changes.
    canister_version() -> u64);
plain!(/// Accepts the ingress message that is inspected.
    accept_message());
plain!(/// Limits the wait for the answer to the call that is being made.
    call_with_best_effort_response(seconds: u32));
plain!(/// Sends the call that is being made: 0, or another number when it was not sent.
    call_perform() -> u32);
plain!(/// The number of environment variables.
    env_var_count() -> usize);
plain!(/// Size of the stable memory in pages of 64 KiB.
    stable64_size() -> u64);
plain!(/// Grows the stable memory; the old size in pages, or `u64::MAX`.
    stable64_grow(pages: u64) -> u64);
plain!(/// 1 if a data certificate is there.
    data_certificate_present() -> u32);
plain!(/// Nanoseconds since 1970-01-01, constant during one execution.
    time() -> u64);
plain!(/// Sets the one global timer (0 clears it); the previous setting.
    global_timer_set(timestamp: u64) -> u64);
plain!(/// Instructions used: 0 in this execution, 1 in the call context.
    performance_counter(kind: u32) -> u64);
plain!(/// 1 in replicated execution.
    in_replicated_execution() -> u32);

give!(/// Appends to the reply.
    msg_reply_data_append);
give!(/// Rejects the call with a text (UTF-8).
    msg_reject);
give!(/// Appends to the argument of the call that is being made.
    call_data_append);
give!(/// 1 if there is an environment variable of that name.
    env_var_name_exists -> u32);
give!(/// Sets the certified data, at most 32 bytes.
    certified_data_set);
give!(/// 1 if the principal is a controller; traps on more than 29 bytes.
    is_controller -> u32);
give!(/// Writes to the canister's log.
    debug_print);
give!(/// Ends the execution and rolls the state back.
    trap -> !);

/// Accepts at most `max` cycles of the call; the amount accepted.
pub fn msg_cycles_accept128(max: u128) -> u128 {
    let mut out = [0u8; 16];
    // SAFETY: the import writes exactly 16 bytes.
    unsafe { raw::msg_cycles_accept128((max >> 64) as u64, max as u64, out.as_mut_ptr()) };
    u128::from_le_bytes(out)
}

/// Burns at most `amount` cycles; the amount burned.
pub fn cycles_burn128(amount: u128) -> u128 {
    let mut out = [0u8; 16];
    // SAFETY: the import writes exactly 16 bytes.
    unsafe { raw::cycles_burn128((amount >> 64) as u64, amount as u64, out.as_mut_ptr()) };
    u128::from_le_bytes(out)
}

/// Reads stable memory into `into`; traps beyond its end.
pub fn stable64_read(offset: u64, into: &mut [u8]) {
    // SAFETY: the slice is valid for writes of its length.
    unsafe { raw::stable64_read(into.as_mut_ptr() as usize as u64, offset, into.len() as u64) }
}

/// Writes `data` to stable memory; traps beyond its end.
pub fn stable64_write(offset: u64, data: &[u8]) {
    // SAFETY: the slice is valid for reads of its length.
    unsafe { raw::stable64_write(offset, data.as_ptr() as usize as u64, data.len() as u64) }
}

/// A function of the canister's table and the number it is called with.
#[derive(Clone, Copy)]
pub struct Closure {
    /// The function.
    pub function: extern "C" fn(usize),
    /// Its argument.
    pub environment: usize,
}

/// Begins a call to another canister.
pub fn call_new(callee: &[u8], name: &[u8], reply: Closure, reject: Closure) {
    // SAFETY: the slices are valid for reads of their lengths; the functions are in the table and have the
    // type (i32) -> () that the system asks for.
    unsafe {
        raw::call_new(
            callee.as_ptr(),
            callee.len(),
            name.as_ptr(),
            name.len(),
            reply.function as usize,
            reply.environment,
            reject.function as usize,
            reject.environment,
        )
    }
}

/// Sets what runs when a callback of the call that is being made traps.
pub fn call_on_cleanup(cleanup: Closure) {
    // SAFETY: as above.
    unsafe { raw::call_on_cleanup(cleanup.function as usize, cleanup.environment) }
}

/// Adds cycles to the call that is being made; traps when the canister may not spend that many.
pub fn call_cycles_add128(amount: u128) {
    // SAFETY: integers only.
    unsafe { raw::call_cycles_add128((amount >> 64) as u64, amount as u64) }
}

/// What a call costs, its cycles aside.
pub fn cost_call(name_size: u64, payload_size: u64) -> u128 {
    // SAFETY: the import writes exactly 16 bytes.
    price(|out| unsafe { raw::cost_call(name_size, payload_size, out) })
}

/// What an HTTP outcall costs.
pub fn cost_http_request(request_size: u64, max_response_size: u64) -> u128 {
    // SAFETY: the import writes exactly 16 bytes.
    price(|out| unsafe { raw::cost_http_request(request_size, max_response_size, out) })
}

/// Which signature or key has a price.
#[derive(Clone, Copy)]
pub enum Signature {
    /// Threshold ECDSA.
    Ecdsa,
    /// Threshold Schnorr.
    Schnorr,
    /// A key of vetKD.
    VetKd,
}

/// What a signature costs; the number of the error otherwise: 1 unknown curve, 2 unknown key.
pub fn cost_signature(which: Signature, key: &[u8], curve: u32) -> Result<u128, u32> {
    let function = match which {
        Signature::Ecdsa => raw::cost_sign_with_ecdsa,
        Signature::Schnorr => raw::cost_sign_with_schnorr,
        Signature::VetKd => raw::cost_vetkd_derive_key,
    };
    let mut status = 0;
    // SAFETY: the slice is valid for reads; the import writes 16 bytes when it returns 0.
    let amount = price(|out| status = unsafe { function(key.as_ptr(), key.len(), curve, out) });
    if status == 0 {
        Ok(amount)
    } else {
        Err(status)
    }
}

fn price(ask: impl FnOnce(*mut u8)) -> u128 {
    let mut out = [0u8; 16];
    ask(out.as_mut_ptr());
    u128::from_le_bytes(out)
}

/// The name of an environment variable, by its number.
pub fn env_var_name(index: usize) -> Vec<u8> {
    // SAFETY: no memory effects.
    let size = unsafe { raw::env_var_name_size(index) };
    let mut name = alloc::vec![0; size];
    // SAFETY: the buffer has room for `size` bytes.
    unsafe { raw::env_var_name_copy(index, name.as_mut_ptr(), 0, size) };
    name
}

/// The value of an environment variable that exists.
pub fn env_var_value(name: &[u8]) -> Vec<u8> {
    // SAFETY: the slice is valid for reads.
    let size = unsafe { raw::env_var_value_size(name.as_ptr(), name.len()) };
    let mut value = alloc::vec![0; size];
    // SAFETY: as above, and the buffer has room for `size` bytes.
    unsafe { raw::env_var_value_copy(name.as_ptr(), name.len(), value.as_mut_ptr(), 0, size) };
    value
}
