//! Python objects to bytes, and back.
//!
//! Numbers of fixed size, bool, text, blob and principal have the bytes that the Rust library gives them.
//! `None` has no bytes.  Everything else is a Candid message of one value, with its types: so a program that
//! declares a supertype later still reads it.

use super::keys::{put_fixed, take_fixed, text_of, with_principal, Key};
use crate::candid::Plan;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::module::arguments::value_error;
use crate::module::candid_error;
use alloc::vec::Vec;
use basilisk_stable::map::Sizes;

/// How values of a type are written.
pub enum Value {
    /// A number of fixed size, bool, text, blob, principal or null.
    Plain(Key),
    /// Anything else, by a plan of one value.
    Candid(&'static Plan),
}

impl Value {
    /// What is known of the values' sizes.
    pub fn sizes(&self) -> Sizes {
        match self {
            // The Rust type `()` says that its size is not fixed.
            Value::Plain(Key::Null) => Sizes::Bounded(0),
            Value::Plain(key) => key.sizes(),
            Value::Candid(_) => Sizes::Any,
        }
    }

    /// The bytes of a value.
    pub fn encode(&self, value: Borrowed<'_>) -> PyResult<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Value::Plain(Key::Fixed(fixed)) => put_fixed(*fixed, value, false, &mut out)?,
            Value::Plain(Key::Float(size)) => {
                let number = value.f64().ok_or_else(|| {
                    crate::module::arguments::type_error(
                        &["expected float, got ", value.type_name()].concat(),
                    )
                })??;
                match size {
                    4 => out.extend_from_slice(&(number as f32).to_be_bytes()),
                    _ => out.extend_from_slice(&number.to_be_bytes()),
                }
            }
            Value::Plain(Key::Principal(_)) => with_principal(value, |bytes| out.extend_from_slice(bytes))?,
            Value::Plain(key) => out = key.encode(value)?,
            Value::Candid(plan) => plan
                .encode(&[value.as_ptr()], &mut out)
                .map_err(|error| candid_error(&error.into_text()))?,
        }
        Ok(out)
    }

    /// The object of some bytes.
    pub fn decode(&self, bytes: &[u8]) -> PyResult<Owned> {
        match self {
            Value::Plain(Key::Fixed(fixed)) => whole(bytes, |rest| take_fixed(*fixed, false, rest)),
            Value::Plain(Key::Float(_)) => match *bytes {
                [a, b, c, d] => Owned::float(f32::from_be_bytes([a, b, c, d]).into()),
                [a, b, c, d, e, f, g, h] => Owned::float(f64::from_be_bytes([a, b, c, d, e, f, g, h])),
                _ => Err(value_error("a float in stable memory has the wrong size")),
            },
            Value::Plain(Key::Text) => text_of(bytes),
            Value::Plain(key) => key.decode(bytes),
            Value::Candid(plan) => {
                let mut slot = [core::ptr::null_mut()];
                plan.decode_into(bytes, &mut slot).map_err(|error| candid_error(&error.into_text()))?;
                // SAFETY: after success the slot holds a reference that is ours.
                unsafe { Owned::from_raw(slot[0]) }
            }
        }
    }
}

fn whole(bytes: &[u8], take: impl FnOnce(&mut &[u8]) -> PyResult<Owned>) -> PyResult<Owned> {
    let mut rest = bytes;
    let value = take(&mut rest)?;
    match rest {
        [] => Ok(value),
        _ => Err(value_error("a number in stable memory has the wrong size")),
    }
}
