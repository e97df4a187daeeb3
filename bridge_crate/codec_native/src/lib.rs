//! The raw layer and the codec of the bridge, built for the host as an extension module
//! `basilisk_codec` with the codec's functions of `_basilisk_ic`.
//!
//! Exists for tests: random values, hostile bytes and reference counts are checked here thousands
//! of times a second, against the same source files that go into a canister.

extern crate alloc;

#[path = "../../src/candid/mod.rs"]
pub mod candid;
#[path = "../../src/capi/mod.rs"]
pub mod capi;

mod module;
