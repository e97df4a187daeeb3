//! Instances that hold one reference and nothing else, made without running their class's initialiser.
//!
//! Calling a class that is written in Python costs some 4,000 instructions, because the interpreter is entered
//! anew.  A class that says `_one_slot_ = True`, and is built like that, gets its instances here: the caller
//! vouches that the content is what the initialiser would have accepted.  The content of such instances is read
//! here as well.

use super::heap::allocate;
use super::layout::*;
use super::object::{clear_exception, Borrowed, Owned, PyResult, Raised};
use super::raw;
use core::ffi::c_void;
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

    /// An instance around `content`. As CPython does with dicts, one whose content cannot refer to others is not listed
    /// by the garbage collector; none is counted by it.
    #[inline(always)]
    pub fn make(&self, content: Owned, holds_containers: bool) -> PyResult<Owned> {
        match self {
            Maker::Call(constructor) => constructor.borrow().call(&[content.borrow()]),
            // SAFETY: the class was checked by `has_one_slot`: its instances have a head for the garbage collector and
            // the layout of `Single`, and `PyObject_Free` releases what lies there. The block has room for both, and
            // all of them is set before the object is handed out.
            Maker::InPlace(class) => unsafe {
                let head: *mut PyGC_Head = allocate(size_of::<PyGC_Head>() + size_of::<Single>()).cast();
                if head.is_null() {
                    raw::PyErr_NoMemory();
                    return Err(Raised);
                }
                head.write(PyGC_Head { _gc_next: 0, _gc_prev: 0 });
                let instance = head.add(1).cast::<Single>();
                instance.write(Single {
                    base: PyObject { ob_refcnt: 1, ob_type: class.clone().into_raw().cast() },
                    content: content.into_raw(),
                });
                if holds_containers {
                    raw::PyObject_GC_Track(instance.cast());
                }
                Owned::from_raw(instance.cast())
            },
        }
    }

    /// The class (or function).
    #[inline(always)]
    pub fn class(&self) -> Borrowed<'_> {
        match self {
            Maker::Call(class) | Maker::InPlace(class) => class.borrow(),
        }
    }

    /// What an instance of just this class holds. `None` when it holds nothing, or lies elsewhere.
    ///
    /// # Safety
    /// The object is of the class (not of a subclass), and no Python code runs while the content is in use: it could
    /// exchange it.
    #[inline(always)]
    pub unsafe fn content<'a>(&self, object: &'a Borrowed<'_>) -> Option<Borrowed<'a>> {
        match self {
            Maker::Call(_) => None,
            // SAFETY: the class was checked by `has_one_slot`, and the object is of the class; an empty slot is null.
            Maker::InPlace(class) => unsafe {
                debug_assert!(object.class_is(class.borrow()));
                let content = (*object.as_ptr().cast::<Single>()).content;
                (!content.is_null()).then(|| Borrowed::from_raw(content))
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
        && class.tp_alloc == raw::PyType_GenericAlloc as *const () as *mut c_void
        && class.tp_flags & (Py_TPFLAGS_INLINE_VALUES | Py_TPFLAGS_MANAGED_DICT | Py_TPFLAGS_HAVE_GC)
            == Py_TPFLAGS_HAVE_GC
}
