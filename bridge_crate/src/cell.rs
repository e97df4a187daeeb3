//! A cell for global state in a program with one thread.

use core::cell::UnsafeCell;

/// Global state.  A canister runs one message at a time on one thread, and the interpreter is not
/// re-entered through a borrow: [`Global::with`] must not be nested for the same cell.
pub struct Global<T>(UnsafeCell<T>);

// SAFETY: WebAssembly without the threads proposal has one thread.
unsafe impl<T> Sync for Global<T> {}

impl<T> Global<T> {
    /// Wraps the initial value.
    pub const fn new(value: T) -> Self {
        Global(UnsafeCell::new(value))
    }

    /// Runs `f` with exclusive access.  `f` must neither call back into Python nor into code that uses
    /// the same cell.
    #[inline(always)]
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: one thread, and the contract above rules out nested access.
        f(unsafe { &mut *self.0.get() })
    }

    /// The address of the value, for state whose parts outlive a call into Python.
    #[inline(always)]
    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}

impl<T: Copy> Global<T> {
    /// Reads the value.
    #[inline(always)]
    pub fn get(&self) -> T {
        self.with(|value| *value)
    }

    /// Replaces the value.
    #[inline(always)]
    pub fn set(&self, value: T) {
        self.with(|slot| *slot = value)
    }
}
