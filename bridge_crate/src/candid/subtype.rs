//! Subtyping between two type tables (Candid specification, "Subtyping").
//!
//! Needed for function and service references alone: other values are judged as they are read.
//! Because everything is a subtype of every opt, no rule has alternatives: a pair of types holds
//! exactly when all pairs it leads to hold. So a work list and a set of visited pairs suffice; no
//! recursion, and recursive types end by themselves.

use super::table::{code, Entry, Field, Span, Table, TypeRef};
use alloc::vec::Vec;

/// A type of one of the two tables.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Side {
    wire: bool,
    ty: TypeRef,
}

/// Subtype questions between a message's table and a plan's own; answers are remembered.
#[derive(Default)]
pub struct Subtyping {
    proved: PairSet,
    refuted: Vec<(TypeRef, TypeRef)>,
    lossless: bool,
}

/// The two tables.
#[derive(Clone, Copy)]
pub struct Tables<'t> {
    /// Of the message.
    pub wire: &'t Table<'t>,
    /// Of the plan.
    pub own: &'t Table<'t>,
}

/// Why a question has no positive answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a subtype.
    NotSubtype,
    /// The work budget is used up.
    Budget,
}

impl Subtyping {
    /// Without the rule that everything is a subtype of every opt, by which a value may be read as null.
    pub fn lossless() -> Subtyping {
        Subtyping { lossless: true, ..Subtyping::default() }
    }

    /// Whether the message's type is a subtype of the plan's. Each pair costs one unit of `budget`.
    pub fn check(
        &mut self,
        tables: Tables<'_>,
        wire: TypeRef,
        own: TypeRef,
        budget: &mut usize,
    ) -> Result<(), Refusal> {
        if self.refuted.contains(&(wire, own)) {
            return Err(Refusal::NotSubtype);
        }
        let mut work = Work { tables, queue: Vec::new(), lossless: self.lossless };
        work.push(Side { wire: true, ty: wire }, Side { wire: false, ty: own });
        let known = self.proved.keys.len();
        while let Some((sub, sup)) = work.queue.pop() {
            if sub.ty < 0 || sup.ty < 0 {
                if !work.shallow(sub, sup, budget)? {
                    return self.refute(known, wire, own);
                }
                continue;
            }
            if !self.proved.insert(pair(sub, sup)) {
                continue;
            }
            *budget = budget.checked_sub(1).ok_or(Refusal::Budget)?;
            if !work.expand(sub, sup, budget)? {
                return self.refute(known, wire, own);
            }
        }
        Ok(())
    }

    /// Forgets the pairs that were only assumed.
    fn refute(&mut self, known: usize, wire: TypeRef, own: TypeRef) -> Result<(), Refusal> {
        self.proved.truncate(known);
        self.refuted.push((wire, own));
        Err(Refusal::NotSubtype)
    }
}

/// The pairs still to be looked at.
struct Work<'t> {
    tables: Tables<'t>,
    queue: Vec<(Side, Side)>,
    lossless: bool,
}

impl<'t> Work<'t> {
    fn table(&self, side: Side) -> &'t Table<'t> {
        if side.wire {
            self.tables.wire
        } else {
            self.tables.own
        }
    }

    fn push(&mut self, sub: Side, sup: Side) {
        self.queue.push((sub, sup));
    }

    /// The rules for pairs with a primitive type, and those that need no look inside.
    fn shallow(&mut self, sub: Side, sup: Side, budget: &mut usize) -> Result<bool, Refusal> {
        let (sub_entry, sup_entry) = (self.table(sub).entry_of(sub.ty), self.table(sup).entry_of(sup.ty));
        Ok(match (sub.ty, sup.ty) {
            (_, code::RESERVED) | (code::EMPTY, _) | (code::NAT, code::INT) => true,
            (ty, _) if matches!(sup_entry, Some(Entry::Opt(_))) => {
                if let (true, false, Some(Entry::Opt(inner))) = (self.lossless, ty == code::NULL, sup_entry) {
                    // An opt may contain nothing but itself.
                    pay(budget, 1)?;
                    self.push(sub, Side { wire: sup.wire, ty: inner });
                }
                true
            }
            (_, code::PRINCIPAL) if matches!(sub_entry, Some(Entry::Service(_))) => true,
            (sub, sup) => sub < 0 && sub == sup,
        })
    }

