//! Candid
