//! Data structures in stable memory.
//!
//! The bytes are those of the Rust library ic-stable-structures 0.6 and 0.7, so that a canister written in Rust
//! reads what Python wrote, and the other way round.  Keys are compared as bytes: who wants another order
//! encodes keys so that their bytes have it.
//!
//! | module | holds |
//! |---|---|
//! | [`memory`] | what a structure needs of a memory |
//! | [`manager`] | up to 255 memories in one |
//! | [`allocator`] | chunks of one size in a memory |
//! | [`node`] | a node of a B-tree: loading and saving |
//! | [`glance`] | a node of a B-tree, as a search sees it |
//! | `edit` | changes of a node on its bytes |
//! | [`map`] | the B-tree |
//! | [`neighbour`] | single entries next to a key |
//! | [`cursor`] | going through a map in either direction |
//! | [`array`] | elements of one size or of a maximal size, one after the other |
//! | [`heap`] | a priority queue in an array |
//! | [`log`] | entries that are only appended |
//! | [`cell`] | one value |
//!
//! Nothing here keeps a reference to a memory: every operation is given the one it works on.  So the state of a
//! structure is a few numbers, which live and roll back with the canister's heap.

#![no_std]

extern crate alloc;

pub mod allocator;
pub mod array;
pub mod cell;
pub mod cursor;
mod edit;
mod fields;
pub mod glance;
pub mod heap;
pub mod log;
pub mod manager;
pub mod map;
pub mod memory;
pub mod neighbour;
pub mod node;

pub use memory::{Fault, Memory, PAGE};
