//! Instances that hold one reference and nothing else, made without running their class's initialiser.
//!
//! Calling a class that is written in Python costs some 4,000 instructions, because the interpreter is entered
//! anew.  A class that says `_one_slot_ = True`, and is built like that, gets its instances here: the caller
//! vouches that the content is what the initialiser would have accepted.

use super::layout::*;
use super::object::{clear_exception, Borrowed, Owned, PyResult};
use super::raw;
use core::mem::size_of;

/// Makes instances of a class around one object each.
pub enum Maker {
    /// The object is put into the only slot.
    InPlace(Owned),
    /// The class (or any function) is called with the object.
    Call(Owned),
}

/// An instance as the class lays it out.
#[repr(C)]
struct Single {
    base: PyObject,
    content: *mut PyObject,
}

impl Maker {
    /// The cheaper way where it is allowed.
    pub fn of(constructor: Borrowed<'_>) -> Maker {
        if has_one_slot(constructor) {
            Maker::InPlace(constructor.to_owned())
        } else {
            Maker::Call(constructor.to_owned())
        }
    }

    /// An instance around `content`.
    pub fn make(&self, content: Owned) -> PyResult<Owned> {
        match self {
            Maker::Call(constructor) => constructor.borrow().call(&[content.borrow()]),
            // SAFETY: the class was checked by `has_one_slot`: its instances have the layout of `Single`, and
            // the new one is zeroed behind its head.
            Maker::InPlace(class) => unsafe {
                let instance = Owned::from_raw(raw::PyType_GenericAlloc(class.as_ptr().cast(), 0))?;
                (*instance.as_ptr().cast::<Single>()).content = content.into_raw();
                Ok(instance)
            },
        }
    }
}

/// Whether it is a class that asks for this, and whose instances are a head and one reference.
fn has_one_slot(class: Borrowed<'_>) -> bool {
    if !class.has_feature(Py_TPFLAGS_TYPE_SUBCLASS) {
        return false;
    }
    let asks = match class.attr(c"_one_slot_") {
        Ok(mark) => mark.borrow().as_bool() == Some(true),
        Err(_) => {
            clear_exception();
            false
        }
    };
    // SAFETY: the object is a class and alive.
    let class = unsafe { &*class.as_ptr().cast::<PyTypeObject>() };
    asks && class.tp_basicsize as usize == size_of::<Single>()
        && class.tp_itemsize == 0
        && class.tp_dictoffset == 0
        && class.tp_weaklistoffset == 0
        && class.tp_flags & (Py_TPFLAGS_INLINE_VALUES | Py_TPFLAGS_MANAGED_DICT) == 0
}
