//! Exports: the entry points of a canister and names that are reserved.

use alloc::format;
use alloc::vec::Vec;

use super::facts::{is_function, Facts};
use super::findings::{Finding, Findings};
use super::limits::Limits;

/// Entry points other than methods (interface specification, "Entry points").
const ENTRY_POINTS: &[&str] = &[
    "canister_init",
    "canister_pre_upgrade",
    "canister_post_upgrade",
    "canister_inspect_message",
    "canister_heartbeat",
    "canister_global_timer",
    "canister_on_low_wasm_memory",
];

/// Kinds of methods.
const METHODS: &[&str] = &["canister_update ", "canister_query ", "canister_composite_query "];

/// Names that the replica's own instrumentation uses.
const RESERVED: &[&str] = &[
    "canister counter_instructions",
    "canister_start",
    "canister counter_dirty_pages",
    "canister counter_accessed_pages",
    "stable_memory",
    "stable_bytemap_memory",
];

/// Check names, signatures, and number and length of methods.
pub fn check(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    for export in &facts.exports {
        if RESERVED.contains(&export.name) {
            let message = format!("the export name `{}` is reserved", export.name);
            findings.violation(Finding::new("export.reserved", message));
        } else if export.name.starts_with("canister_") {
            entry(facts, export, findings);
        }
    }
    methods(facts, limits, findings);
}

fn entry(facts: &Facts<'_>, export: &wasmparser::Export<'_>, findings: &mut Findings) {
    let name = export.name;
    if !ENTRY_POINTS.contains(&name) && !METHODS.iter().any(|prefix| name.starts_with(prefix)) {
        let message = format!("the export `{name}` starts with canister_ but is no entry point");
        findings.violation(Finding::new("export.name", message));
        return;
    }
    let fits = is_function(export)
        && facts
            .function_type(export.index)
            .is_none_or(|kind| kind.params().is_empty() && kind.results().is_empty());
    if !fits {
        let message = format!("the export `{name}` is not a function without parameters and results");
        findings.violation(Finding::new("export.signature", message));
    }
}

fn methods(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    let mut names: Vec<&str> = facts.methods().collect();
    let count = names.len() as u64;
    if count > limits.methods {
        findings.violation(Finding::beyond(
            "export.methods",
            "the module exports",
            count,
            " methods",
            limits.methods,
        ));
    }
    let bytes = names.iter().map(|name| name.len() as u64).sum();
    if bytes > limits.method_names {
        findings.violation(Finding::beyond(
            "export.method-names",
            "the names of the methods have",
            bytes,
            " bytes",
            limits.method_names,
        ));
    }
    names.sort_unstable();
    let mut last = None;
    for pair in names.windows(2) {
        if pair[0] == pair[1] && last != Some(pair[0]) {
            last = Some(pair[0]);
            let message = format!("the method `{}` is exported as two kinds of method", pair[0]);
            findings.violation(Finding::new("export.duplicate", message));
        }
    }
}
