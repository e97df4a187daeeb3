//! Whether values that were written with other types can be read by a plan.

use super::plan::Plan;
use super::reader::Reader;
use super::subtype::{Subtyping, Tables};
use super::table::Table;

/// Pairs of types that are compared at most.
const BUDGET: usize = 100_000;

/// Whether every value of the types in a message's header is a value of the plan's types.  Unlike in Candid, an
/// opt with another content is not: it would be read as null, and data would be lost.
///
/// `header` is what messages of the other types start with ([`Plan::header`]).
pub fn accepts(plan: &Plan, header: &[u8]) -> bool {
    let mut reader = Reader::new(header);
    let Ok(wire) = Table::parse(&mut reader) else {
        return false;
    };
    let own = &plan.table;
    let tables = Tables { wire: &wire, own };
    let (mut subtyping, mut budget) = (Subtyping::lossless(), BUDGET);
    wire.values.len() == own.values.len()
        && wire
            .values
            .iter()
            .zip(&own.values)
            .all(|(wire, own)| subtyping.check(tables, *wire, *own, &mut budget).is_ok())
}
