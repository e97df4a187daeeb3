//! Imports: only functions of the System API, with their signatures.

use alloc::format;

use wasmparser::{FuncType, TypeRef, ValType};

use super::facts::Facts;
use super::findings::{Finding, Findings};

/// Functions of the module `ic0`: name, parameters, results.
///
/// `P` is a pointer-sized integer (i32, or i64 in a module with a 64-bit memory), `i` is i32, `l` is i64.
/// Source: interface specification 0.66, "Overview of imports"; ic0.txt 1.1.0.
const SYSTEM_API: &[(&str, &str, &str)] = &[
    ("accept_message", "", ""),
    ("call_cycles_add128", "ll", ""),
    ("call_data_append", "PP", ""),
    ("call_new", "PPPPPPPP", ""),
    ("call_on_cleanup", "PP", ""),
    ("call_perform", "", "i"),
    ("call_with_best_effort_response", "i", ""),
    ("canister_cycle_balance128", "P", ""),
    ("canister_liquid_cycle_balance128", "P", ""),
    ("canister_self_copy", "PPP", ""),
    ("canister_self_size", "", "P"),
    ("canister_status", "", "i"),
    ("canister_version", "", "l"),
    ("certified_data_set", "PP", ""),
    ("cost_call", "llP", ""),
    ("cost_create_canister", "P", ""),
    ("cost_http_request", "llP", ""),
    ("cost_http_request_v2", "PPP", ""),
    ("cost_sign_with_ecdsa", "PPiP", "i"),
    ("cost_sign_with_schnorr", "PPiP", "i"),
    ("cost_vetkd_derive_key", "PPiP", "i"),
    ("cycles_burn128", "llP", ""),
    ("data_certificate_copy", "PPP", ""),
    ("data_certificate_present", "", "i"),
    ("data_certificate_size", "", "P"),
    ("debug_print", "PP", ""),
    ("env_var_count", "", "P"),
    ("env_var_name_copy", "PPPP", ""),
    ("env_var_name_exists", "PP", "i"),
    ("env_var_name_size", "P", "P"),
    ("env_var_value_copy", "PPPPP", ""),
    ("env_var_value_size", "PP", "P"),
    ("global_timer_set", "l", "l"),
    ("in_replicated_execution", "", "i"),
    ("is_controller", "PP", "i"),
    ("mint_cycles128", "llP", ""),
    ("msg_arg_data_copy", "PPP", ""),
    ("msg_arg_data_size", "", "P"),
    ("msg_caller_copy", "PPP", ""),
    ("msg_caller_info_data_copy", "PPP", ""),
    ("msg_caller_info_data_size", "", "P"),
    ("msg_caller_info_signer_copy", "PPP", ""),
    ("msg_caller_info_signer_size", "", "P"),
    ("msg_caller_size", "", "P"),
    ("msg_cycles_accept128", "llP", ""),
    ("msg_cycles_available128", "P", ""),
    ("msg_cycles_refunded128", "P", ""),
    ("msg_deadline", "", "l"),
    ("msg_method_name_copy", "PPP", ""),
    ("msg_method_name_size", "", "P"),
    ("msg_reject", "PP", ""),
    ("msg_reject_code", "", "i"),
    ("msg_reject_msg_copy", "PPP", ""),
    ("msg_reject_msg_size", "", "P"),
    ("msg_reply", "", ""),
    ("msg_reply_data_append", "PP", ""),
    ("performance_counter", "i", "l"),
    ("root_key_copy", "PPP", ""),
    ("root_key_size", "", "P"),
    ("stable64_grow", "l", "l"),
    ("stable64_read", "lll", ""),
    ("stable64_size", "", "l"),
    ("stable64_write", "lll", ""),
    ("subnet_self_copy", "PPP", ""),
    ("subnet_self_size", "", "P"),
    ("time", "", "l"),
    ("trap", "PP", ""),
];

/// Functions that modules with a 64-bit memory cannot import.
const NARROW_API: &[(&str, &str, &str)] = &[
    ("call_cycles_add", "l", ""),
    ("canister_cycle_balance", "", "l"),
    ("msg_cycles_accept", "l", "l"),
    ("msg_cycles_available", "", "l"),
    ("msg_cycles_refunded", "", "l"),
    ("stable_grow", "i", "i"),
    ("stable_read", "iii", ""),
    ("stable_size", "", "i"),
    ("stable_write", "iii", ""),
];

/// Check every import.
pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for import in &facts.imports {
        let (module, name) = (import.module, import.name);
        let TypeRef::Func(index) = import.ty else {
            let kind = kind(&import.ty);
            let message =
                format!("the module imports the {kind} {module}.{name}, only functions are accepted");
            findings.violation(Finding::new("import.kind", message));
            continue;
        };
        if module != "ic0" {
            let message = format!("the module imports {module}.{name}, only functions of ic0 are accepted");
            findings.violation(Finding::new("import.module", message));
            continue;
        }
        let found = |table: &[(&'static str, &'static str, &'static str)]| {
            table.iter().find(|(known, ..)| *known == name).copied()
        };
        let narrow = found(NARROW_API);
        if narrow.is_some() && facts.wide() {
            let message = format!("ic0.{name} cannot be imported by a module with a 64-bit memory");
            findings.violation(Finding::new("import.memory64", message));
            continue;
        }
        let Some((_, params, results)) = narrow.or_else(|| found(SYSTEM_API)) else {
            let message = format!("the System API has no function ic0.{name}");
            findings.violation(Finding::new("import.name", message));
            continue;
        };
        let Some(actual) = facts.types.get(index as usize) else { continue };
        if !fits(actual, params, results, facts.wide()) {
            let message =
                format!("ic0.{name} is imported with the wrong type, it is {params:?} -> {results:?}");
            findings.violation(Finding::new("import.signature", message));
        }
    }
}

fn kind(of: &TypeRef) -> &'static str {
    match of {
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "exact function",
    }
}

fn fits(actual: &FuncType, params: &str, results: &str, wide: bool) -> bool {
    let same = |types: &[ValType], letters: &str| {
        types.iter().copied().eq(letters.bytes().map(|letter| match letter {
            b'l' => ValType::I64,
            b'P' if wide => ValType::I64,
            _ => ValType::I32,
        }))
    };
    same(actual.params(), params) && same(actual.results(), results)
}
