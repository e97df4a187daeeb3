//! The Candid codec for Python code: plans, encoding and decoding.

use super::arguments::{bytes, exactly, type_error, value_error};
use super::candid_error;
use crate::candid::{self, Plan};
use crate::capi::inline::PyTuple_SET_ITEM;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::capi::{raw, PyObject};
use crate::cell::Global;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// All plans, by number.  They are never dropped: methods refer to them.
static PLANS: Global<Vec<&'static Plan>> = Global::new(Vec::new());

/// The plan with a number that [`compile_plan`] gave out.
pub fn plan(number: Borrowed<'_>) -> PyResult<&'static Plan> {
    let plan = number
        .i64()
        .and_then(|number| usize::try_from(number).ok())
        .and_then(|number| PLANS.with(|plans| plans.get(number).copied()));
    plan.ok_or_else(|| value_error("no such plan"))
}

fn compile_plan(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [nodes, roots] = exactly(arguments)?;
    let plan = candid::compile(*nodes, *roots)?;
    let number = PLANS.with(|plans| {
        plans.push(Box::leak(plan));
        plans.len() - 1
    });
    Owned::uint(number as u64)
}

fn encode(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number, values] = exactly(arguments)?;
    let plan = plan(*number)?;
    let values = values.tuple_items().ok_or_else(|| type_error("a tuple of values expected"))?;
    if values.len() != plan.arity() {
        return Err(value_error("the number of values differs from the number of types"));
    }
    let values: Vec<*mut PyObject> = values.iter().map(|value| value.as_ptr()).collect();
    let mut data = Vec::new();
    match plan.encode(&values, &mut data) {
        Ok(()) => Owned::bytes(&data),
        Err(error) => Err(candid_error(&error.into_text())),
    }
}

fn decode(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [number, data] = exactly(arguments)?;
    let plan = plan(*number)?;
    let data = bytes(*data)?;
    let mut values = alloc::vec![core::ptr::null_mut(); plan.arity()];
    if let Err(error) = plan.decode_into(data, &mut values) {
        return Err(candid_error(&error.into_text()));
    }
    // SAFETY: a new tuple with room for the values, which it takes over.
    unsafe {
        let tuple = Owned::from_raw(raw::PyTuple_New(values.len() as isize))?;
        for (index, value) in values.into_iter().enumerate() {
            PyTuple_SET_ITEM(tuple.as_ptr(), index, value);
        }
        Ok(tuple)
    }
}

super::functions! {
    c"compile_plan" => compile_plan,
    c"encode" => encode,
    c"decode" => decode,
}
