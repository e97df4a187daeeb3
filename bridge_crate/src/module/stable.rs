//! Stable memory, byte by byte.  The 32-bit functions see the first 4 GiB, as the older System API does.

use super::arguments::{bytes, exactly, u32, u64, value_error};
use super::context_error;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::capi::raw;
use crate::context::{self, ALL};
use crate::ic0;
use crate::structures::registry;
use crate::wasi::files;

/// Bytes of a WebAssembly page.
const PAGE: u64 = 65536;
/// Pages within reach of the 32-bit functions.
const PAGES_32: u64 = 65536;

fn allow(function: &str) -> PyResult<()> {
    context::check(function, ALL).map_err(|text| context_error(&text))
}

/// Refuses an access beyond the end: as an exception that can be handled, where the system would trap.
fn within(offset: u64, length: u64) -> PyResult<()> {
    let size = ic0::stable64_size() * PAGE;
    match offset.checked_add(length) {
        Some(end) if end <= size => Ok(()),
        _ => Err(value_error("the range lies beyond the end of the stable memory; grow it first")),
    }
}

fn size_32() -> PyResult<u64> {
    let size = ic0::stable64_size();
    if size > PAGES_32 {
        return Err(value_error("the stable memory is larger than 4 GiB; use the stable64 functions"));
    }
    Ok(size)
}

fn read(offset: u64, length: u64) -> PyResult<Owned> {
    within(offset, length)?;
    let length: usize = length.try_into().map_err(|_| value_error("more than fits into memory"))?;
    // SAFETY: a new bytes object of that length, filled before anybody else sees it.
    unsafe {
        let value = Owned::from_raw(raw::PyBytes_FromStringAndSize(core::ptr::null(), length as isize))?;
        let data = crate::capi::inline::PyBytes_AS_STRING(value.as_ptr());
        ic0::stable64_read(offset, core::slice::from_raw_parts_mut(data, length));
        Ok(value)
    }
}

fn write(offset: u64, data: &[u8]) -> PyResult<Owned> {
    if registry::any() {
        return Err(value_error(
            "the program keeps stable structures in its stable memory, and bytes written at an address would \
             damage them; use a StableCell or a StableVec of nat8 instead",
        ));
    }
    if files::in_stable_memory() {
        return Err(value_error(
            "the program keeps files in /stable, and bytes written at an address would damage them; keep these \
             bytes in a file or in a StableCell instead",
        ));
    }
    within(offset, data.len() as u64)?;
    ic0::stable64_write(offset, data);
    Ok(Owned::none())
}

fn stable_size(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.stable_size")?;
    Owned::uint(size_32()?)
}

fn stable_grow(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [pages] = exactly(arguments)?;
    let pages = u32(*pages)?;
    allow("ic.stable_grow")?;
    if size_32()? + u64::from(pages) > PAGES_32 {
        return Owned::int(-1);
    }
    grow(pages.into())
}

fn grow(pages: u64) -> PyResult<Owned> {
    // The failure value is -1 as a signed number.
    Owned::int(ic0::stable64_grow(pages) as i64)
}

fn stable_read(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [offset, length] = exactly(arguments)?;
    let (offset, length) = (u32(*offset)?, u32(*length)?);
    allow("ic.stable_read")?;
    size_32()?;
    read(offset.into(), length.into())
}

fn stable_write(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [offset, data] = exactly(arguments)?;
    let (offset, data) = (u32(*offset)?, bytes(*data)?);
    allow("ic.stable_write")?;
    size_32()?;
    write(offset.into(), data)
}

fn stable64_size(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    allow("ic.stable64_size")?;
    Owned::uint(ic0::stable64_size())
}

fn stable64_grow(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [pages] = exactly(arguments)?;
    let pages = u64(*pages)?;
    allow("ic.stable64_grow")?;
    grow(pages)
}

fn stable64_read(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [offset, length] = exactly(arguments)?;
    let (offset, length) = (u64(*offset)?, u64(*length)?);
    allow("ic.stable64_read")?;
    read(offset, length)
}

fn stable64_write(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [offset, data] = exactly(arguments)?;
    let (offset, data) = (u64(*offset)?, bytes(*data)?);
    allow("ic.stable64_write")?;
    write(offset, data)
}

super::functions! {
    c"stable_size" => stable_size,
    c"stable_grow" => stable_grow,
    c"stable_read" => stable_read,
    c"stable_write" => stable_write,
    c"stable64_size" => stable64_size,
    c"stable64_grow" => stable64_grow,
    c"stable64_read" => stable64_read,
    c"stable64_write" => stable64_write,
}
