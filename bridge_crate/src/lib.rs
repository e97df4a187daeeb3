//! The bridge between CPython and the Internet Computer.
//!
//! | module | holds |
//! |---|---|
//! | [`capi`] | the Python C API: raw declarations, checked against the headers, and a safe layer |
//! | [`candid`] | the Candid codec, driven by plans |
//! | `ic0` | the System API as imported |
//! | `wasi` | replacements for every function that the C library would import |
//! | `context` | what may be called when |
//! | `calls` | calls to other canisters and their answers |
//! | `dispatch` | from an entry point to a Python function and back |
//! | `module` | `_basilisk_ic`, the built-in Python module |
//! | `mailbox` | the talk with the build host |
//! | `heap` | Rust's allocator on the C library's, panics |
//! | `reserve` | what the bridge lives on when the heap is full |
//! | `stdlib` | the standard library blob |
//! | `structures` | maps, lists and the like in stable memory |
//!
//! For other targets than wasm32 only [`capi`] and [`candid`] are compiled: tests load the codec natively.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod candid;
pub mod capi;

#[cfg(target_arch = "wasm32")]
mod calls;
#[cfg(target_arch = "wasm32")]
mod cell;
#[cfg(target_arch = "wasm32")]
mod console;
#[cfg(target_arch = "wasm32")]
mod context;
#[cfg(target_arch = "wasm32")]
mod dispatch;
#[cfg(target_arch = "wasm32")]
mod entropy;
#[cfg(target_arch = "wasm32")]
mod heap;
#[cfg(target_arch = "wasm32")]
mod ic0;
#[cfg(target_arch = "wasm32")]
mod interpreter;
#[cfg(target_arch = "wasm32")]
mod mailbox;
#[cfg(target_arch = "wasm32")]
mod module;
#[cfg(target_arch = "wasm32")]
mod reserve;
#[cfg(target_arch = "wasm32")]
mod stdlib;
#[cfg(target_arch = "wasm32")]
mod structures;
#[cfg(target_arch = "wasm32")]
mod traceback;
#[cfg(target_arch = "wasm32")]
mod wasi;
