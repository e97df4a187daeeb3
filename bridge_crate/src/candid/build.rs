//! Python containers from decoded parts.

use super::plan::{Alternative, Record, Style};
use crate::capi::inline::{PyList_ITEMS, PyTuple_SET_ITEM};
use crate::capi::layout::PyListObject;
use crate::capi::object::{Borrowed, Owned, PyResult};
use crate::capi::raw;
use alloc::vec::Vec;

/// Takes the last `count` parts off the stack and makes them one tuple.
pub fn tuple(parts: &mut Vec<Owned>, count: usize) -> PyResult<Owned> {
    debug_assert!(count <= parts.len());
    // SAFETY: the tuple is new and has room for the parts, which it takes over.
    unsafe {
        let tuple = Owned::from_raw(raw::PyTuple_New(count as isize))?;
        let first = parts.len() - count;
        for (index, part) in parts.drain(first..).enumerate() {
            PyTuple_SET_ITEM(tuple.as_ptr(), index, part.into_raw());
        }
        Ok(tuple)
    }
}

/// Takes the fields of a record off the stack and makes them one object.
#[inline]
pub fn record(record: &Record, parts: &mut Vec<Owned>) -> PyResult<Owned> {
    debug_assert!(record.fields.len() <= parts.len());
    let first = parts.len() - record.fields.len();
    match &record.style {
        Style::Dict(template) => {
            let mut dict = template.start(record.holds_containers)?;
            let values = parts.drain(first..);
            // SAFETY: the template was made of the keys of these fields, and there is a part for each.
            unsafe {
                record.fields.iter().zip(values).for_each(|(field, part)| dict.push(field.key.borrow(), part));
                Ok(dict.finish(record.holds_containers))
            }
        }
        Style::Attributes(attributes) => {
            if let Some(shape) = &attributes.shape {
                if let Some(object) = shape.make(parts)? {
                    return Ok(object);
                }
            }
            let object = call(attributes.class.borrow(), attributes.names.borrow(), &parts[first..]);
            parts.truncate(first);
            object
        }
    }
}

/// `class(**fields)`
fn call(class: Borrowed<'_>, names: Borrowed<'_>, values: &[Owned]) -> PyResult<Owned> {
    // SAFETY: `Owned` is a transparent pointer, so the slice is an array of objects that stay
    // alive during the call; one value for each name; the result is a new reference.
    unsafe {
        Owned::from_raw(raw::PyObject_Vectorcall(
            class.as_ptr(),
            values.as_ptr().cast(),
            0,
            if values.is_empty() { core::ptr::null_mut() } else { names.as_ptr() },
        ))
    }
}

/// `{tag: payload}`, the member of the enumeration, or an instance of the case's class.
#[inline]
pub fn alternative(alternative: &Alternative, payload: Owned) -> PyResult<Owned> {
    if let Some(member) = &alternative.member {
        return Ok(member.clone());
    }
    if let Some(case) = &alternative.case {
        return case.make(payload, alternative.holds_containers);
    }
    let mut dict = alternative.template.start(alternative.holds_containers)?;
    // SAFETY: the template was made of this key.
    unsafe {
        dict.push(alternative.key.borrow(), payload);
        Ok(dict.finish(alternative.holds_containers))
    }
}

/// A list of numbers, each made of `N` of the bytes. `make` runs no Python code.
#[inline(always)]
pub fn numbers<const N: usize>(bytes: &[u8], make: impl Fn([u8; N]) -> PyResult<Owned>) -> PyResult<Owned> {
    let chunks = bytes.chunks_exact(N);
    // SAFETY: the list has a place for each number, and nobody else gets to change it meanwhile.
    unsafe {
        let list = Owned::from_raw(raw::PyList_New(chunks.len() as isize))?;
        let mut place = PyList_ITEMS(list.as_ptr());
        for chunk in chunks {
            let mut array = [0; N];
            array.copy_from_slice(chunk);
            place.write(make(array)?.into_raw());
            place = place.add(1);
        }
        Ok(list)
    }
}

/// A new list with `count` places to be filled in order.
pub struct ListBuilder {
    list: Owned,
    filled: usize,
}

impl ListBuilder {
    /// The memory for `count` items is taken at once.
    pub fn new(count: usize) -> PyResult<Self> {
        // SAFETY: the result is a new reference.
        let list = unsafe { Owned::from_raw(raw::PyList_New(count as isize))? };
        Ok(ListBuilder { list, filled: 0 })
    }

    /// Fills the next place.
    #[inline(always)]
    pub fn push(&mut self, item: Owned) {
        // SAFETY: the list was made with that many places, and only this builder knows it; code
        // that found it through the garbage collector and shortened it is caught by the check.
        unsafe {
            let list = self.list.as_ptr();
            assert!(self.filled < (*list.cast::<PyListObject>()).ob_base.ob_size as usize);
            PyList_ITEMS(list).add(self.filled).write(item.into_raw());
        }
        self.filled += 1;
    }

    /// The list, when all places are filled.
    pub fn finish(self) -> Owned {
        self.list
    }
}
