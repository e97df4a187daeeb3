//! Custom sections of the Internet Computer: `icp:public NAME` and `icp:private NAME`.

use alloc::format;
use alloc::vec::Vec;

use super::facts::{Custom, Facts};
use super::findings::{Finding, Findings};
use super::limits::Limits;

/// The NAME of a section, `None` if it is of neither kind.
fn stem<'a>(custom: &Custom<'a>) -> Option<&'a str> {
    custom.name.strip_prefix("icp:public ").or_else(|| custom.name.strip_prefix("icp:private "))
}

/// What a section counts towards the limit: NAME and content.
pub fn counted_size(custom: &Custom<'_>) -> usize {
    stem(custom).unwrap_or(custom.name).len() + custom.size
}

/// Check names, number and size.
pub fn check(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for custom in facts.icp_customs() {
        let Some(name) = stem(custom) else {
            let message = format!(
                "the custom section `{}` is neither `icp:public NAME` nor `icp:private NAME`",
                custom.name
            );
            findings.violation(Finding::new("custom.name", message));
            continue;
        };
        if seen.contains(&name) {
            let message = format!("there are two custom sections of the name `{name}`");
            findings.violation(Finding::new("custom.duplicate", message));
        }
        seen.push(name);
    }
    let count = facts.icp_customs().count() as u64;
    if count > limits.icp_sections {
        findings.violation(Finding::beyond(
            "custom.count",
            "the module has",
            count,
            " icp: custom sections",
            limits.icp_sections,
        ));
    }
    let size = facts.icp_customs().map(|custom| counted_size(custom) as u64).sum();
    if size > limits.icp_size {
        findings.violation(Finding::beyond(
            "custom.size",
            "icp: custom sections have",
            size,
            " bytes",
            limits.icp_size,
        ));
    }
}
