//! What can be asked. Types are given as the text of an interface and the name of a method, whose
//! arguments have the types meant.

use candid::types::subtype::subtype;
use candid::types::Type;
use candid::{IDLArgs, TypeEnv};
use candid_parser::utils::{service_equal, CandidSource};
use candid_parser::{check_prog, parse_idl_args, IDLProg};
use oracle_wire::parts::split;
use std::collections::HashSet;
use std::fmt::Display;

type Outcome = Result<Vec<Vec<u8>>, String>;

/// Performs a request.
pub fn perform(request: &[u8]) -> Outcome {
    let (operation, rest) = request.split_first().ok_or("an empty request")?;
    let parts = split(rest).ok_or("a malformed request")?;
    match (operation, parts.as_slice()) {
        (b'D', [interface, method, message]) => decode(interface, method, message),
        (b'E', [interface, method, values]) => encode(interface, method, values),
        (b'S', [interface, below, above]) => is_subtype(interface, below, above),
        (b'P', [interface]) => print(interface),
        (b'Q', [one, other]) => equal(one, other),
        _ => Err("an unknown request".into()),
    }
}

/// A message, read at the arguments' types: written anew at the same types, and as text.
fn decode(interface: &[u8], method: &[u8], message: &[u8]) -> Outcome {
    let (env, types) = arguments(interface, method)?;
    let values = IDLArgs::from_bytes_with_types(message, &env, &types).map_err(reason)?;
    let written = values.to_bytes_with_types(&env, &types).map_err(reason)?;
    Ok(vec![written, values.to_string().into_bytes()])
}

/// Values as text, written as a message of the arguments' types.
fn encode(interface: &[u8], method: &[u8], values: &[u8]) -> Outcome {
    let (env, types) = arguments(interface, method)?;
    let values = parse_idl_args(text(values)?).map_err(reason)?;
    let values = values.annotate_types(true, &env, &types).map_err(reason)?;
    Ok(vec![values.to_bytes_with_types(&env, &types).map_err(reason)?])
}

/// For each pair of the two methods' arguments 1 when the first is a subtype, else 0.
fn is_subtype(interface: &[u8], below: &[u8], above: &[u8]) -> Outcome {
    let (env, below) = arguments(interface, below)?;
    let (_, above) = arguments(interface, above)?;
    let answers = below.iter().zip(&above);
    Ok(vec![answers
        .map(|(below, above)| u8::from(subtype(&mut HashSet::new(), &env, below, above).is_ok()))
        .collect()])
}

/// The interface as the crate prints it.
fn print(interface: &[u8]) -> Outcome {
    let (env, actor) = load(interface)?;
    Ok(vec![candid::pretty::candid::compile(&env, &actor).into_bytes()])
}

/// Nothing, when two interfaces mean the same, else the reason.
fn equal(one: &[u8], other: &[u8]) -> Outcome {
    service_equal(CandidSource::Text(text(one)?), CandidSource::Text(text(other)?)).map_err(reason)?;
    Ok(Vec::new())
}

fn load(interface: &[u8]) -> Result<(TypeEnv, Option<Type>), String> {
    let program: IDLProg = text(interface)?.parse().map_err(reason)?;
    let mut env = TypeEnv::new();
    let actor = check_prog(&mut env, &program).map_err(reason)?;
    Ok((env, actor))
}

fn arguments(interface: &[u8], method: &[u8]) -> Result<(TypeEnv, Vec<Type>), String> {
    let (env, actor) = load(interface)?;
    let actor = actor.ok_or("the interface has no service")?;
    let found = env.get_method(&actor, text(method)?).map_err(reason)?;
    let types = found.args.clone();
    Ok((env, types))
}

fn text(data: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(data).map_err(reason)
}

fn reason(error: impl Display) -> String {
    error.to_string()
}