    /// Adds what a pair of composite types leads to; `false` when the pair cannot hold.
    fn expand(&mut self, sub: Side, sup: Side, budget: &mut usize) -> Result<bool, Refusal> {
        let (sub_table, sup_table) = (self.table(sub), self.table(sup));
        let (Some(sub_entry), Some(sup_entry)) = (sub_table.entry_of(sub.ty), sup_table.entry_of(sup.ty)) else {
            return Ok(false);
        };
        let below = |ty| Side { wire: sub.wire, ty };
        let above = |ty| Side { wire: sup.wire, ty };
        match (sub_entry, sup_entry) {
            (sub_entry, Entry::Opt(inner)) => {
                if self.lossless {
                    let content = match sub_entry {
                        Entry::Opt(content) => below(content),
                        _ => sub,
                    };
                    self.push(content, above(inner));
                }
                Ok(true)
            }
            (Entry::Vec(a), Entry::Vec(b)) => {
                self.push(below(a), above(b));
                Ok(true)
            }
            (Entry::Record(a), Entry::Record(b)) => {
                let (a, b) = (sub_table.fields(a), sup_table.fields(b));
                pay(budget, a.len() + b.len())?;
                Ok(b.iter().all(|field| match find(a, field.id) {
                    Some(ty) => {
                        self.push(below(ty), above(field.ty));
                        true
                    }
                    None => may_be_missing(sup_table, field.ty),
                }))
            }
            (Entry::Variant(a), Entry::Variant(b)) => {
                let (a, b) = (sub_table.fields(a), sup_table.fields(b));
                pay(budget, a.len() + b.len())?;
                Ok(a.iter().all(|field| match find(b, field.id) {
                    Some(ty) => {
                        self.push(below(field.ty), above(ty));
                        true
                    }
                    None => false,
                }))
            }
            (Entry::Func(a_args, a_results, a_marks), Entry::Func(b_args, b_results, b_marks)) => {
                Ok(a_marks == b_marks
                    && self.tuple(sup, b_args, sub, a_args, budget)?
                    && self.tuple(sub, a_results, sup, b_results, budget)?)
            }
            (Entry::Service(a), Entry::Service(b)) => {
                let (a, b) = (sub_table.fields(a), sup_table.fields(b));
                pay(budget, a.len() + b.len())?;
                let name = |table: &'t Table<'t>, field: &Field| table.names[field.id as usize];
                Ok(b.iter().all(|method| {
                    let wanted = name(sup_table, method);
                    match a.binary_search_by(|own| name(sub_table, own).cmp(wanted)) {
                        Ok(index) => {
                            self.push(below(a[index].ty), above(method.ty));
                            true
                        }
                        Err(_) => false,
                    }
                }))
            }
            _ => Ok(false),
        }
    }

    /// Sequences of arguments or results, which follow the rules of records `{0; 1; …}`.
    fn tuple(
        &mut self,
        sub: Side,
        sub_items: Span,
        sup: Side,
        sup_items: Span,
        budget: &mut usize,
    ) -> Result<bool, Refusal> {
        let sub_items = self.table(sub).fields(sub_items);
        let sup_table = self.table(sup);
        let sup_items = sup_table.fields(sup_items);
        pay(budget, sup_items.len())?;
        for (index, item) in sup_items.iter().enumerate() {
            match sub_items.get(index) {
                Some(own) => {
                    self.push(Side { wire: sub.wire, ty: own.ty }, Side { wire: sup.wire, ty: item.ty });
                }
                None if may_be_missing(sup_table, item.ty) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn pay(budget: &mut usize, cost: usize) -> Result<(), Refusal> {
    *budget = budget.checked_sub(cost).ok_or(Refusal::Budget)?;
    Ok(())
}

/// The type of the field with that id; fields are sorted.
pub fn find(fields: &[Field], id: u32) -> Option<TypeRef> {
    fields.binary_search_by_key(&id, |field| field.id).ok().map(|index| fields[index].ty)
}

/// Whether a missing field or value of this type is read as null.
pub fn may_be_missing(table: &Table<'_>, ty: TypeRef) -> bool {
    matches!(ty, code::NULL | code::RESERVED) || matches!(table.entry_of(ty), Some(Entry::Opt(_)))
}

/// A pair as one number: two indices of less than 2^31 and which table each belongs to.
fn pair(sub: Side, sup: Side) -> u64 {
    let half = |side: Side| (u64::from(side.ty as u32) << 1) | u64::from(side.wire);
    (half(sub) << 32) | half(sup)
}

/// A set of pairs that can forget its latest members.
#[derive(Default)]
struct PairSet {
    keys: Vec<u64>,
    /// Open addressing: 1 + index into `keys`, 0 for free; a power of two long.
    slots: Vec<u32>,
}

impl PairSet {
    /// Whether the key is new.
    fn insert(&mut self, key: u64) -> bool {
        if self.keys.len() * 2 >= self.slots.len() {
            self.rebuild(self.slots.len().max(8) * 2);
        }
        let slot = self.slot(key);
        if self.slots[slot] != 0 {
            return false;
        }
        self.keys.push(key);
        self.slots[slot] = self.keys.len() as u32;
        true
    }

    /// The slot that holds the key, or the free slot where it belongs.
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask;
        while self.slots[slot] != 0 && self.keys[self.slots[slot] as usize - 1] != key {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn truncate(&mut self, length: usize) {
        self.keys.truncate(length);
        self.rebuild(self.slots.len());
    }

    fn rebuild(&mut self, size: usize) {
        self.slots.clear();
        self.slots.resize(size, 0);
        for index in 0..self.keys.len() {
            let slot = self.slot(self.keys[index]);
            self.slots[slot] = index as u32 + 1;
        }
    }
}
