//! Calls to other canisters, answers, and what the driver of coroutines needs.

use super::arguments::{bytes, exactly, optional, text, u128, u32, value_error};
use super::codec::plan;
use super::system::{allow, ANSWERS};
use crate::calls::{self, Driver, Request};
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::context::{
    Contexts, COMPOSITE_QUERY, COMPOSITE_REJECT, COMPOSITE_REPLY, REJECT, REPLY, TASK, UPDATE,
};
use crate::{dispatch, ic0};

/// Where calls can be made (interface specification, "Overview of imports": call_new).
const CALLS: Contexts = PAYING | COMPOSITE_QUERY | COMPOSITE_REPLY | COMPOSITE_REJECT;
/// Where cycles can be sent along (call_cycles_add128).
const PAYING: Contexts = UPDATE | REPLY | REJECT | TASK;

/// A call's name and argument together (interface specification, "Inter-canister calls").
const LARGEST_PAYLOAD: usize = 10 << 20;
const LONGEST_NAME: usize = 20_000;

/// Answers of `call` beside those of the system.
const TOO_FEW_CYCLES: u32 = 1000;

/// `call(call or None, canister, method, argument, cycles, seconds, plan or None)`: 0 when it was sent.
fn make_call(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [call, callee, method, argument, cycles, timeout, results] = exactly(arguments)?;
    let request = Request {
        callee: bytes(*callee)?,
        method: text(*method)?,
        argument: bytes(*argument)?,
        cycles: u128(*cycles)?,
        timeout: u32(*timeout)?,
        results: optional(*results).map(plan).transpose()?,
    };
    allow("another canister", CALLS)?;
    if request.method.len() > LONGEST_NAME {
        return Err(value_error("the method's name has more than 20,000 bytes"));
    }
    if request.method.len() + request.argument.len() > LARGEST_PAYLOAD {
        return Err(value_error("the arguments of a call have at most 10 MiB; send them in several calls"));
    }
    if request.cycles > 0 {
        allow("with_cycles", PAYING)?;
        if request.cycles > ic0::canister_liquid_cycle_balance128() {
            return Owned::uint(TOO_FEW_CYCLES.into());
        }
    }
    Owned::uint(calls::perform(&request, optional(*call)).into())
}

/// `set_driver(begin, replied, rejected, closed)`.
fn set_driver(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [begin, replied, rejected, closed] = exactly(arguments)?;
    calls::set_driver(Driver {
        begin: begin.to_owned(),
        replied: replied.to_owned(),
        rejected: rejected.to_owned(),
        closed: closed.to_owned(),
    });
    Ok(Owned::none())
}

/// `finish(value)`: the function of the running method has returned.
fn finish(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [value] = exactly(arguments)?;
    dispatch::finish(*value);
    Ok(Owned::none())
}

/// `reply(*values)`: the answer of a method declared `Manual`.
fn reply(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    allow("ic.reply", ANSWERS)?;
    dispatch::reply_by_hand(arguments)?;
    Ok(Owned::none())
}

super::functions! {
    c"call" => make_call,
    c"set_driver" => set_driver,
    c"finish" => finish,
    c"reply" => reply,
}
