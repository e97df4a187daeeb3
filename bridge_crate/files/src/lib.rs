//! The file system of a canister.
//!
//! | module | holds |
//! |---|---|
//! | [`system`] | the operations on paths, as programs know them from Linux |
//! | [`descriptors`] | the operations on open files |
//! | [`walk`] | from a path to a node |
//! | [`volume`] | what the operations need of a place that holds files |
//! | [`heap`] | such a place in the heap |
//! | [`stable`] | such a place in stable memory |
//! | `nodes` | what is known of its nodes |
//! | [`extents`] | which of its blocks belong to which file |
//! | `blocks` | taking blocks and giving them back |
//! | `table` | the numbers of open files |
//! | `recent` | what was used last |
//! | [`errno`] | error numbers of WASI preview 1 |
//!
//! The root is in the heap and is gone after an upgrade; `/app` holds what was packed with the program and
//! cannot be written; `/stable` is in stable memory.  Nothing here knows about WASI's calling conventions or
//! about the Internet Computer, so all of it runs natively in tests.

#![no_std]

extern crate alloc;

mod blocks;
pub mod descriptors;
pub mod errno;
pub mod extents;
pub mod heap;
mod nodes;
mod recent;
pub mod stable;
pub mod system;
mod table;
pub mod volume;
pub mod walk;

pub use errno::{Errno, Result};
pub use system::FileSystem;
