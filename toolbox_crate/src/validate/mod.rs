//! The rules of the Internet Computer for canister modules, and the figures they are about.
//!
//! [`report`] walks a module once.  Each rule has a stable name; all violations are collected.  Sections are
//! gathered into [`facts::Facts`] and checked when all of them are known, because rules relate sections to
//! each other (an import's signature depends on the width of the memory, which comes later).
//!
//! Sources: interface specification, "Canister module format"; the replica's `wasm_utils/validation.rs` and
//! embedder configuration of mid 2026.  The figures come from the host as [`Limits`].

mod complexity;
mod customs;
mod exports;
mod facts;
mod features;
mod findings;
mod functions;
mod imports;
mod limits;
mod operators;
mod structure;

pub use limits::Limits;

use alloc::format;
use alloc::string::String;

use facts::Facts;
use findings::{Finding, Findings};
use functions::Functions;
use wasmparser::{Error, Parser, Payload, ValidPayload, Validator};

use crate::json::Json;

/// Check `module` against `limits`; the result is a JSON object.
///
/// Keys: `violations`, `warnings` and `snapshot` (reasons why no snapshot can be taken) are arrays of
/// findings; `measures` maps names to numbers; `functions` has what was found in function bodies, and is
/// left out together with the bodies' own rules if `bodies` is false.
pub fn report(module: &[u8], limits: &Limits, bodies: bool) -> String {
    let mut findings = Findings::default();
    let mut facts = Facts::default();
    let mut functions = Functions::new(bodies);
    walk(module, &mut facts, &mut functions, &mut findings);
    structure::check(module.len(), &facts, limits, &mut findings);
    imports::check(&facts, &mut findings);
    exports::check(&facts, limits, &mut findings);
    customs::check(&facts, limits, &mut findings);
    functions.check(&facts, limits, &mut findings);
    let mut json = Json::default();
    json.open('{');
    findings.write(&mut json);
    json.key("measures").open('{').key("module_size").number(module.len() as u64);
    facts.write(&mut json);
    json.close('}');
    functions.write(&facts, &mut json);
    json.close('}');
    json.into_string()
}

/// Read all sections, checking that the module is valid with the features that are on.
fn walk<'a>(module: &'a [u8], facts: &mut Facts<'a>, functions: &mut Functions, findings: &mut Findings) {
    // `None` once the module is known to be invalid: the rest is read without validation.
    let mut validator = Some(Validator::new_with_features(features::ACCEPTED));
    for payload in Parser::new(0).parse_all(module) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                if validator.is_some() {
                    findings.violation(invalid(module, &error));
                }
                return;
            }
        };
        let valid = match validator.as_mut().map(|validator| validator.payload(&payload)) {
            Some(Err(error)) => {
                findings.violation(invalid(module, &error));
                validator = None;
                None
            }
            Some(Ok(ValidPayload::Func(function, _))) => Some(function),
            _ => None,
        };
        if let Payload::CodeSectionEntry(body) = &payload {
            if let Err(error) = functions.body(facts, valid, body, findings) {
                findings.violation(invalid(module, &error));
                validator = None;
            }
        } else {
            // What cannot be read has been reported by the validator.
            let _ = facts.read(&payload);
        }
    }
}

/// The finding for an error of the validator, named after the feature that is missing if that is the reason.
fn invalid(module: &[u8], error: &Error) -> Finding {
    let what = error.message();
    match features::missing(module, error) {
        Some(feature) => Finding::new(feature.rule, format!("{}: {what}", feature.text)),
        None => Finding::new("wasm.invalid", format!("the module is not valid WebAssembly: {what}")),
    }
    .at(error.offset())
}
