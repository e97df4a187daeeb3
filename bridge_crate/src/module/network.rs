//! The canister's surroundings: subnet, environment variables, prices, what vouches for the caller.

use super::arguments::{exactly, text, u32, u64, value_error};
use super::system::{allow, blob, ANSWERS};
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::context::{Contexts, ALL, CLEANUP, COMPOSITE_CLEANUP, INSPECT};
use crate::ic0::{self, Signature};
use alloc::string::String;

/// Where the caller's attributes can be read ("Overview of imports": msg_caller_info_data_size).
const CALLER_INFO: Contexts = ANSWERS | CLEANUP | COMPOSITE_CLEANUP | INSPECT;

fn subnet_self(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.subnet_self", ALL)?;
    blob(ic0::subnet_self)
}

fn msg_caller_info_data(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.msg_caller_info_data", CALLER_INFO)?;
    blob(ic0::msg_caller_info_data)
}

fn msg_caller_info_signer(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.msg_caller_info_signer", CALLER_INFO)?;
    blob(ic0::msg_caller_info_signer)
}

fn cost_call(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [name, payload] = exactly(arguments)?;
    let (name, payload) = (u64(*name)?, u64(*payload)?);
    allow("ic.cost_call", ALL)?;
    Owned::uint128(ic0::cost_call(name, payload))
}

fn cost_create_canister(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.cost_create_canister", ALL)?;
    Owned::uint128(ic0::cost_create_canister())
}

fn cost_http_request(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [request, response] = exactly(arguments)?;
    let (request, response) = (u64(*request)?, u64(*response)?);
    allow("ic.cost_http_request", ALL)?;
    Owned::uint128(ic0::cost_http_request(request, response))
}

fn signature(which: Signature, function: &str, arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [key, curve] = exactly(arguments)?;
    let (key, curve) = (text(*key)?, u32(*curve)?);
    allow(function, ALL)?;
    match ic0::cost_signature(which, key.as_bytes(), curve) {
        Ok(amount) => Owned::uint128(amount),
        Err(1) => Err(value_error("there is no curve or algorithm of that number")),
        Err(_) => Err(value_error("there is no key of that name on this network")),
    }
}

fn cost_sign_with_ecdsa(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    signature(Signature::Ecdsa, "ic.cost_sign_with_ecdsa", arguments)
}

fn cost_sign_with_schnorr(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    signature(Signature::Schnorr, "ic.cost_sign_with_schnorr", arguments)
}

fn cost_vetkd_derive_key(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    signature(Signature::VetKd, "ic.cost_vetkd_derive_key", arguments)
}

fn env_var_names(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.env_var_names", ALL)?;
    let names = Owned::list()?;
    for index in 0..ic0::env_var_count() {
        let name = ic0::env_var_name(index);
        names.borrow().list_append(Owned::str(&String::from_utf8_lossy(&name))?.borrow())?;
    }
    Ok(names)
}

/// The value of an environment variable, or `None`.
fn env_var(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [name] = exactly(arguments)?;
    let name = text(*name)?.as_bytes();
    allow("ic.env_var", ALL)?;
    // A name that is too long traps; no variable has one (resource limits, "environment variables").
    if name.len() > 128 || ic0::env_var_name_exists(name) == 0 {
        return Ok(Owned::none());
    }
    Owned::str(&String::from_utf8_lossy(&ic0::env_var_value(name)))
}

super::functions! {
    c"subnet_self" => subnet_self,
    c"msg_caller_info_data" => msg_caller_info_data,
    c"msg_caller_info_signer" => msg_caller_info_signer,
    c"cost_call" => cost_call,
    c"cost_create_canister" => cost_create_canister,
    c"cost_http_request" => cost_http_request,
    c"cost_sign_with_ecdsa" => cost_sign_with_ecdsa,
    c"cost_sign_with_schnorr" => cost_sign_with_schnorr,
    c"cost_vetkd_derive_key" => cost_vetkd_derive_key,
    c"env_var_names" => env_var_names,
    c"env_var" => env_var,
}
