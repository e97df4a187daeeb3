//! Function bodies: validity, size, complexity, and instructions that are refused.

use alloc::format;
use alloc::vec::Vec;

use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, Result, ValidatorResources};

use super::facts::Facts;
use super::findings::{Finding, Findings};
use super::limits::Limits;
use super::operators::{initialised_from, Counter};
use crate::json::Json;

/// How many of the largest functions are told.
const TOLD: usize = 5;

/// Instructions of the text format that change tables; the Internet Computer refuses them.
const TABLE_CHANGES: &[(&str, &str)] = &[
    ("TableSet", "table.set"),
    ("TableGrow", "table.grow"),
    ("TableFill", "table.fill"),
    ("TableCopy", "table.copy"),
    ("TableInit", "table.init"),
];

/// Size of one function.
#[derive(Clone, Copy)]
struct Size {
    index: u32,
    ops: u64,
    complexity: u64,
}

/// What was found in function bodies.
pub struct Functions {
    enabled: bool,
    allocations: FuncValidatorAllocations,
    sizes: Vec<Size>,
    /// Function and number of each data segment that memory is initialised from.
    initialised: Vec<(u32, u32)>,
    ref_func: bool,
}

impl Functions {
    /// With `enabled` false bodies are not looked at.
    pub fn new(enabled: bool) -> Self {
        Self {
            enabled,
            allocations: FuncValidatorAllocations::default(),
            sizes: Vec::new(),
            initialised: Vec::new(),
            ref_func: false,
        }
    }

    /// Look at one body; `valid` is what validates it, `None` if the module is invalid already.
    ///
    /// # Errors
    /// The body is not valid.
    pub fn body(
        &mut self,
        facts: &Facts<'_>,
        valid: Option<FuncToValidate<ValidatorResources>>,
        body: &FunctionBody<'_>,
        findings: &mut Findings,
    ) -> Result<()> {
        if !self.enabled {
            return Ok(());
        }
        let index = facts.imported_functions + self.sizes.len() as u32;
        let mut size = Size { index, ops: 0, complexity: 0 };
        let mut error = None;
        if let Some(function) = valid {
            let mut validator = function.into_validator(core::mem::take(&mut self.allocations));
            error = validator.validate(body).err();
            self.allocations = validator.into_allocations();
        }
        if let Ok(counter) = Counter::count(body) {
            (size.ops, size.complexity) = (counter.ops, counter.complexity);
            self.noted(index, &counter, body, findings);
        }
        self.sizes.push(size);
        error.map_or(Ok(()), Err)
    }

    fn noted(&mut self, index: u32, counter: &Counter, body: &FunctionBody<'_>, findings: &mut Findings) {
        for &name in &counter.noted {
            if let Some((_, text)) = TABLE_CHANGES.iter().find(|(known, _)| *known == name) {
                let message =
                    format!("function {index} uses {text}, which the Internet Computer does not accept");
                findings.violation(Finding::new("instruction.table", message).function(index));
                let message = format!("function {index} uses {text}: a snapshot does not hold tables");
                findings.snapshot(Finding::new("snapshot.table", message).function(index));
            }
            match name {
                "RefFunc" => self.ref_func = true,
                "ElemDrop" => {
                    let message =
                        format!("function {index} uses elem.drop: a snapshot does not hold element segments");
                    findings.snapshot(Finding::new("snapshot.elem-drop", message).function(index));
                }
                "DataDrop" => {
                    let message =
                        format!("function {index} uses data.drop: a snapshot cannot tell whether it has run");
                    findings.snapshot(Finding::new("snapshot.data-drop", message).function(index));
                }
                "MemoryInit" => {
                    let segments = initialised_from(body).unwrap_or_default();
                    self.initialised.extend(segments.into_iter().map(|segment| (index, segment)));
                }
                _ => {}
            }
        }
    }

    /// The rules that need all sections and bodies.
    pub fn check(&self, facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
        for &(index, segment) in &self.initialised {
            if facts.data.get(segment as usize).is_some_and(|segment| segment.active) {
                let message =
                    format!("function {index} uses memory.init of the active data segment {segment}");
                findings.snapshot(Finding::new("snapshot.memory-init", message).function(index));
            }
        }
        for size in &self.sizes {
            check_size(*size, limits, findings);
        }
    }

    /// Write the `functions` object.
    pub fn write(&self, facts: &Facts<'_>, json: &mut Json) {
        if !self.enabled {
            return;
        }
        json.key("functions").open('{').key("first").number(facts.imported_functions.into());
        json.key("ops").number(self.sizes.iter().map(|size| size.ops).sum());
        json.key("ref_func").number(self.ref_func.into());
        self.largest("by_ops", |size| size.ops, json);
        self.largest("by_complexity", |size| size.complexity, json);
        json.close('}');
    }

    fn largest(&self, key: &str, by: fn(&Size) -> u64, json: &mut Json) {
        let mut sizes = self.sizes.clone();
        sizes.sort_by_key(|size| (u64::MAX - by(size), size.index));
        json.key(key).open('[');
        for size in sizes.iter().take(TOLD) {
            json.open('[').number(size.index.into()).number(size.ops).number(size.complexity).close(']');
        }
        json.close(']');
    }
}

fn check_size(size: Size, limits: &Limits, findings: &mut Findings) {
    let Size { index, ops, complexity } = size;
    if ops > limits.function_ops {
        let what = format!("function {index} has");
        let finding = Finding::beyond("function.ops", &what, ops, " instructions", limits.function_ops);
        findings.violation(finding.function(index));
    }
    if complexity > limits.function_complexity {
        let what = format!("function {index} has a complexity of");
        let finding =
            Finding::beyond("function.complexity", &what, complexity, "", limits.function_complexity);
        findings.violation(finding.function(index));
    } else if complexity > limits.function_complexity_warning {
        let message = format!(
            "function {index} has a complexity of {}, close to the limit of {}",
            super::findings::grouped(complexity),
            super::findings::grouped(limits.function_complexity)
        );
        let finding = Finding::new("function.complexity", message);
        findings.warning(finding.function(index).figure(complexity, limits.function_complexity));
    }
}
