//! What happens to stable structures when the canister is installed and upgraded.
//!
//! | entry point | before the user's function | after it |
//! |---|---|---|
//! | `init` | | every structure is opened |
//! | `post_upgrade` | the stable storage is restored | every structure is opened |
//! | `pre_upgrade` | | the stable storage is saved |
//!
//! Opening compares what the program declares with what the memories hold: an upgrade to a program that
//! would not understand its data fails, and the old program goes on.  And queries, which forget what they
//! opened, find everything open.

use super::registry;
use crate::capi::object::Owned;
use crate::cell::Global;
use crate::dispatch::{trap_raised, ENTRY_NAMES};
use crate::ic0;
use alloc::string::ToString;

/// Functions of the stable storage, without arguments.
struct Storage {
    restore: Owned,
    save: Owned,
}

static STORAGE: Global<Option<Storage>> = Global::new(None);

/// Registers the functions that restore and save the stable storage.
pub fn use_storage(restore: Owned, save: Owned) {
    STORAGE.with(|slot| *slot = Some(Storage { restore, save }));
}

/// The functions of the stable storage; registration ends before the first message.
fn storage() -> Option<&'static Storage> {
    // SAFETY: written at build time only, so nothing changes while a reference is held.
    unsafe { (*STORAGE.as_ptr()).as_ref() }
}

fn run(function: &Owned) {
    if function.borrow().call(&[]).is_err() {
        trap_raised();
    }
}

/// Before the user's function of an entry point.
pub fn before(entry: usize) {
    if let ("post_upgrade", Some(storage)) = (ENTRY_NAMES[entry], storage()) {
        run(&storage.restore);
    }
}

/// After the user's function of an entry point.
pub fn after(entry: usize) {
    match ENTRY_NAMES[entry] {
        "pre_upgrade" => {
            if let Some(storage) = storage() {
                run(&storage.save);
            }
        }
        "init" | "post_upgrade" => {
            if let Err(fault) = registry::open_all() {
                ic0::trap(["StableError: ", &fault.to_string()].concat().as_bytes());
            }
        }
        _ => {}
    }
}
