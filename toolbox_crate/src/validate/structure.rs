//! Sizes and counts of sections, memories, tables, globals and data segments.

use alloc::format;

use wasmparser::{RefType, ValType};

use super::facts::Facts;
use super::findings::{grouped, Finding, Findings};
use super::limits::Limits;

/// Bytes in a page of linear memory.
const PAGE: u64 = 65_536;

/// Check all of them.
pub fn check(size: usize, facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    sizes(size as u64, facts, limits, findings);
    tables(facts, limits, findings);
    globals(facts, limits, findings);
    memory(facts, limits, findings);
    data(facts, findings);
}

fn sizes(size: u64, facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    if size > limits.module_size {
        findings.violation(Finding::beyond(
            "module.size",
            "the module has",
            size,
            " bytes",
            limits.module_size,
        ));
    }
    let code = facts.code_size;
    if code > limits.code_size {
        findings.violation(Finding::beyond(
            "code.size",
            "the code section has",
            code,
            " bytes",
            limits.code_size,
        ));
    } else if code > limits.code_size_warning {
        let message = format!(
            "the code section has {} bytes, subnets with older replicas accept at most {}",
            grouped(code),
            grouped(limits.code_size_warning)
        );
        findings.warning(Finding::new("code.size", message).figure(code, limits.code_size_warning));
    }
    let functions = facts.defined_functions();
    if functions > limits.functions {
        findings.violation(Finding::beyond(
            "function.count",
            "the module defines",
            functions,
            " functions",
            limits.functions,
        ));
    }
    if let Some((index, length)) = facts.longest_name {
        let length = length as u64;
        if length > limits.function_name {
            let what = "the name of a function has";
            let finding = Finding::beyond("function.name", what, length, " bytes", limits.function_name);
            findings.violation(finding.function(index));
        }
    }
}

fn tables(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    let count = facts.tables.len() as u64;
    if count > 1 {
        findings.violation(Finding::beyond("table.count", "the module has", count, " tables", 1));
    }
    for table in &facts.tables {
        if table.element_type != RefType::FUNCREF {
            let message = format!("a table holds {}, only funcref is accepted", table.element_type);
            findings.violation(Finding::new("table.type", message));
        }
        if table.initial > limits.table_elements {
            findings.violation(Finding::beyond(
                "table.size",
                "the table has",
                table.initial,
                " elements",
                limits.table_elements,
            ));
        }
    }
}

fn globals(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    let count = facts.globals.len() as u64;
    if count > limits.globals {
        findings.violation(Finding::beyond(
            "global.count",
            "the module has",
            count,
            " globals",
            limits.globals,
        ));
    }
    for (index, global) in facts.globals.iter().enumerate() {
        if matches!(global.content_type, ValType::Ref(_)) {
            let message = format!(
                "global {index} is of type {}, only numbers and v128 are accepted",
                global.content_type
            );
            findings.violation(Finding::new("global.type", message));
        }
    }
}

fn memory(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    for memory in facts.memories.iter().filter(|memory| memory.memory64) {
        if memory.initial > limits.memory64_pages {
            findings.violation(Finding::beyond(
                "memory.size",
                "the memory starts with",
                memory.initial,
                " pages",
                limits.memory64_pages,
            ));
        }
    }
}

fn data(facts: &Facts<'_>, findings: &mut Findings) {
    let memory = facts.memories.first().map_or(0, |memory| memory.initial.saturating_mul(PAGE));
    for (index, segment) in facts.data.iter().enumerate().filter(|(_, segment)| segment.active) {
        let Some(address) = segment.address else {
            let message = format!("the offset of data segment {index} is not one constant");
            findings.violation(Finding::new("data.offset", message));
            continue;
        };
        let end = address.saturating_add(segment.size);
        if end > memory {
            let message = format!(
                "data segment {index} ends at {}, beyond the {} bytes of the initial memory",
                grouped(end),
                grouped(memory)
            );
            findings.violation(Finding::new("data.range", message).figure(end, memory));
        }
    }
}
