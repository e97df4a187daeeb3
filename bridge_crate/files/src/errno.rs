//! Error numbers of WASI preview 1, which are those of the C library and of Python's `errno` in a canister.
//!
//! Source: `witx/typenames.witx`.

/// The result of an operation.
pub type Result<T, E = Errno> = core::result::Result<T, E>;

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Errno {
    /// `EBADF`: no such descriptor, or it is not open for that.
    BadF = 8,
    /// `EBUSY`: the root of a place that holds files.
    Busy = 10,
    /// `EEXIST`
    Exist = 20,
    /// `EFBIG`: beyond the size that a file may have.
    FBig = 22,
    /// `EINVAL`
    Inval = 28,
    /// `EIO`: the stable memory is damaged.
    Io = 29,
    /// `EISDIR`
    IsDir = 31,
    /// `ELOOP`: too many symbolic links.
    Loop = 32,
    /// `EMFILE`: too many open files.
    MFile = 33,
    /// `EMLINK`: too many names of one file.
    MLink = 34,
    /// `ENAMETOOLONG`
    NameTooLong = 37,
    /// `ENODEV`: the stable memory is used in another way.
    NoDev = 43,
    /// `ENOENT`
    NoEnt = 44,
    /// `ENOSPC`
    NoSpc = 51,
    /// `ENOTDIR`
    NotDir = 54,
    /// `ENOTEMPTY`
    NotEmpty = 55,
    /// `ENOTSUP`
    NotSup = 58,
    /// `EPERM`: a directory can have no second name.
    Perm = 63,
    /// `EROFS`: what was packed with the program cannot be changed.
    RoFs = 69,
    /// `EXDEV`: from one place that holds files to another.
    XDev = 75,
}
