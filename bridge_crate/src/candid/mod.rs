//! The Candid codec: bytes to Python objects and back, driven by plans.
//!
//! A [`Plan`] is compiled once from a method's types and lives in the canister's heap image.
//! Messages are read and written straight between bytes and Python objects; there is no tree of
//! values in between.
//!
//! | module | does |
//! |---|---|
//! | [`plan`], [`compile`], [`measure`] | the types of a sequence of values, as Python objects will hold them |
//! | [`header`] | the part of a message before the values, computed once per plan |
//! | [`reader`] | bytes, LEB128 numbers, length checks |
//! | [`table`] | the type table that came with a message |
//! | [`decode`], [`scalars`] | values of the plan's own types (the common case: the header is the plan's own) |
//! | [`coerce`], [`skip`] | values of other types: subtyping, coercion, opt fallback |
//! | [`subtype`] | whether a function or service reference may stand for another |
//! | [`evolution`] | whether a plan reads what was written with other types |
//! | [`encode`], [`leaves`], [`output`] | Python objects to bytes |
//! | [`error`] | what went wrong, and where in the value |
//!
//! # Hostile input
//! Every length is compared with the bytes that are left before anything is allocated; values
//! that take no bytes are paid from a work budget; nesting is limited; bytes after the last value
//! are refused. Sources: Candid specification ("Binary format", "Deserialisation") and the test
//! suite beside it (`test/` in dfinity/candid).

mod build;
mod coerce;
mod compile;
mod decode;
mod encode;
mod error;
mod evolution;
pub mod header;
mod leaves;
mod limits;
mod measure;
mod numbers;
mod output;
mod plan;
pub mod reader;
mod scalars;
mod skip;
pub mod subtype;
pub mod table;

pub use compile::compile;
pub use error::{DecodeError, EncodeError};
pub use evolution::accepts;
pub use plan::{Fixed as NodeFixed, Plan};
