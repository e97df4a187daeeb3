//! The crates `candid` and `candid_parser` behind one function that takes and gives bytes.

mod operations;

oracle_wire::answer_with!(operations::perform);
