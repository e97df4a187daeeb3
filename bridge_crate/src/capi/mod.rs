//! The Python C API, as far as this crate uses it.
//!
//! | module   | holds | unsafe to use |
//! |----------|-------|---------------|
//! | [`raw`]    | `extern "C"` declarations: functions and data of CPython 3.13 | yes |
//! | [`layout`] | structures and constants of the headers, field for field | yes |
//! | [`inline`] | what the headers define as macros or `static inline` functions | yes |
//! | [`object`] | owned and borrowed references, typed access, errors as `Result` | no |
//! | [`access`] | items of containers | no |
//! | [`heap`]   | memory for small objects | yes |
//! | [`number`], [`text`], [`dict`] | digits of an `int`, characters of a `str`, entries of a `dict`, in place | no |
//!
//! Nothing here is trusted: `check_capi.py` turns each declaration of [`raw`] and [`layout`] into a
//! C static assertion and compiles it against the real headers, for wasm32 and for the host.
//! It reads these files as text, so keep their plain form: one declaration after the other, no
//! macros, no conditional compilation, C type names of `core::ffi`.
//!
//! Functions that return `PyStatus` by value are absent on purpose: Rust and clang disagree about
//! how a structure is returned on wasm32. They are called from C.

pub mod access;
pub mod dict;
pub mod heap;
pub mod inline;
pub mod instance;
pub mod layout;
pub mod number;
pub mod object;
pub mod raw;
pub mod single;
pub mod text;

pub use layout::{PyObject, PyTypeObject, Py_ssize_t};
pub use object::{Borrowed, Owned, PyResult, Raised};
