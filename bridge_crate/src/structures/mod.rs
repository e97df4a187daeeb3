//! Stable structures for Python: maps, sets, lists, logs, cells and heaps in stable memory.
//!
//! | module | does |
//! |---|---|
//! | [`keys`] | Python objects to bytes whose order is Python's order, and back |
//! | [`values`] | Python objects to bytes, and back |
//! | [`space`] | the canister's stable memory, divided into numbered memories |
//! | [`registry`] | what the program declared, opened when it is first used |
//! | [`lifecycle`] | what happens at installation and upgrade |
//! | [`tags`] | what lies in each memory, so that nothing else is mistaken for it |
//!
//! The formats in memory are those of the crate `basilisk-stable`.

pub mod keys;
pub mod lifecycle;
pub mod registry;
pub mod space;
pub mod tags;
pub mod values;
