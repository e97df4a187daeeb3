//! Our structures and those of ic-stable-structures, behind one function that takes and gives bytes.
//!
//! All operations work on one memory.

mod ours;
mod requests;
mod rust_program;
mod theirs;

oracle_wire::answer_with!(requests::perform);
