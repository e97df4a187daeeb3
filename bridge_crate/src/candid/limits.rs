//! Bounds on what a message may ask for.

/// How deep values may nest, opts not counted (they nest without recursion).
///
/// In a canister 5 MiB of native stack serve the interpreter and the codec together. A level takes
/// 600 bytes at most (measured in wasmtime without optimisation, as the Internet Computer compiles:
/// 512 levels of every kind of container run within 320 KiB, the interpreter included).
pub const MAX_DEPTH: u32 = 2_000;

/// How many opts may nest around a value: each that wraps is an object of its own.
pub const MAX_OPTS: usize = 20_000;

/// Work units every message may use, whatever its length. A value, read or skipped, costs one.
///
/// The specification's tests want a vec of 1,000 nulls in one byte accepted, and 2^20 nulls refused.
pub const BASE_BUDGET: usize = 250_000;

/// Work units on top for each byte. Honest values take a byte at least, and are looked at twice
/// when an opt falls back to null.
pub const BUDGET_PER_BYTE: usize = 20;

/// The longest principal (interface specification, "Principals"), in bytes.
pub const MAX_PRINCIPAL: usize = 29;

/// The work budget of a message.
pub fn budget(length: usize) -> usize {
    BASE_BUDGET.saturating_add(length.saturating_mul(BUDGET_PER_BYTE))
}
