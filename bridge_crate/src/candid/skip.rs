//! Passes over values that nobody asked for. Their bytes are checked all the same: a message is
//! right or wrong whatever the receiver wants of it.

use super::decode::Decoder;
use super::error::{Problem, Step};
use super::table::{code, Entry, Field, Table, TypeRef};

impl<'m> Decoder<'_, 'm> {
    /// Reads past a value of a type of the message.
    pub(super) fn skip(&mut self, table: &Table<'m>, mut ty: TypeRef) -> Step<()> {
        loop {
            self.pay(1)?;
            let Some(entry) = table.entry_of(ty) else {
                return self.skip_primitive(ty);
            };
            return match entry {
                // A loop, so that any number of opts may nest.
                Entry::Opt(inner) => match self.opt_tag()? {
                    false => Ok(()),
                    true => {
                        ty = inner;
                        continue;
                    }
                },
                Entry::Vec(item) => self.skip_vec(table, item),
                Entry::Record(fields) => self.skip_record(table, table.fields(fields)),
                Entry::Variant(alternatives) => self.skip_variant(table, table.fields(alternatives)),
                Entry::Func(..) => self.skip_func(),
                Entry::Service(_) => self.principal_bytes().map(drop),
                Entry::Future => self.skip_future(),
            };
        }
    }

    fn skip_primitive(&mut self, ty: TypeRef) -> Step<()> {
        match ty {
            code::NULL | code::RESERVED => Ok(()),
            code::BOOL => self.bool().map(drop),
            code::NAT | code::INT => {
                let bytes = self.reader.leb_bytes();
                self.need(bytes).map(drop)
            }
            code::TEXT => self.skip_text(),
            code::PRINCIPAL => self.principal_bytes().map(drop),
            code::EMPTY => Err(self.fail(Problem::Plain("the type empty has no values"))),
            _ => {
                let bytes = self.reader.take(minimum_of_primitive(ty));
                self.need(bytes).map(drop)
            }
        }
    }

    fn skip_text(&mut self) -> Step<()> {
        let bytes = self.counted("the length of a text")?;
        match core::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.fail(Problem::Plain("the text is not valid UTF-8"))),
        }
    }

    #[inline(never)]
    fn skip_vec(&mut self, table: &Table<'m>, item: TypeRef) -> Step<()> {
        let count = self.number("the length of a vec")?;
        let minimum = minimum(table, item);
        if minimum > 0 && count > self.reader.remaining() / minimum {
            return Err(self.fail(Problem::TooLong(count)));
        }
        match item {
            code::NULL | code::RESERVED => return self.pay(count),
            // Numbers of fixed size: any bytes are a value. The product is at most what remains.
            code::FLOAT64..=code::NAT8 => {
                let bytes = self.reader.take(count * minimum);
                return self.need(bytes).map(drop);
            }
            _ => {}
        }
        self.descend()?;
        for _ in 0..count {
            self.skip(table, item)?;
        }
        self.depth -= 1;
        Ok(())
    }

    #[inline(never)]
    fn skip_record(&mut self, table: &Table<'m>, fields: &[Field]) -> Step<()> {
        self.descend()?;
        for field in fields {
            self.skip(table, field.ty)?;
        }
        self.depth -= 1;
        Ok(())
    }

    #[inline(never)]
    fn skip_variant(&mut self, table: &Table<'m>, alternatives: &[Field]) -> Step<()> {
        let index = self.number("the index of a variant")?;
        let Some(alternative) = alternatives.get(index) else {
            return Err(self.fail(Problem::OutOfRange("the index of a variant")));
        };
        self.descend()?;
        self.skip(table, alternative.ty)?;
        self.depth -= 1;
        Ok(())
    }

    fn skip_func(&mut self) -> Step<()> {
        match self.reader.byte() {
            Some(1) => {}
            Some(byte) => return Err(self.fail(Problem::BadByte("the tag of a reference", byte))),
            None => return Err(self.fail(Problem::EndsEarly)),
        }
        self.principal_bytes()?;
        self.skip_text()
    }

    /// A value of a later version's type: its size in bytes, its number of references, its bytes.
    fn skip_future(&mut self) -> Step<()> {
        let size = self.number("the length of a value")?;
        // The references lie outside of the message's bytes: nothing to skip.
        self.number("the number of references")?;
        let bytes = self.reader.take(size);
        self.need(bytes).map(drop)
    }
}

/// The fewest bytes a value of the type takes; too low for records of records, never too high.
pub fn minimum(table: &Table<'_>, ty: TypeRef) -> usize {
    match table.entry_of(ty) {
        None => minimum_of_primitive(ty),
        Some(Entry::Record(fields)) => {
            let is_record = |ty| matches!(table.entry_of(ty), Some(Entry::Record(_)));
            let takes_bytes = |field: &Field| !is_record(field.ty) && minimum(table, field.ty) > 0;
            usize::from(table.fields(fields).iter().any(takes_bytes))
        }
        Some(Entry::Opt(_) | Entry::Vec(_) | Entry::Variant(_)) => 1,
        Some(Entry::Func(..)) => 4,
        Some(Entry::Service(_) | Entry::Future) => 2,
    }
}

fn minimum_of_primitive(ty: TypeRef) -> usize {
    match ty {
        code::NULL | code::RESERVED | code::EMPTY => 0,
        code::NAT16 | code::INT16 | code::PRINCIPAL => 2,
        code::NAT32 | code::INT32 | code::FLOAT32 => 4,
        code::NAT64 | code::INT64 | code::FLOAT64 => 8,
        _ => 1,
    }
}
