//! What one instruction costs when it is executed.
//!
//! Source of the weights: the Internet Computer's instrumentation of canister modules
//! (`wasm_utils/instrumentation.rs`, `instruction_to_cost`, mid 2026).

use crate::names::{among, find, Names};

/// Instructions by cost; those that are neither here nor in [`ACCESSES`] cost 1.
const COSTS: &[(u32, Names)] = &[
    (0, &["Block", "Loop", "Else", "End"]),
    (
        2,
        &[
            "If",
            "Br",
            "BrIf",
            "BrTable",
            "GlobalGet",
            "GlobalSet",
            "F32Add",
            "F32Sub",
            "F32Mul",
            "F32Ceil",
            "F32Floor",
            "F32Trunc",
            "F32Nearest",
            "F32Copysign",
            "F64Add",
            "F64Sub",
            "F64Mul",
            "F64Ceil",
            "F64Floor",
            "F64Trunc",
            "F64Nearest",
            "I8x16LtU",
            "I8x16GtU",
            "I8x16ShrU",
            "I16x8LtU",
            "I16x8GtU",
            "I16x8ExtAddPairwiseI8x16U",
            "I16x8Shl",
            "I16x8ShrS",
            "I16x8ShrU",
            "I16x8ExtMulHighI8x16S",
            "I16x8ExtMulHighI8x16U",
            "I32x4LtU",
            "I32x4GtU",
            "I32x4Shl",
            "I32x4ShrS",
            "I32x4ShrU",
            "I32x4Mul",
            "I32x4ExtMulLowI16x8S",
            "I32x4ExtMulHighI16x8S",
            "I32x4ExtMulLowI16x8U",
            "I32x4ExtMulHighI16x8U",
            "I32x4TruncSatF32x4S",
            "I32x4TruncSatF64x2SZero",
            "I64x2Shl",
            "I64x2ShrU",
            "F32x4Ceil",
            "F32x4Floor",
            "F32x4Trunc",
            "F32x4Nearest",
            "F32x4Abs",
            "F32x4Neg",
            "F32x4Add",
            "F32x4Sub",
            "F32x4Mul",
            "F64x2Ceil",
            "F64x2Floor",
            "F64x2Trunc",
            "F64x2Nearest",
            "F64x2Abs",
            "F64x2Neg",
            "F64x2Add",
            "F64x2Sub",
            "F64x2Mul",
        ],
    ),
    (
        3,
        &[
            "F32Div",
            "F64Copysign",
            "F32Eq",
            "F32Ne",
            "F32Lt",
            "F32Gt",
            "F32Le",
            "F32Ge",
            "F64Eq",
            "F64Ne",
            "F64Lt",
            "F64Gt",
            "F64Le",
            "F64Ge",
            "F32ConvertI32S",
            "F32ConvertI64S",
            "F64ConvertI32S",
            "F64ConvertI64S",
            "ReturnCall",
            "I8x16Shuffle",
            "I8x16Popcnt",
            "I8x16Shl",
            "I8x16ShrS",
            "I32x4ExtAddPairwiseI16x8U",
            "I32x4TruncSatF64x2UZero",
            "I64x2ShrS",
        ],
    ),
    (4, &["I64x2Mul", "F32x4Min", "F32x4Max", "F64x2Min", "I32x4TruncSatF32x4U", "F32x4ConvertI32x4U"]),
    (5, &["F64Div", "F32Sqrt", "Call", "TableGet", "TableSet", "RefIsNull", "F32x4Sqrt", "F64x2Max"]),
    (8, &["F64Sqrt"]),
    (
        10,
        &[
            "I32DivS",
            "I32DivU",
            "I32RemS",
            "I32RemU",
            "I64DivS",
            "I64DivU",
            "I64RemS",
            "I64RemU",
            "CallIndirect",
            "F32x4Div",
        ],
    ),
    (12, &["F64x2Div"]),
    (14, &["F64x2Sqrt"]),
    (16, &["F32ConvertI32U", "F32ConvertI64U", "F64ConvertI32U", "F64ConvertI64U"]),
    (18, &["F32Min", "F32Max", "F64Min", "F64Max"]),
    (
        20,
        &[
            "I32TruncF32S",
            "I32TruncF32U",
            "I32TruncF64S",
            "I32TruncF64U",
            "I64TruncF32S",
            "I64TruncF32U",
            "I64TruncF64S",
            "I64TruncF64U",
            "I32TruncSatF32S",
            "I32TruncSatF32U",
            "I32TruncSatF64S",
            "I32TruncSatF64U",
            "I64TruncSatF32S",
            "I64TruncSatF32U",
            "I64TruncSatF64S",
            "I64TruncSatF64U",
            "MemorySize",
        ],
    ),
    (60, &["ReturnCallIndirect"]),
    (100, &["MemoryFill", "MemoryCopy", "MemoryInit", "TableFill", "TableCopy", "TableInit", "TableSize"]),
    (130, &["RefFunc"]),
    (300, &["MemoryGrow", "TableGrow", "DataDrop", "ElemDrop"]),
];

/// Loads and stores: 1 with addresses of 32 bits, 2 with addresses of 64 bits.
const ACCESSES: Names = &[
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
    "I32Store",
    "I64Store",
    "F32Store",
    "F64Store",
    "I32Store8",
    "I32Store16",
    "I64Store8",
    "I64Store16",
    "I64Store32",
    "V128Load",
    "V128Load8x8S",
    "V128Load8x8U",
    "V128Load16x4S",
    "V128Load16x4U",
    "V128Load32x2S",
    "V128Load32x2U",
    "V128Load8Splat",
    "V128Load16Splat",
    "V128Load32Splat",
    "V128Load64Splat",
    "V128Load32Zero",
    "V128Load64Zero",
    "V128Store",
    "V128Load8Lane",
    "V128Load16Lane",
    "V128Load32Lane",
    "V128Load64Lane",
    "V128Store8Lane",
    "V128Store16Lane",
    "V128Store32Lane",
    "V128Store64Lane",
];

/// Whether an instruction is a load or a store.
pub const fn accesses(name: &str) -> bool {
    among(name, ACCESSES)
}

/// The cost of an instruction with addresses of 32 bits.
pub const fn cost(name: &str) -> u32 {
    find(name, COSTS, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::check;

    #[test]
    fn tables_have_operators() {
        let mut tables: Vec<Names> = COSTS.iter().map(|row| row.1).collect();
        tables.push(ACCESSES);
        check(&tables);
    }

    #[test]
    fn costs() {
        assert_eq!((cost("End"), cost("I32Add"), cost("If"), cost("Call")), (0, 1, 2, 5));
        assert_eq!((cost("F64Sqrt"), cost("MemoryGrow"), cost("I32Load")), (8, 300, 1));
        assert!(accesses("V128Store64Lane") && !accesses("MemorySize"));
    }
}
