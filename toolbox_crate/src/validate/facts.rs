//! What the sections of a module hold.

use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::{
    BinaryReader, DataKind, Export, ExternalKind, FuncType, GlobalType, Import, MemoryType, Operator,
    Payload, Result, TableType, TypeRef,
};

use crate::json::Json;

/// A custom section's name and the size of its content.
pub struct Custom<'a> {
    /// Its name.
    pub name: &'a str,
    /// Bytes after the name.
    pub size: usize,
}

/// A data segment.
pub struct Segment {
    /// The constant address of an active one; `None` if it is not one constant.
    pub address: Option<u64>,
    /// Whether it is applied when the module is instantiated.
    pub active: bool,
    /// Bytes of content.
    pub size: u64,
}

/// The sections of a module, read.
#[derive(Default)]
pub struct Facts<'a> {
    /// Function types.
    pub types: Vec<FuncType>,
    /// Imports.
    pub imports: Vec<Import<'a>>,
    /// Type indices of the functions, imported ones first.
    pub functions: Vec<u32>,
    /// How many functions are imported.
    pub imported_functions: u32,
    /// Tables defined here.
    pub tables: Vec<TableType>,
    /// Memories defined here.
    pub memories: Vec<MemoryType>,
    /// Globals defined here.
    pub globals: Vec<GlobalType>,
    /// Exports.
    pub exports: Vec<Export<'a>>,
    /// Data segments.
    pub data: Vec<Segment>,
    /// Size of the data section.
    pub data_size: u64,
    /// Size of the code section.
    pub code_size: u64,
    /// Custom sections.
    pub customs: Vec<Custom<'a>>,
    /// Index and length of the longest function name.
    pub longest_name: Option<(u32, usize)>,
}

impl<'a> Facts<'a> {
    /// Take up a section.
    pub fn read(&mut self, payload: &Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(reader) => {
                for item in reader.clone().into_iter_err_on_gc_types() {
                    self.types.push(item?);
                }
            }
            Payload::ImportSection(reader) => {
                for item in reader.clone().into_imports() {
                    self.import(item?);
                }
            }
            Payload::FunctionSection(reader) => {
                for item in reader.clone() {
                    self.functions.push(item?);
                }
            }
            Payload::TableSection(reader) => {
                for item in reader.clone() {
                    self.tables.push(item?.ty);
                }
            }
            Payload::MemorySection(reader) => {
                for item in reader.clone() {
                    self.memories.push(item?);
                }
            }
            Payload::GlobalSection(reader) => {
                for item in reader.clone() {
                    self.globals.push(item?.ty);
                }
            }
            Payload::ExportSection(reader) => {
                for item in reader.clone() {
                    self.exports.push(item?);
                }
            }
            Payload::CodeSectionStart { range, .. } => self.code_size = length(range),
            Payload::DataSection(reader) => {
                self.data_size = length(&reader.range());
                for item in reader.clone() {
                    let item = item?;
                    let (active, address) = match item.kind {
                        DataKind::Passive => (false, None),
                        DataKind::Active { offset_expr, .. } => (true, constant(&offset_expr)),
                    };
                    self.data.push(Segment { address, active, size: item.data.len() as u64 });
                }
            }
            Payload::CustomSection(reader) => {
                self.customs.push(Custom { name: reader.name(), size: reader.data().len() });
                if reader.name() == "name" {
                    self.names(reader.data_reader())?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, item: Import<'a>) {
        if let TypeRef::Func(index) | TypeRef::FuncExact(index) = item.ty {
            self.functions.push(index);
            self.imported_functions += 1;
        }
        self.imports.push(item);
    }

    /// Find the longest function name (name section, subsection 1).
    ///
    /// wasmparser's own reader gives up at names of 100,000 bytes, below the limit that is checked.
    fn names(&mut self, mut reader: BinaryReader<'a>) -> Result<()> {
        while !reader.eof() {
            let kind = reader.read_u8()?;
            let size = reader.read_var_u32()? as usize;
            let mut part = BinaryReader::new(reader.read_bytes(size)?, 0);
            if kind != 1 {
                continue;
            }
            for _ in 0..part.read_var_u32()? {
                let index = part.read_var_u32()?;
                let length = part.read_var_u32()? as usize;
                part.read_bytes(length)?;
                if self.longest_name.is_none_or(|(_, longest)| length > longest) {
                    self.longest_name = Some((index, length));
                }
            }
        }
        Ok(())
    }

    /// The type of a function.
    pub fn function_type(&self, index: u32) -> Option<&FuncType> {
        self.types.get(*self.functions.get(index as usize)? as usize)
    }

    /// Whether addresses have 64 bits.
    pub fn wide(&self) -> bool {
        self.memories.first().is_some_and(|memory| memory.memory64)
    }

    /// Functions defined in the module.
    pub fn defined_functions(&self) -> u64 {
        self.functions.len() as u64 - u64::from(self.imported_functions)
    }

    /// Names of the methods that are exported: update, query and composite query methods.
    pub fn methods(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.exports.iter().filter(|export| is_function(export)).filter_map(|export| {
            ["canister_update ", "canister_query ", "canister_composite_query "]
                .iter()
                .find_map(|prefix| export.name.strip_prefix(prefix))
        })
    }

    /// The custom sections that the Internet Computer reads.
    pub fn icp_customs(&self) -> impl Iterator<Item = &Custom<'a>> {
        self.customs.iter().filter(|custom| custom.name.starts_with("icp:"))
    }

    /// Write the measures.
    pub fn write(&self, json: &mut Json) {
        let sum = |sizes: &mut dyn Iterator<Item = usize>| sizes.sum::<usize>() as u64;
        for (key, value) in [
            ("code_size", self.code_size),
            ("data_size", self.data_size),
            ("data_segments", self.data.len() as u64),
            ("data_bytes", self.data.iter().map(|segment| segment.size).sum()),
            ("types", self.types.len() as u64),
            ("imports", self.imports.len() as u64),
            ("functions", self.defined_functions()),
            ("globals", self.globals.len() as u64),
            ("exports", self.exports.len() as u64),
            ("methods", self.methods().count() as u64),
            ("method_names", sum(&mut self.methods().map(str::len))),
            ("memory_pages", self.memories.first().map_or(0, |memory| memory.initial)),
            ("table_elements", self.tables.iter().map(|table| table.initial).max().unwrap_or(0)),
            ("icp_sections", self.icp_customs().count() as u64),
            ("icp_size", sum(&mut self.icp_customs().map(super::customs::counted_size))),
            ("longest_name", self.longest_name.map_or(0, |(_, length)| length as u64)),
        ] {
            json.key(key).number(value);
        }
    }
}

/// Whether an export is a function.
pub fn is_function(export: &Export<'_>) -> bool {
    matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

/// The value of an expression that is one integer constant.
fn constant(expression: &wasmparser::ConstExpr<'_>) -> Option<u64> {
    let mut reader = expression.get_operators_reader();
    let value = match reader.read().ok()? {
        Operator::I32Const { value } => u64::from(value as u32),
        Operator::I64Const { value } => value as u64,
        _ => return None,
    };
    matches!(reader.read().ok()?, Operator::End).then_some(value)
}
