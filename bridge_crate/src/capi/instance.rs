//! Attributes of instances, in place.
//!
//! CPython keeps the attributes of an ordinary instance in an array behind it, at the places that the keys of its
//! class have in a table which all instances share (`PyDictValues` of `pycore_dict.h`). Its own bytecode reads and
//! writes that array directly as long as the class has the version it was specialised for (`LOAD_ATTR_INSTANCE_VALUE`
//! and `STORE_ATTR_INSTANCE_VALUE`); here it is done in the same way, under the same conditions.

use super::layout::*;
use super::object::{status, Borrowed, Owned, PyResult, Raised};
use super::raw;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::c_void;

/// Where the instances of a class keep certain attributes.
pub struct Shape {
    class: Owned,
    /// The version of the class for which this holds; not 0.
    version: u32,
    /// The place of each attribute, as the caller numbers them.
    places: Box<[u8]>,
    /// The same places in the order in which they are to be set.
    order: Box<[u8]>,
    /// Fewest places that an instance must have.
    size: u8,
}

impl Shape {
    /// The shape of a class whose instances get the attributes `names`, set in the order of `order`; the names are
    /// the same ones, and interned. `None` when its instances are not of the ordinary form.
    ///
    /// The places are found by making an instance, so nothing of the class may take notice of it: no attribute is a
    /// descriptor with `__set__`, and there is no `__del__`.
    pub fn new(class: Borrowed<'_>, names: &[Borrowed<'_>], order: &[Borrowed<'_>]) -> PyResult<Option<Shape>> {
        if !class.has_feature(Py_TPFLAGS_TYPE_SUBCLASS) || names.len() != order.len() {
            return Ok(None);
        }
        let ty = class.as_ptr().cast::<PyTypeObject>();
        // SAFETY: the object is a class; instances with the flag have the array behind the object (asserted by
        // `_PyObject_InlineValues`), of which `capacity` and `size` say how much is there.
        unsafe {
            let ordinary = (*ty).tp_flags & Py_TPFLAGS_INLINE_VALUES != 0
                && (*ty).tp_basicsize as usize == size_of::<PyObject>()
                && (*ty).tp_alloc == raw::PyType_GenericAlloc as *const () as *mut c_void
                && (*ty).tp_finalize.is_null()
                && (*ty).tp_del.is_null();
            if !ordinary || raw::PyUnstable_Type_AssignVersionTag(ty) == 0 {
                return Ok(None);
            }
            let sample = Owned::from_raw(raw::PyType_GenericAlloc(ty, 0))?;
            for name in order {
                // The value is the name: that is how it is found again.
                status(raw::PyObject_GenericSetAttr(sample.as_ptr(), name.as_ptr(), name.as_ptr()))?;
            }
            let values = inline_values(sample.as_ptr());
            if (*values).valid == 0 || (*values).size as usize != order.len() {
                return Ok(None);
            }
            let first = first_value(values);
            let place = |name: &Borrowed<'_>| {
                let place = (0..(*values).capacity).find(|place| *first.add(usize::from(*place)) == name.as_ptr());
                place.ok_or(())
            };
            let places: Result<Vec<u8>, ()> = names.iter().map(place).collect();
            let order: Result<Vec<u8>, ()> = order.iter().map(place).collect();
            let (Ok(places), Ok(order)) = (places, order) else { return Ok(None) };
            let size = places.iter().max().map_or(0, |last| last + 1);
            let version = (*ty).tp_version_tag;
            drop(sample);
            if version == 0 || version != (*ty).tp_version_tag {
                return Ok(None);
            }
            let (places, order) = (places.into_boxed_slice(), order.into_boxed_slice());
            Ok(Some(Shape { class: class.to_owned(), version, places, order, size }))
        }
    }

    /// Whether nothing about the class has changed since.
    #[inline(always)]
    fn holds(&self) -> bool {
        // SAFETY: the class is alive.
        unsafe { (*self.class.as_ptr().cast::<PyTypeObject>()).tp_version_tag == self.version }
    }

    /// An instance with these attributes, one for each name, taken off the end of `values`. `None`, with the values
    /// left alone, when the shape does not hold any more.
    #[inline(always)]
    pub fn make(&self, values: &mut Vec<Owned>) -> PyResult<Option<Owned>> {
        if !self.holds() {
            return Ok(None);
        }
        let count = self.places.len();
        assert!(count <= values.len());
        // SAFETY: the class makes ordinary instances, whose array is new: it holds nothing and has room for the
        // places. The references are moved out of the vector, which is shortened by as many.
        unsafe {
            let object = raw::PyType_GenericAlloc(self.class.as_ptr().cast(), 0);
            let Ok(object) = Owned::from_raw(object) else { return Err(Raised) };
            let array = inline_values(object.as_ptr());
            if (*array).capacity < self.size {
                return Ok(None);
            }
            let first = first_value(array);
            let from = values.len() - count;
            values.set_len(from);
            let mut value = values.as_ptr().add(from);
            for place in &self.places {
                first.add(usize::from(*place)).write(core::ptr::read(value).into_raw());
                value = value.add(1);
            }
            // `_PyDictValues_AddToInsertionOrder`
            let mut next = first.add(usize::from((*array).capacity)).cast::<u8>();
            for place in &self.order {
                next.write(*place);
                next = next.add(1);
            }
            (*array).size = count as u8;
            Ok(Some(object))
        }
    }

    /// The attribute with that number. `None` says nothing: the object may be of another class, or the shape does
    /// not hold any more, or the attribute lies elsewhere or is missing.
    ///
    /// # Safety
    /// No Python code runs while the value is in use: it could change the instance.
    #[inline(always)]
    pub unsafe fn attribute<'a>(&self, object: &'a Borrowed<'_>, number: usize) -> Option<Borrowed<'a>> {
        if !object.class_is(self.class.borrow()) || !self.holds() {
            return None;
        }
        let place = *self.places.get(number)?;
        // SAFETY: the class makes ordinary instances; as long as the array is valid, the attributes are there. What is
        // not there is null.
        unsafe {
            let array = inline_values(object.as_ptr());
            if (*array).valid == 0 || place >= (*array).capacity {
                return None;
            }
            let value = *first_value(array).add(usize::from(place));
            (!value.is_null()).then(|| Borrowed::from_raw(value))
        }
    }
}

/// `_PyObject_InlineValues`
///
/// # Safety
/// The object's class has `Py_TPFLAGS_INLINE_VALUES`.
#[inline(always)]
unsafe fn inline_values(object: *mut PyObject) -> *mut PyDictValues {
    // SAFETY: they begin behind the object.
    unsafe { object.add(1).cast() }
}

/// Address of the first value.
///
/// # Safety
/// The array is that of a live instance.
#[inline(always)]
unsafe fn first_value(array: *mut PyDictValues) -> *mut *mut PyObject {
    // SAFETY: the field is within the array.
    unsafe { (&raw mut (*array).values).cast() }
}
