//! Counting the instructions of a function.

use alloc::vec::Vec;

use wasmparser::{FunctionBody, Operator, Result, VisitOperator, VisitSimdOperator};

use super::complexity::weight;
use crate::names::{among, Names};

/// Instructions that rules are about.
const NOTED: Names = &[
    "TableSet",
    "TableGrow",
    "TableFill",
    "TableCopy",
    "TableInit",
    "ElemDrop",
    "DataDrop",
    "MemoryInit",
    "RefFunc",
];

/// What is known of a function body.
#[derive(Default)]
pub struct Counter {
    /// Instructions, the final `end` included.
    pub ops: u64,
    /// Sum of their weights.
    pub complexity: u64,
    /// Names of instructions that rules are about.
    pub noted: Vec<&'static str>,
}

impl Counter {
    /// Count the instructions of a body.
    pub fn count(body: &FunctionBody<'_>) -> Result<Self> {
        let mut counter = Self::default();
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            reader.visit_operator(&mut counter)?;
        }
        Ok(counter)
    }

    fn note(&mut self, name: &'static str) {
        if !self.noted.contains(&name) {
            self.noted.push(name);
        }
    }
}

/// Numbers of the data segments that a body initialises memory from.
pub fn initialised_from(body: &FunctionBody<'_>) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for operator in body.get_operators_reader()? {
        if let Operator::MemoryInit { data_index, .. } = operator? {
            found.push(data_index);
        }
    }
    Ok(found)
}

macro_rules! count {
    ($(@$p:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(fn $visit(&mut self $($(, $arg: $argty)*)?) {
            const WEIGHT: u32 = weight(stringify!($op));
            const IS_NOTED: bool = among(stringify!($op), NOTED);
            $($(let _ = $arg;)*)?
            self.ops += 1;
            self.complexity += WEIGHT as u64;
            if IS_NOTED {
                self.note(stringify!($op));
            }
        })*
    };
}

impl<'a> VisitOperator<'a> for Counter {
    type Output = ();

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = ()>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(count);
}

impl VisitSimdOperator<'_> for Counter {
    wasmparser::for_each_visit_simd_operator!(count);
}
