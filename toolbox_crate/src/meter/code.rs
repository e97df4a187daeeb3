//! The inserted instructions, as bytes.
//!
//! The counter lies in a global, which always holds the exact value, and besides in a local of each function:
//! subtracting from the global itself would make each segment wait for the previous one to reach memory,
//! which costs more than all of metering otherwise.  After a call the local is read again.

use alloc::vec::Vec;

use super::points::Insert;
use super::wire::{signed, unsigned};

/// Numbers of what is added to a module; all of it comes behind what is there, so nothing is renumbered.
#[derive(Clone, Copy)]
pub struct Added {
    /// Whether addresses have 64 bits.
    pub wide: bool,
    /// The first added type; their order is that of [`Added::types`].
    pub types: u32,
    /// The first added function; their order is that of [`Added::bodies`].
    pub functions: u32,
    /// The table of the host's functions.
    pub table: u32,
    /// The counter; the mark of exhaustion comes behind it.
    pub counter: u32,
}

const I32: u8 = 0x7F;
const I64: u8 = 0x7E;
const UNREACHABLE: u8 = 0x00;
const LOCAL_GET: u8 = 0x20;
const LOCAL_SET: u8 = 0x21;
const LOCAL_TEE: u8 = 0x22;
const GLOBAL_GET: u8 = 0x23;
const GLOBAL_SET: u8 = 0x24;
const I32_CONST: u8 = 0x41;
const I64_CONST: u8 = 0x42;
const I64_LT_S: u8 = 0x53;
const I64_GT_S: u8 = 0x55;
const I64_SUB: u8 = 0x7D;
const I32_WRAP_I64: u8 = 0xA7;
const I64_EXTEND_I32_U: u8 = 0xAD;
const IF: u8 = 0x04;
const EMPTY: u8 = 0x40;
const END: u8 = 0x0B;
const CALL: u8 = 0x10;
const CALL_INDIRECT: u8 = 0x11;
const MEMORY_GROW: u8 = 0x40;

/// Added functions, in their order.
const PAY_OPERAND: u32 = 0;
const GROW: u32 = 1;

impl Added {
    /// The added types: of the host's function, then of the added functions.
    pub fn types(&self) -> [Vec<u8>; 3] {
        let address = if self.wide { I64 } else { I32 };
        [
            alloc::vec![0x60, 2, address, address, 1, address],
            alloc::vec![0x60, 1, I64, 1, I64],
            alloc::vec![0x60, 1, address, 1, address],
        ]
    }

    /// The added functions: type and body with its locals.
    pub fn bodies(&self) -> [(u32, Vec<u8>); 2] {
        [(self.types + 1, self.pay_operand()), (self.types + 2, self.grow())]
    }

    /// The added globals: counter and mark.
    pub fn globals() -> [Vec<u8>; 2] {
        [alloc::vec![I64, 1, I64_CONST, 0, END], alloc::vec![I32, 1, I32_CONST, 0, END]]
    }

    /// Append what is inserted at one place of a function whose copy of the counter is `local`.
    pub fn emit(&self, out: &mut Vec<u8>, insert: Insert, local: u32) {
        match insert {
            Insert::Enter(cost) => {
                self.counter(out, GLOBAL_GET);
                self.pay(out, cost, local);
                self.check(out, local);
            }
            Insert::Loop(cost) => {
                index(out, LOCAL_GET, local);
                self.pay(out, cost, local);
                self.check(out, local);
            }
            Insert::Pay(cost) => {
                index(out, LOCAL_GET, local);
                self.pay(out, cost, local);
            }
            Insert::Return => {
                self.counter(out, GLOBAL_GET);
                index(out, LOCAL_SET, local);
            }
            Insert::Operand32 => {
                out.push(I64_EXTEND_I32_U);
                self.emit(out, Insert::Operand64, local);
                out.push(I32_WRAP_I64);
            }
            Insert::Operand64 => {
                index(out, CALL, self.functions + PAY_OPERAND);
                self.emit(out, Insert::Return, local);
            }
            Insert::Grow(_) => index(out, CALL, self.functions + GROW),
        }
    }

    /// With the counter on the stack: `counter -= cost`.
    fn pay(&self, out: &mut Vec<u8>, cost: u64, local: u32) {
        out.push(I64_CONST);
        signed(out, cost as i64);
        out.push(I64_SUB);
        index(out, LOCAL_TEE, local);
        self.counter(out, GLOBAL_SET);
    }

    /// `if counter < 0 { exhausted = 1; unreachable }`: a call would spoil the code around it.
    fn check(&self, out: &mut Vec<u8>, local: u32) {
        index(out, LOCAL_GET, local);
        out.extend_from_slice(&[I64_CONST, 0, I64_LT_S, IF, EMPTY, I32_CONST, 1]);
        index(out, GLOBAL_SET, self.counter + 1);
        out.extend_from_slice(&[UNREACHABLE, END]);
    }

    /// Pays for its parameter, which it returns.  The counter does not wrap around.
    fn pay_operand(&self) -> Vec<u8> {
        let mut body = alloc::vec![1, 1, I64];
        self.counter(&mut body, GLOBAL_GET);
        body.extend_from_slice(&[LOCAL_GET, 0, I64_SUB, LOCAL_TEE, 1]);
        self.counter(&mut body, GLOBAL_GET);
        body.extend_from_slice(&[I64_GT_S, IF, EMPTY, I64_CONST]);
        signed(&mut body, i64::MIN);
        body.extend_from_slice(&[LOCAL_SET, 1, END, LOCAL_GET, 1]);
        self.counter(&mut body, GLOBAL_SET);
        self.check(&mut body, 1);
        body.extend_from_slice(&[LOCAL_GET, 0, END]);
        body
    }

    /// `memory.grow`, after which the host is asked: it is given the result and the pages asked for.
    fn grow(&self) -> Vec<u8> {
        let mut body = alloc::vec![0, LOCAL_GET, 0, MEMORY_GROW, 0, LOCAL_GET, 0, I32_CONST, 0];
        index(&mut body, CALL_INDIRECT, self.types);
        unsigned(&mut body, self.table.into());
        body.push(END);
        body
    }

    fn counter(&self, out: &mut Vec<u8>, instruction: u8) {
        index(out, instruction, self.counter);
    }
}

/// Append an instruction with an index.
fn index(out: &mut Vec<u8>, instruction: u8, index: u32) {
    out.push(instruction);
    unsigned(out, index.into());
}
