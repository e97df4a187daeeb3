//! Passes over WebAssembly modules that need to look at every instruction or every byte.
//!
//! The crate is compiled to a WebAssembly module without imports, which the Python side
//! (`basilisk.toolbox`) runs: the same results on every machine, and nothing to compile for the user.
//!
//! | module | does |
//! |---|---|
//! | [`abi`] | the functions the module exports |
//! | [`deflate`] | compression of one piece of a deflate stream |
//! | [`validate`] | the rules of the Internet Computer for canister modules, and measures |
//! | [`meter`] | modules that count what their instructions cost |
//! | [`json`] | writing reports |
//! | `names` | tables of instructions by name |
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
mod freestanding;

pub mod abi;
pub mod deflate;
pub mod json;
pub mod meter;
mod names;
pub mod validate;
