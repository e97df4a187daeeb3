//! Answers, and what the driver of coroutines needs.

use super::arguments::exactly;
use super::system::{allow, ANSWERS};
use crate::calls::{self, Driver};
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::dispatch;

/// `set_driver(begin, replied, rejected, closed, outcome, seconds, notified)`.
fn set_driver(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [begin, replied, rejected, closed, outcome, seconds, notified] = exactly(arguments)?;
    calls::set_driver(Driver {
        begin: begin.to_owned(),
        replied: replied.to_owned(),
        rejected: rejected.to_owned(),
        closed: closed.to_owned(),
        outcome: outcome.to_owned(),
        seconds: seconds.to_owned(),
        notified: notified.to_owned(),
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
    c"set_driver" => set_driver,
    c"finish" => finish,
    c"reply" => reply,
}
