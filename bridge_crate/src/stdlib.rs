//! The standard library as one read-only blob: look-up by halving, blocks decompressed when needed.
//!
//! The layout is defined in `stdlib_bundler/format.py`; this is its reader.

use crate::capi::layout::_frozen;
use crate::cell::Global;
use alloc::vec::Vec;
use core::ffi::c_int;

const MAGIC: &[u8; 8] = b"BSKSTD01";
const HEADER: usize = 24;
const MODULE: usize = 20;
const BLOCK: usize = 16;
const REFUSAL: usize = 16;
const FLAG_PACKAGE: u8 = 1;
const FLAG_FROZEN: u8 = 2;

extern "C" {
    fn basilisk_lzma_decode(props: u32, input: *const u8, size: usize, out: *mut u8, out_size: usize) -> c_int;
    fn basilisk_zlib_decode(input: *const u8, size: usize, out: *mut u8, out_size: usize) -> c_int;
}

/// The parts of the blob.
#[derive(Clone, Copy)]
struct Blob {
    data: &'static [u8],
    modules: &'static [u8],
    blocks: &'static [u8],
    refusals: &'static [u8],
    strings: &'static [u8],
}

/// A module found in the blob.
pub struct Module {
    /// Whether it is a package.
    pub package: bool,
    block: usize,
    offset: usize,
    size: usize,
}

static BLOB: Global<Option<Blob>> = Global::new(None);
/// The block that was decompressed last: a package's modules share one, so its import needs it again.
static LAST_BLOCK: Global<Option<(usize, Vec<u8>)>> = Global::new(None);

fn u32_at(data: &[u8], offset: usize) -> usize {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&data[offset..offset + 4]);
    u32::from_le_bytes(bytes) as usize
}

fn u16_at(data: &[u8], offset: usize) -> usize {
    usize::from(data[offset]) | (usize::from(data[offset + 1]) << 8)
}

