//! The System API in Python, each function with the contexts in which it may be called.

use super::arguments::{bytes, exactly, text, u128, u32, u64, value_error};
use super::context_error;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::capi::single::Maker;
use crate::cell::Global;
use crate::context::{
    self, Contexts, ALL, CLEANUP, COMPOSITE_QUERY, COMPOSITE_REJECT, COMPOSITE_REPLY, INIT, INSPECT, PRE_UPGRADE,
    QUERY, REJECT, REPLICATED_QUERY, REPLY, TASK, UPDATE,
};
use crate::{console, dispatch, entropy, ic0};
use alloc::vec::Vec;

/// Where a call can be answered ("Overview of imports": msg_reply).
pub const ANSWERS: Contexts = UPDATE
    | REPLICATED_QUERY
    | QUERY
    | COMPOSITE_QUERY
    | REPLY
    | REJECT
    | COMPOSITE_REPLY
    | COMPOSITE_REJECT;
const PAID: Contexts = UPDATE | REPLICATED_QUERY | REPLY | REJECT;
const ARGUMENT: Contexts =
    INIT | UPDATE | REPLICATED_QUERY | QUERY | COMPOSITE_QUERY | REPLY | COMPOSITE_REPLY | INSPECT;
const CHANGES: Contexts = INIT | PRE_UPGRADE | UPDATE | REPLY | REJECT | TASK;
const BURNS: Contexts = INIT | PRE_UPGRADE | UPDATE | REPLICATED_QUERY | REPLY | REJECT | CLEANUP | TASK;

/// Raises `ContextError` unless the message runs in one of the contexts.
#[inline(always)]
pub fn allow(function: &str, contexts: Contexts) -> PyResult<()> {
    context::check(function, contexts).map_err(|text| context_error(&text))
}

/// The class of principals.
static PRINCIPAL: Global<Option<Maker>> = Global::new(None);

/// A blob of the system as `bytes`.
pub fn blob(fetch: fn(&mut Vec<u8>)) -> PyResult<Owned> {
    let mut data = Vec::new();
    fetch(&mut data);
    Owned::bytes(&data)
}

/// A text of the system as `str`; the system guarantees UTF-8 for all of them but a method's name.
fn string(fetch: fn(&mut Vec<u8>)) -> PyResult<Owned> {
    let mut data = Vec::new();
    fetch(&mut data);
    match core::str::from_utf8(&data) {
        Ok(text) => Owned::str(text),
        Err(_) => Err(value_error("the system's text is not UTF-8")),
    }
}

fn arg_data_raw(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.arg_data_raw", ARGUMENT)?;
    Owned::bytes(dispatch::fetch_argument())
}

fn caller(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.caller", ALL)?;
    blob(ic0::msg_caller)
}

fn reply_raw(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [data] = exactly(arguments)?;
    let data = bytes(*data)?;
    allow("ic.reply_raw", ANSWERS)?;
    ic0::msg_reply_data_append(data);
    ic0::msg_reply();
    Ok(Owned::none())
}

fn reject(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [message] = exactly(arguments)?;
    let message = text(*message)?;
    allow("ic.reject", ANSWERS)?;
    ic0::msg_reject(message.as_bytes());
    Ok(Owned::none())
}

fn reject_code(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.reject_code", REPLY | REJECT | CLEANUP | COMPOSITE_REPLY | COMPOSITE_REJECT)?;
    Owned::uint(ic0::msg_reject_code().into())
}

fn reject_message(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.reject_message", REJECT | COMPOSITE_REJECT)?;
    string(ic0::msg_reject_msg)
}

fn trap(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [message] = exactly(arguments)?;
    let message = text(*message)?;
    allow("ic.trap", ALL)?;
    console::flush();
    ic0::trap(message.as_bytes())
}

/// `print` may be called at build time as well: the text goes to the build's output.
fn print(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [message] = exactly(arguments)?;
    let message = text(*message)?;
    console::flush();
    ic0::debug_print(message.as_bytes());
    Ok(Owned::none())
}

fn time(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.time", ALL)?;
    Owned::uint(ic0::time())
}

/// `set_principal(class)`: what `caller_principal` and `id_principal` make.
fn set_principal(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [class] = exactly(arguments)?;
    PRINCIPAL.with(|slot| *slot = Some(Maker::of(*class)));
    Ok(Owned::none())
}

fn principal(data: Owned) -> PyResult<Owned> {
    // SAFETY: the class is set while the interpreter is prepared and never changed in a canister.
    match unsafe { (*PRINCIPAL.as_ptr()).as_ref() } {
        Some(maker) => maker.make(data, false),
        None => Ok(data),
    }
}

fn caller_principal(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    principal(caller(arguments)?)
}

fn id_principal(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    principal(id(arguments)?)
}

fn id(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.id", ALL)?;
    blob(ic0::canister_self)
}

fn method_name(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.method_name", INSPECT)?;
    string(ic0::msg_method_name)
}

fn accept_message(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.accept_message", INSPECT)?;
    ic0::accept_message();
    Ok(Owned::none())
}

fn canister_balance128(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.canister_balance128", ALL)?;
    Owned::uint128(ic0::canister_cycle_balance128())
}

