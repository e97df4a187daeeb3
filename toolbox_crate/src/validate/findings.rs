//! What was found.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::Json;

/// Findings of one rule that are kept; a broken module can break a rule a million times.
const KEPT_PER_RULE: usize = 20;

/// One thing that breaks a rule.
pub struct Finding {
    rule: &'static str,
    message: String,
    function: Option<u32>,
    offset: Option<u64>,
    figure: Option<(u64, u64)>,
}

impl Finding {
    /// A finding with nothing but its rule and words.
    pub fn new(rule: &'static str, message: String) -> Self {
        Self { rule, message, function: None, offset: None, figure: None }
    }

    /// A figure beyond its limit: "`what` VALUE `unit`, at most LIMIT are accepted".
    pub fn beyond(rule: &'static str, what: &str, value: u64, unit: &str, limit: u64) -> Self {
        let message = format!("{what} {}{unit}, at most {} are accepted", grouped(value), grouped(limit));
        Self::new(rule, message).figure(value, limit)
    }

    /// Where in the file.
    pub fn at(self, offset: u64) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// In which function.
    pub fn function(self, index: u32) -> Self {
        Self { function: Some(index), ..self }
    }

    /// The figure and its limit.
    pub fn figure(self, value: u64, limit: u64) -> Self {
        Self { figure: Some((value, limit)), ..self }
    }

    fn write(&self, json: &mut Json) {
        json.open('{').key("rule").string(self.rule).key("message").string(&self.message);
        if let Some(index) = self.function {
            json.key("function").number(index.into());
        }
        if let Some(offset) = self.offset {
            json.key("offset").number(offset);
        }
        if let Some((value, limit)) = self.figure {
            json.key("value").number(value).key("limit").number(limit);
        }
        json.close('}');
    }
}

/// A number with commas between groups of three digits.
pub fn grouped(value: u64) -> String {
    let digits = format!("{value}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// All findings.
#[derive(Default)]
pub struct Findings {
    violations: Vec<Finding>,
    warnings: Vec<Finding>,
    snapshot: Vec<Finding>,
}

impl Findings {
    /// The module will be refused.
    pub fn violation(&mut self, finding: Finding) {
        push(&mut self.violations, finding);
    }

    /// The module is accepted today, but close to a limit.
    pub fn warning(&mut self, finding: Finding) {
        push(&mut self.warnings, finding);
    }

    /// No snapshot of the module can be taken.
    pub fn snapshot(&mut self, finding: Finding) {
        push(&mut self.snapshot, finding);
    }

    /// Write the three lists.
    pub fn write(&self, json: &mut Json) {
        for (key, list) in
            [("violations", &self.violations), ("warnings", &self.warnings), ("snapshot", &self.snapshot)]
        {
            json.key(key).open('[');
            for finding in list {
                finding.write(json);
            }
            json.close(']');
        }
    }
}

fn push(list: &mut Vec<Finding>, finding: Finding) {
    if list.iter().filter(|known| known.rule == finding.rule).count() < KEPT_PER_RULE {
        list.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(grouped(1_048_576), "1,048,576");
    }
}
