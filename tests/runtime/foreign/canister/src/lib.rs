//! A canister made with the usual Rust kit: state, calls, cycles, timers, upgrades, certified data.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use candid::{CandidType, Deserialize, Principal};
use ic_cdk::api;
use ic_cdk::call::Call;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
}

/// What the canister remembers across upgrades.
#[derive(CandidType, Deserialize, Clone)]
struct Note {
    text: String,
    at: u64,
}

#[ic_cdk::init]
fn init(start: u64) {
    COUNT.set(start);
    api::certified_data_set(start.to_be_bytes());
}

#[ic_cdk::pre_upgrade]
fn save() {
    let notes = NOTES.with_borrow(Clone::clone);
    ic_cdk::storage::stable_save((COUNT.get(), notes)).expect("stable memory");
}

#[ic_cdk::post_upgrade]
fn load() {
    let (count, notes): (u64, Vec<Note>) = ic_cdk::storage::stable_restore().expect("stable memory");
    COUNT.set(count);
    NOTES.set(notes);
}

#[ic_cdk::query]
fn count() -> u64 {
    COUNT.get()
}

#[ic_cdk::update]
fn note(text: String) -> usize {
    NOTES.with_borrow_mut(|notes| {
        notes.push(Note { text, at: api::time() });
        notes.len()
    })
}

#[ic_cdk::query]
fn notes() -> Vec<Note> {
    NOTES.with_borrow(Clone::clone)
}

/// Adds one, calls another canister's method without arguments, adds a hundred.
#[ic_cdk::update]
async fn relay(callee: Principal, method: String, cycles: u128) -> Result<u64, String> {
    COUNT.set(COUNT.get() + 1);
    let answer = Call::unbounded_wait(callee, &method).with_cycles(cycles).await;
    COUNT.set(COUNT.get() + 100);
    answer
        .map(|reply| reply.into_bytes().len() as u64)
        .map_err(|error| error.to_string())
}

/// Awaits a call and panics: the second addition must not stay.
#[ic_cdk::update]
async fn panic_after_await(callee: Principal) {
    COUNT.set(COUNT.get() + 1);
    let _ = Call::unbounded_wait(callee, "count").await;
    COUNT.set(COUNT.get() + 100);
    panic!("after the await");
}

#[ic_cdk::update]
fn accept(limit: u128) -> u128 {
    api::msg_cycles_accept(limit)
}

#[ic_cdk::update]
fn later(seconds: u64) {
    ic_cdk_timers::set_timer(Duration::from_secs(seconds), || COUNT.set(COUNT.get() + 1_000));
}

#[ic_cdk::query]
fn balance() -> u128 {
    api::canister_cycle_balance()
}
