//! Items of lists, tuples and dicts, and the bytes of buffers.

use super::inline::*;
use super::layout::*;
use super::object::{Borrowed, Owned, PyResult, Raised};
use super::raw;

impl Borrowed<'_> {
    /// Whether it is a list or a tuple, or of a subclass.
    #[inline(always)]
    pub fn is_list_or_tuple(self) -> bool {
        self.has_feature(Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_TUPLE_SUBCLASS)
    }

    /// Number of items of a list or tuple; 0 for other objects.
    #[inline(always)]
    pub fn sequence_len(self) -> usize {
        match self.is_list_or_tuple() {
            // SAFETY: lists and tuples are objects of variable size.
            true => unsafe { Py_SIZE(self.as_ptr()) as usize },
            false => 0,
        }
    }

    /// An item of a list or tuple; `None` beyond the end and for other objects.
    #[inline(always)]
    pub fn sequence_item(self, index: usize) -> Option<Owned> {
        if index >= self.sequence_len() {
            return None;
        }
        // SAFETY: the object is a list or a tuple with more than `index` items; the reference is
        // taken before any other code runs.
        unsafe {
            let items = match self.has_feature(Py_TPFLAGS_LIST_SUBCLASS) {
                true => PyList_ITEMS(self.as_ptr()),
                false => PyTuple_ITEMS(self.as_ptr()),
            };
            let item = *items.add(index);
            // Items are null only while somebody still builds the container.
            (!item.is_null()).then(|| Borrowed::from_raw(item).to_owned())
        }
    }

    /// The items of a list or tuple at this moment; none of other objects.
    ///
    /// # Safety
    /// No Python code runs while the slice is in use: it could change the list.
    #[inline(always)]
    pub unsafe fn items_now(&self) -> &[Borrowed<'_>] {
        let count = self.sequence_len();
        if count == 0 {
            return &[];
        }
        // SAFETY: the object is a list or a tuple with that many items, none of which is null
        // (the container is visible to Python code); `Borrowed` is a transparent pointer.
        unsafe {
            let items = match self.has_feature(Py_TPFLAGS_LIST_SUBCLASS) {
                true => PyList_ITEMS(self.as_ptr()),
                false => PyTuple_ITEMS(self.as_ptr()),
            };
            core::slice::from_raw_parts(items.cast(), count)
        }
    }

    /// Whether `iter(self)` can be asked for.
    pub fn is_iterable(self) -> bool {
        // SAFETY: the object is alive, and so is its type.
        unsafe { !(*Py_TYPE(self.as_ptr())).tp_iter.is_null() || raw::PySequence_Check(self.as_ptr()) != 0 }
    }

    /// `list(self)`
    pub fn iterate(self) -> PyResult<Owned> {
        // SAFETY: the object is alive; the result is a new reference.
        unsafe { Owned::from_raw(raw::PySequence_List(self.as_ptr())) }
    }

    /// Number of entries of a dict; 0 for other objects.
    #[inline(always)]
    pub fn dict_len(self) -> usize {
        match self.has_feature(Py_TPFLAGS_DICT_SUBCLASS) {
            // SAFETY: the object is a dict.
            true => unsafe { (*self.as_ptr().cast::<PyDictObject>()).ma_used as usize },
            false => 0,
        }
    }

    /// The next entry of a dict at `position`, which starts at 0; `None` after the last.
    #[inline]
    pub fn dict_next(self, position: &mut Py_ssize_t) -> Option<(Owned, Owned)> {
        let (mut key, mut value) = (core::ptr::null_mut(), core::ptr::null_mut());
        // SAFETY: the object is alive (another type than dict gives 0); the references are
        // borrowed from the dict and taken before any other code runs.
        unsafe {
            if raw::PyDict_Next(self.as_ptr(), position, &raw mut key, &raw mut value) == 0 {
                return None;
            }
            Some((Borrowed::from_raw(key).to_owned(), Borrowed::from_raw(value).to_owned()))
        }
    }

    /// Hands the bytes of an object with the buffer protocol to `read`, which must not run Python
    /// code; `None` when the object has no buffer.
    pub fn with_buffer<T>(self, read: impl FnOnce(&[u8]) -> T) -> Option<PyResult<T>> {
        // SAFETY: the object is alive. The view is valid until it is released, and read-only
        // use of its contiguous bytes is what PyBUF_SIMPLE asks for; nothing writes to them
        // meanwhile, because there are no other threads at work here.
        unsafe {
            if raw::PyObject_CheckBuffer(self.as_ptr()) == 0 {
                return None;
            }
            let mut view = core::mem::MaybeUninit::<Py_buffer>::zeroed();
            if raw::PyObject_GetBuffer(self.as_ptr(), view.as_mut_ptr(), PyBUF_SIMPLE) < 0 {
                return Some(Err(Raised));
            }
            let view = view.assume_init_mut();
            let bytes: &[u8] = match view.len {
                0 => &[],
                length => core::slice::from_raw_parts(view.buf.cast(), length as usize),
            };
            let result = read(bytes);
            raw::PyBuffer_Release(view);
            Some(Ok(result))
        }
    }
}
