//! What the build needs: phases, the registry of methods, the standard library.

use super::arguments::{bytes, exactly, memory_error, optional, text, u32, value_error};
use super::codec::plan;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::capi::raw;
use crate::context::{self, Phase};
use crate::dispatch::{self, Entry, Method};
use crate::stdlib;
use crate::wasi::files;

/// Exported methods per canister (interface specification, "Canister module format").
const MAX_METHODS: u32 = 1000;

fn phase(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    Owned::str(match context::phase() {
        Phase::Start => "init",
        Phase::Program => "program",
        Phase::Canister => "canister",
    })
}

/// Only forward, and the canister phase is entered by sealing alone.
fn set_phase(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [name] = exactly(arguments)?;
    match (context::phase(), text(*name)?) {
        (Phase::Start | Phase::Program, "program") => {
            files::enter_program_folder();
            context::set_phase(Phase::Program);
        }
        _ => return Err(value_error("no such change of phase")),
    }
    Ok(Owned::none())
}

fn refusals(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    let list = Owned::list()?;
    for text in context::refusals() {
        list.borrow().list_append(Owned::str(&text)?.borrow())?;
    }
    Ok(list)
}

fn set_library_import(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [on] = exactly(arguments)?;
    context::set_library_import(on.as_bool() == Some(true));
    Ok(Owned::none())
}

/// `register(slot, mode, name, function, arguments plan, results plan, flags, guard or None)`.
fn register(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [slot, mode, _name, function, args, results, flags, guard] = exactly(arguments)?;
    let slot = u32(*slot)?;
    if slot >= MAX_METHODS {
        return Err(value_error("a canister has at most 1000 methods"));
    }
    let context = match text(*mode)? {
        "query" => context::ANY_QUERY,
        "update" => context::UPDATE,
        "composite_query" => context::COMPOSITE_QUERY,
        _ => return Err(value_error("the mode is query, update or composite_query")),
    };
    let method = Method {
        function: function.to_owned(),
        arguments: plan(*args)?,
        results: plan(*results)?,
        context,
        flags: u32(*flags)?,
        guard: optional(*guard).map(Borrowed::to_owned),
    };
    dispatch::register_method(slot as usize, method);
    Ok(Owned::none())
}

/// `register_entry(name, function, arguments plan[, flags])`.
fn register_entry(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let (name, function, args, flags) = match arguments {
        [name, function, args] => (name, function, args, 0),
        [name, function, args, flags] => (name, function, args, u32(*flags)?),
        _ => return Err(super::arguments::type_error("wrong number of arguments")),
    };
    let wanted = text(*name)?;
    let number = dispatch::ENTRY_NAMES
        .iter()
        .position(|name| *name == wanted)
        .ok_or_else(|| value_error("no such entry point"))?;
    let entry = Entry { function: function.to_owned(), arguments: plan(*args)?, flags };
    dispatch::register_entry(number, entry);
    Ok(Owned::none())
}

/// `pack_file(path, content)`: a file below `/app`.
fn pack_file(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [path, content] = exactly(arguments)?;
    match files::pack(text(*path)?.as_bytes(), bytes(*content)?) {
        Ok(()) => Ok(Owned::none()),
        Err(number) => Err(value_error(&alloc::format!("the file cannot be packed (error {number})"))),
    }
}

/// `None`, or `(is_package, code)` of a module of the standard library.
fn stdlib_find(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [name] = exactly(arguments)?;
    let Some(module) = stdlib::find(text(*name)?.as_bytes()) else { return Ok(Owned::none()) };
    let code = stdlib::with_code(&module, |data| {
        // SAFETY: the data is valid for its length; the result is a new reference.
        unsafe { Owned::from_raw(raw::PyMarshal_ReadObjectFromString(data.as_ptr().cast(), data.len() as isize)) }
    });
    match code {
        Some(code) => Owned::tuple([Owned::bool(module.package), code?]),
        // The blob was read when the runtime was built: what may be lacking is room for a block.
        None => Err(memory_error()),
    }
}

/// Whether a module of the standard library exists: `None`, `False`, or `True` for a package.
fn stdlib_has(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [name] = exactly(arguments)?;
    Ok(match stdlib::find(text(*name)?.as_bytes()) {
        Some(module) => Owned::bool(module.package),
        None => Owned::none(),
    })
}

fn stdlib_refusal(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    let [name] = exactly(arguments)?;
    match stdlib::refusal(text(*name)?.as_bytes()) {
        Some(reason) => Owned::str(reason),
        None => Ok(Owned::none()),
    }
}

fn stdlib_names(arguments: &[Borrowed<'_>]) -> PyResult<Owned> {
    exactly::<0>(arguments)?;
    let list = Owned::list()?;
    let mut result = Ok(());
    stdlib::names(|name| {
        if result.is_ok() {
            result = Owned::str(name).and_then(|name| list.borrow().list_append(name.borrow()));
        }
    });
    result.map(|()| list)
}

super::functions! {
    c"phase" => phase,
    c"set_phase" => set_phase,
    c"refusals" => refusals,
    c"set_library_import" => set_library_import,
    c"register" => register,
    c"register_entry" => register_entry,
    c"pack_file" => pack_file,
    c"stdlib_find" => stdlib_find,
    c"stdlib_has" => stdlib_has,
    c"stdlib_refusal" => stdlib_refusal,
    c"stdlib_names" => stdlib_names,
}
