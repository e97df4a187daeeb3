//! The few things that were used last.

use alloc::vec::Vec;

/// Up to `N` things, the one that was used last in front.
pub(crate) struct Recent<T, const N: usize>(Vec<T>);

impl<T, const N: usize> Recent<T, N> {
    /// Nothing yet.
    pub(crate) const fn new() -> Recent<T, N> {
        Recent(Vec::new())
    }

    /// The one that is wanted, which becomes the first.
    pub(crate) fn find(&mut self, wanted: impl Fn(&T) -> bool) -> Option<&mut T> {
        let index = self.0.iter().position(wanted)?;
        self.0[..=index].rotate_right(1);
        self.0.first_mut()
    }

    /// Adds one; the one that was not used for longest goes.
    pub(crate) fn put(&mut self, item: T) {
        self.0.truncate(N - 1);
        self.0.insert(0, item);
    }

    /// Forgets those that are no longer true.
    pub(crate) fn forget(&mut self, gone: impl Fn(&T) -> bool) {
        self.0.retain(|item| !gone(item));
    }
}
