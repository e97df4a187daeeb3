//! The raw layer and the codec of the bridge, built for the host as an extension module.

extern crate alloc;

#[path = "../../src/candid/mod.rs"]
pub mod candid;
#[path = "../../src/capi/mod.rs"]
pub mod capi;
