//! What one instruction adds to the complexity of its function.
//!
//! Source of the weights: the Internet Computer's module validation (`wasm_utils/validation.rs`, mid 2026).

use crate::names::{find, Names};

/// Instructions by weight; all others weigh 1.
const WEIGHTS: &[(u32, Names)] = &[
    (50, &["Block", "Loop", "If", "Br", "BrIf", "BrTable", "Call", "CallIndirect", "MemoryGrow"]),
    (14, &["TableGet"]),
    (8, &["RefFunc"]),
    (6, &["RefIsNull"]),
    (
        5,
        &[
            "I32TruncF32S",
            "I32TruncF32U",
            "I32TruncF64S",
            "I32TruncF64U",
            "I64TruncF32S",
            "I64TruncF32U",
            "I64TruncF64S",
            "I64TruncF64U",
            "F32ConvertI32S",
            "F32ConvertI32U",
            "F32ConvertI64S",
            "F32ConvertI64U",
            "F64ConvertI32S",
            "F64ConvertI32U",
            "F64ConvertI64S",
            "F64ConvertI64U",
            "I64ExtendI32S",
            "I64ExtendI32U",
            "F32DemoteF64",
        ],
    ),
    (4, &["F32Neg", "F32Abs", "F64Neg", "F64Abs", "MemoryCopy"]),
    (
        3,
        &[
            "I32DivS",
            "I32DivU",
            "I32RemS",
            "I32RemU",
            "I64DivS",
            "I64DivU",
            "I64RemS",
            "I64RemU",
            "F32Div",
            "F64Div",
            "I32Load",
            "I64Load",
            "F32Load",
            "F64Load",
            "I32Load8S",
            "I32Load8U",
            "I32Load16S",
            "I32Load16U",
            "I64Load8S",
            "I64Load8U",
            "I64Load16S",
            "I64Load16U",
            "I64Load32S",
            "I64Load32U",
            "F32Copysign",
            "F64Copysign",
            "F64Eq",
            "MemoryFill",
            "I32TruncSatF32S",
            "I32TruncSatF32U",
            "I32TruncSatF64S",
            "I32TruncSatF64U",
            "I64TruncSatF32S",
            "I64TruncSatF32U",
            "I64TruncSatF64S",
            "I64TruncSatF64U",
        ],
    ),
    (
        2,
        &[
            "I32Store",
            "I64Store",
            "F32Store",
            "F64Store",
            "I32Store8",
            "I32Store16",
            "I64Store8",
            "I64Store16",
            "I64Store32",
            "GlobalGet",
            "GlobalSet",
            "Select",
            "I32Popcnt",
            "I64Popcnt",
            "MemorySize",
            "I32Eqz",
            "I32Eq",
            "I32Ne",
            "I32LtS",
            "I32LtU",
            "I32GtS",
            "I32GtU",
            "I32LeS",
            "I32LeU",
            "I32GeS",
            "I32GeU",
            "I64Eqz",
            "I64Eq",
            "I64Ne",
            "I64LtS",
            "I64LtU",
            "I64GtS",
            "I64GtU",
            "I64LeS",
            "I64LeU",
            "I64GeS",
            "I64GeU",
            "F32Eq",
            "F32Ne",
            "F32Lt",
            "F32Gt",
            "F32Le",
            "F32Ge",
            "F64Ne",
            "F64Lt",
            "F64Gt",
            "F64Le",
            "F64Ge",
            "F32Ceil",
            "F32Floor",
            "F32Sqrt",
            "F32Trunc",
            "F64Ceil",
            "F64Floor",
            "F64Sqrt",
            "F64Trunc",
            "I32ReinterpretF32",
            "I64ReinterpretF64",
            "F32ReinterpretI32",
            "F64ReinterpretI64",
            "I32WrapI64",
            "I32Extend8S",
            "I32Extend16S",
            "I64Extend8S",
            "I64Extend16S",
            "I64Extend32S",
            "F64PromoteF32",
        ],
    ),
];

/// The weight of an instruction, evaluated by the compiler.
pub const fn weight(name: &str) -> u32 {
    find(name, WEIGHTS, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::check;

    #[test]
    fn the_table_has_operators() {
        check(&WEIGHTS.iter().map(|row| row.1).collect::<Vec<Names>>());
    }

    #[test]
    fn weights() {
        assert_eq!(weight("BrTable"), 50);
        assert_eq!(weight("F64Eq"), 3);
        assert_eq!(weight("F64Ne"), 2);
        assert_eq!(weight("I32Add"), 1);
        assert_eq!(weight("End"), 1);
    }
}