fn canister_liquid_balance128(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.canister_liquid_balance128", ALL)?;
    Owned::uint128(ic0::canister_liquid_cycle_balance128())
}

fn msg_cycles_available128(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.msg_cycles_available128", PAID)?;
    Owned::uint128(ic0::msg_cycles_available128())
}

fn msg_cycles_refunded128(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.msg_cycles_refunded128", REPLY | REJECT)?;
    Owned::uint128(ic0::msg_cycles_refunded128())
}

fn msg_cycles_accept128(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [max] = exactly(arguments)?;
    let max = u128(*max)?;
    allow("ic.msg_cycles_accept128", PAID)?;
    Owned::uint128(ic0::msg_cycles_accept128(max))
}

fn cycles_burn128(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [amount] = exactly(arguments)?;
    let amount = u128(*amount)?;
    allow("ic.cycles_burn128", BURNS)?;
    Owned::uint128(ic0::cycles_burn128(amount))
}

fn canister_version(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.canister_version", ALL)?;
    Owned::uint(ic0::canister_version())
}

fn canister_status(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.canister_status", ALL)?;
    Owned::uint(ic0::canister_status().into())
}

fn is_controller(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [principal] = exactly(arguments)?;
    let principal = bytes(*principal)?;
    allow("ic.is_controller", ALL)?;
    if principal.len() > 29 {
        return Err(value_error("a principal has at most 29 bytes"));
    }
    Ok(Owned::bool(ic0::is_controller(principal) == 1))
}

fn performance_counter(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [kind] = exactly(arguments)?;
    let kind = u32(*kind)?;
    allow("ic.performance_counter", ALL)?;
    if kind > 1 {
        return Err(value_error("the counter is 0 (this execution) or 1 (the whole call)"));
    }
    Owned::uint(ic0::performance_counter(kind))
}

fn data_certificate(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.data_certificate", ALL)?;
    if ic0::data_certificate_present() == 0 {
        return Ok(Owned::none());
    }
    blob(ic0::data_certificate)
}

fn set_certified_data(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [data] = exactly(arguments)?;
    let data = bytes(*data)?;
    allow("ic.set_certified_data", CHANGES)?;
    if data.len() > 32 {
        return Err(value_error("certified data has at most 32 bytes"));
    }
    ic0::certified_data_set(data);
    Ok(Owned::none())
}

fn in_replicated_execution(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.in_replicated_execution", ALL)?;
    Ok(Owned::bool(ic0::in_replicated_execution() == 1))
}

fn global_timer_set(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [timestamp] = exactly(arguments)?;
    let timestamp = u64(*timestamp)?;
    allow("ic.set_timer", CHANGES | CLEANUP)?;
    Owned::uint(ic0::global_timer_set(timestamp))
}

fn root_key(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.root_key", BURNS)?;
    blob(ic0::root_key)
}

fn msg_deadline(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.msg_deadline", ANSWERS)?;
    Owned::uint(ic0::msg_deadline())
}

/// Seeds the generator behind `os.urandom`, `secrets` and unseeded `random`.
fn seed_entropy(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [seed] = exactly(arguments)?;
    let seed = bytes(*seed)?;
    allow("ic.seed_entropy", CHANGES)?;
    let seed: &[u8; 32] = seed.try_into().map_err(|_| value_error("a seed has exactly 32 bytes"))?;
    entropy::seed(seed);
    Ok(Owned::none())
}

/// Called at build time: the canister shall seed the generator by itself.
fn want_entropy(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    entropy::want();
    Ok(Owned::none())
}

fn entropy_wanted(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    Ok(Owned::bool(entropy::wanted()))
}

super::functions! {
    c"arg_data_raw" => arg_data_raw,
    c"caller" => caller,
    c"caller_principal" => caller_principal,
    c"reply_raw" => reply_raw,
    c"reject" => reject,
    c"reject_code" => reject_code,
    c"reject_message" => reject_message,
    c"trap" => trap,
    c"print" => print,
    c"time" => time,
    c"id" => id,
    c"id_principal" => id_principal,
    c"set_principal" => set_principal,
    c"method_name" => method_name,
    c"accept_message" => accept_message,
    c"canister_balance128" => canister_balance128,
    c"canister_liquid_balance128" => canister_liquid_balance128,
    c"msg_cycles_available128" => msg_cycles_available128,
    c"msg_cycles_refunded128" => msg_cycles_refunded128,
    c"msg_cycles_accept128" => msg_cycles_accept128,
    c"cycles_burn128" => cycles_burn128,
    c"canister_version" => canister_version,
    c"canister_status" => canister_status,
    c"is_controller" => is_controller,
    c"performance_counter" => performance_counter,
    c"data_certificate" => data_certificate,
    c"set_certified_data" => set_certified_data,
    c"in_replicated_execution" => in_replicated_execution,
    c"global_timer_set" => global_timer_set,
    c"root_key" => root_key,
    c"msg_deadline" => msg_deadline,
    c"seed_entropy" => seed_entropy,
    c"want_entropy" => want_entropy,
    c"entropy_wanted" => entropy_wanted,
}
