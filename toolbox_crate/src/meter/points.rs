//! Where code is charged, and how much.
//!
//! Instructions are paid in segments: at its start a segment pays for all its instructions.  A segment ends
//! with an instruction that may branch or that others branch to.  Function bodies and loops can be entered
//! again and again, so they are where an exhausted counter is noticed.

use alloc::vec::Vec;

use wasmparser::{FunctionBody, Result, VisitOperator, VisitSimdOperator};

use super::weights::{accesses, cost};
use crate::names::{find, Names};

/// What is inserted at a place in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    /// At the start of a function: pay for its first segment, and stop if the counter is below zero.
    Enter(u64),
    /// At the start of a loop: the same for the segment that begins there.
    Loop(u64),
    /// Pay for the segment that begins here.
    Pay(u64),
    /// Behind a call: the counter has changed.
    Return,
    /// Pay for the bytes or elements whose number, of 32 bits, is on the stack, and check.
    Operand32,
    /// The same for a number of 64 bits.
    Operand64,
    /// Replace the `memory.grow` that starts here and has this many bytes.
    Grow(usize),
}

impl Insert {
    /// How many instructions the network inserts for the same purpose (they count as compiled).
    fn operators(self) -> u64 {
        match self {
            Self::Return => 0,
            Self::Operand64 => 1,
            Self::Operand32 | Self::Grow(_) => 3,
            Self::Pay(_) => 4,
            Self::Enter(_) | Self::Loop(_) => 10,
        }
    }
}

/// The places of one body, in order, and its size.
#[derive(Default)]
pub struct Points {
    /// Offset in the body, what to insert.
    pub places: Vec<(usize, Insert)>,
    /// Instructions of the body as the network would instrument it.
    pub operators: u64,
}

impl Points {
    /// Look at a body.  `wide` says that addresses have 64 bits.
    ///
    /// # Errors
    /// The body is not made of instructions.
    pub fn of(body: &FunctionBody<'_>, wide: bool) -> Result<Self> {
        let mut reader = body.get_operators_reader()?;
        let mut scanner = Scanner { wide };
        let mut points = Self::default();
        let mut start = reader.original_position() as usize;
        // Even an empty function costs something.
        let (mut paid, mut kind) = (1, Insert::Enter as fn(u64) -> Insert);
        while !reader.eof() {
            let position = reader.original_position() as usize;
            let seen = reader.visit_operator(&mut scanner)?;
            let end = reader.original_position() as usize;
            points.operators += 1;
            paid += u64::from(seen.cost);
            match seen.role {
                Role::Plain => {}
                Role::Calls => points.places.push((end, Insert::Return)),
                Role::Fills if wide => points.places.push((position, Insert::Operand64)),
                Role::Fills | Role::Inits => points.places.push((position, Insert::Operand32)),
                Role::Grows => points.places.push((position, Insert::Grow(end - position))),
                Role::Ends | Role::Loops => {
                    points.segment(start, kind(paid));
                    kind = if seen.role == Role::Loops { Insert::Loop } else { Insert::Pay };
                    (start, paid) = (end, 0);
                }
            }
        }
        // Stable: of two inserts in one place, the one for an operand on the stack comes first.
        points.places.sort_by_key(|&(position, _)| position);
        points.operators += points.places.iter().map(|(_, insert)| insert.operators()).sum::<u64>();
        Ok(points)
    }

    fn segment(&mut self, start: usize, insert: Insert) {
        if insert != Insert::Pay(0) {
            self.places.push((start, insert));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Calls,
    /// Ends a segment.
    Ends,
    /// Ends a segment; the next one can be entered again.
    Loops,
    /// Takes as many bytes as the topmost operand says, which is as wide as an address.
    Fills,
    /// The same with an operand of 32 bits.
    Inits,
    Grows,
}

/// Instructions by role.  Tables have indices of 32 bits whatever addresses have.
const ROLES: &[(Role, Names)] = &[
    (Role::Calls, &["Call", "CallIndirect"]),
    (Role::Ends, &["If", "Else", "Br", "BrIf", "BrTable", "End"]),
    (Role::Ends, &["Return", "Unreachable", "ReturnCall", "ReturnCallIndirect"]),
    (Role::Loops, &["Loop"]),
    (Role::Fills, &["MemoryFill", "MemoryCopy"]),
    (Role::Inits, &["MemoryInit", "TableInit", "TableFill", "TableCopy"]),
    (Role::Grows, &["MemoryGrow"]),
];

struct Seen {
    cost: u32,
    role: Role,
}

struct Scanner {
    wide: bool,
}

macro_rules! scan {
    ($(@$p:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(fn $visit(&mut self $($(, $arg: $argty)*)?) -> Seen {
            const COST: u32 = cost(stringify!($op));
            const ACCESSES: bool = accesses(stringify!($op));
            const ROLE: Role = find(stringify!($op), ROLES, Role::Plain);
            $($(let _ = $arg;)*)?
            Seen { cost: COST + u32::from(ACCESSES && self.wide), role: ROLE }
        })*
    };
}

impl<'a> VisitOperator<'a> for Scanner {
    type Output = Seen;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Seen>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(scan);
}

impl VisitSimdOperator<'_> for Scanner {
    wasmparser::for_each_visit_simd_operator!(scan);
}
