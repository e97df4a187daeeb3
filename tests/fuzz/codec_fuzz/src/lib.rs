//! The codec of the bridge as a fuzz target: one input is the number of a plan and a message.
//!
//! Every input must end: without a crash, within bounds of work and memory that depend on the
//! message's length alone, with a reason when the message is refused. What was accepted can be
//! written, and what was written is read as the same value.

extern crate alloc;

#[path = "../../../../bridge_crate/src/candid/mod.rs"]
pub mod candid;
#[path = "../../../../bridge_crate/src/capi/mod.rs"]
pub mod capi;

mod counters;
mod python;
mod target;