/// Takes the blob and keeps it.  The host has checked its digest, so damage beyond the header's cannot
/// come from outside; every access below is bounds-checked all the same.
pub fn open(data: &'static [u8]) -> Result<(), &'static str> {
    if data.len() < HEADER || &data[..8] != MAGIC {
        return Err("the standard library blob has another format than this runtime");
    }
    let modules = HEADER;
    let blocks = modules + u32_at(data, 8) * MODULE;
    let refusals = blocks + u32_at(data, 12) * BLOCK;
    let strings = refusals + u32_at(data, 16) * REFUSAL;
    let end = strings + u32_at(data, 20);
    if end > data.len() {
        return Err("the standard library blob is truncated");
    }
    let blob = Blob {
        data,
        modules: &data[modules..blocks],
        blocks: &data[blocks..refusals],
        refusals: &data[refusals..strings],
        strings: &data[strings..end],
    };
    BLOB.set(Some(blob));
    Ok(())
}

/// Finds the row of a table sorted by name.
fn search(blob: &Blob, table: &'static [u8], row: usize, name: &[u8]) -> Option<usize> {
    let (mut low, mut high) = (0, table.len() / row);
    while low < high {
        let middle = (low + high) / 2;
        let at = middle * row;
        let start = u32_at(table, at);
        let found = &blob.strings[start..start + u16_at(table, at + 4)];
        match found.cmp(name) {
            core::cmp::Ordering::Equal => return Some(at),
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// Looks a module up.
pub fn find(name: &[u8]) -> Option<Module> {
    let blob = BLOB.get()?;
    search(&blob, blob.modules, MODULE, name).map(|at| module_at(&blob, at))
}

fn module_at(blob: &Blob, at: usize) -> Module {
    let table = blob.modules;
    Module {
        package: table[at + 6] & FLAG_PACKAGE != 0,
        block: u32_at(table, at + 8),
        offset: u32_at(table, at + 12),
        size: u32_at(table, at + 16),
    }
}

/// Why a module of the standard library cannot be imported, if it is one that is refused.
pub fn refusal(name: &[u8]) -> Option<&'static str> {
    let blob = BLOB.get()?;
    let at = search(&blob, blob.refusals, REFUSAL, name)?;
    let start = u32_at(blob.refusals, at + 8);
    core::str::from_utf8(&blob.strings[start..start + u32_at(blob.refusals, at + 12)]).ok()
}

/// Calls `visit` with the name of each module, in order.
pub fn names(mut visit: impl FnMut(&'static str)) {
    let Some(blob) = BLOB.get() else { return };
    for at in (0..blob.modules.len()).step_by(MODULE) {
        let start = u32_at(blob.modules, at);
        if let Ok(name) = core::str::from_utf8(&blob.strings[start..start + u16_at(blob.modules, at + 4)]) {
            visit(name);
        }
    }
}

/// Hands the marshalled code of a module to `read`.  `None` when its block cannot be decompressed.
pub fn with_code<R>(module: &Module, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
    let blob = BLOB.get()?;
    let at = module.block * BLOCK;
    let stored_at = u32_at(blob.blocks, at);
    let stored = &blob.data[stored_at..stored_at + u32_at(blob.blocks, at + 4)];
    let raw_size = u32_at(blob.blocks, at + 8);
    let method = blob.blocks[at + 12];
    if method == 0 {
        return Some(read(&stored[module.offset..module.offset + module.size]));
    }
    // Taken out while Python reads the code, which may import other modules in between.
    let last = LAST_BLOCK.with(Option::take);
    let raw = match last {
        Some((block, raw)) if block == module.block => raw,
        _ => decompress(method, blob.blocks[at + 13], stored, raw_size)?,
    };
    let result = read(&raw[module.offset..module.offset + module.size]);
    LAST_BLOCK.with(|slot| *slot = Some((module.block, raw)));
    Some(result)
}

fn decompress(method: u8, props: u8, stored: &[u8], raw_size: usize) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    raw.try_reserve_exact(raw_size).ok()?;
    // SAFETY: both decoders read `stored` alone and write at most `raw_size` bytes, the capacity.
    let status = unsafe {
        match method {
            1 => basilisk_zlib_decode(stored.as_ptr(), stored.len(), raw.as_mut_ptr(), raw_size),
            2 => basilisk_lzma_decode(props.into(), stored.as_ptr(), stored.len(), raw.as_mut_ptr(), raw_size),
            _ => -1,
        }
    };
    if status != 0 {
        return None;
    }
    // SAFETY: status 0 says that all `raw_size` bytes were written.
    unsafe { raw.set_len(raw_size) };
    Some(raw)
}

/// Forgets the decompressed block.
pub fn forget_block() {
    LAST_BLOCK.with(|slot| *slot = None);
}

/// The table of frozen modules for the interpreter's start: those that it needs before the finder for the
/// rest can run.  The table is never freed.
pub fn frozen_modules() -> *const _frozen {
    let mut table = Vec::new();
    if let Some(blob) = BLOB.get() {
        for at in (0..blob.modules.len()).step_by(MODULE) {
            if blob.modules[at + 6] & FLAG_FROZEN == 0 {
                continue;
            }
            let module = module_at(&blob, at);
            let start = u32_at(blob.modules, at);
            let mut name = blob.strings[start..start + u16_at(blob.modules, at + 4)].to_vec();
            name.push(0);
            let block = u32_at(blob.blocks, module.block * BLOCK);
            let code = &blob.data[block + module.offset..block + module.offset + module.size];
            table.push(_frozen {
                name: Vec::leak(name).as_ptr().cast(),
                code: code.as_ptr(),
                size: module.size as c_int,
                is_package: module.package.into(),
            });
        }
    }
    table.push(_frozen { name: core::ptr::null(), code: core::ptr::null(), size: 0, is_package: 0 });
    Vec::leak(table).as_ptr()
}
