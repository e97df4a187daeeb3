//! File descriptors: the three standard streams and one empty, read-only root directory.

use super::{errno, put};
use crate::console;

/// The preopened root directory.
pub const ROOT: i32 = 3;
/// A second descriptor of the root directory, as `opendir("/")` gets it.
pub const ROOT_OPENED: i32 = 4;

const FILETYPE_CHARACTER_DEVICE: u8 = 2;
const FILETYPE_DIRECTORY: u8 = 3;
const FILETYPE_REGULAR_FILE: u8 = 4;

/// `fdstat`: file type, flags, rights.
#[repr(C)]
pub struct Fdstat {
    filetype: u8,
    flags: u16,
    rights: u64,
    rights_inheriting: u64,
}

/// `filestat`: what `stat` and `fstat` read.
#[repr(C)]
pub struct Filestat {
    device: u64,
    inode: u64,
    filetype: u8,
    links: u64,
    size: u64,
    accessed: u64,
    modified: u64,
    changed: u64,
}

/// A buffer of a gathered write or scattered read.
#[repr(C)]
pub struct Buffer {
    address: *mut u8,
    length: usize,
}

/// The root directory's `filestat`.
pub fn root_filestat() -> Filestat {
    filestat(FILETYPE_DIRECTORY, 1)
}

fn filestat(filetype: u8, inode: u64) -> Filestat {
    Filestat { device: 0, inode, filetype, links: 1, size: 0, accessed: 0, modified: 0, changed: 0 }
}

/// The file type of a descriptor, or None when it is not open.
fn filetype(fd: i32) -> Option<u8> {
    match fd {
        // Standard input is always at its end.  The streams are no terminals: regular files keep isatty() false.
        0 => Some(FILETYPE_REGULAR_FILE),
        1 | 2 => Some(FILETYPE_CHARACTER_DEVICE),
        ROOT | ROOT_OPENED => Some(FILETYPE_DIRECTORY),
        _ => None,
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_fdstat_get(fd: i32, out: *mut Fdstat) -> i32 {
    let Some(filetype) = filetype(fd) else { return errno::BADF };
    // All rights but seek and tell on streams: with them isatty() stays false.
    let stat = Fdstat { filetype, flags: 0, rights: u64::MAX, rights_inheriting: u64::MAX };
    // SAFETY: wasi-libc passes a valid out pointer.
    unsafe { put(out, stat) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_fdstat_set_flags(fd: i32, _flags: i32) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SUCCESS)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_get(fd: i32, out: *mut Filestat) -> i32 {
    let Some(filetype) = filetype(fd) else { return errno::BADF };
    // SAFETY: wasi-libc passes a valid out pointer.
    unsafe { put(out, filestat(filetype, fd as u64 + 1)) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_set_size(fd: i32, _size: u64) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::INVAL)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_set_times(
    fd: i32,
    _accessed: u64,
    _modified: u64,
    _flags: i32,
) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::ROFS)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_prestat_get(fd: i32, out: *mut [u32; 2]) -> i32 {
    if fd != ROOT {
        return errno::BADF;
    }
    // SAFETY: wasi-libc passes a valid out pointer; tag 0 means a directory, then the length of its name.
    unsafe { put(out, [0, 1]) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_prestat_dir_name(fd: i32, path: *mut u8, length: usize) -> i32 {
    if fd != ROOT || length == 0 {
        return errno::BADF;
    }
    // SAFETY: the caller passes a buffer of `length` >= 1 bytes.
    unsafe { put(path, b'/') };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_write(
    fd: i32,
    buffers: *const Buffer,
    count: usize,
    written: *mut usize,
) -> i32 {
    if fd != 1 && fd != 2 {
        return errno::BADF;
    }
    let mut total = 0;
    for index in 0..count {
        // SAFETY: the caller passes `count` buffers, each valid for reads of its length.
        let data = unsafe {
            let buffer = &*buffers.add(index);
            core::slice::from_raw_parts(buffer.address, buffer.length)
        };
        console::write(data);
        total += data.len();
    }
    // SAFETY: a valid out pointer.
    unsafe { put(written, total) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_read(
    fd: i32,
    _buffers: *const Buffer,
    _count: usize,
    read: *mut usize,
) -> i32 {
    match fd {
        0 => {
            // SAFETY: a valid out pointer.
            unsafe { put(read, 0) };
            errno::SUCCESS
        }
        ROOT | ROOT_OPENED => errno::ISDIR,
        _ => errno::BADF,
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_pread(
    fd: i32,
    _buffers: *const Buffer,
    _count: usize,
    _offset: u64,
    _read: *mut usize,
) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SPIPE)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_pwrite(
    fd: i32,
    _buffers: *const Buffer,
    _count: usize,
    _offset: u64,
    _written: *mut usize,
) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SPIPE)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_seek(fd: i32, _offset: i64, _whence: i32, _out: *mut u64) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SPIPE)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_tell(fd: i32, _out: *mut u64) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SPIPE)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_close(fd: i32) -> i32 {
    // Nothing is held open, so closing only has to know whether the descriptor exists.
    filetype(fd).map_or(errno::BADF, |_| errno::SUCCESS)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_sync(fd: i32) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SUCCESS)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_datasync(fd: i32) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SUCCESS)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_advise(fd: i32, _offset: u64, _length: u64, _advice: i32) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::SUCCESS)
}

/// The root directory is empty: the listing ends at once.
#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_readdir(
    fd: i32,
    _buffer: *mut u8,
    _length: usize,
    _cookie: u64,
    used: *mut usize,
) -> i32 {
    match fd {
        ROOT | ROOT_OPENED => {
            // SAFETY: a valid out pointer.
            unsafe { put(used, 0) };
            errno::SUCCESS
        }
        0..=2 => errno::NOTDIR,
        _ => errno::BADF,
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_renumber(fd: i32, _to: i32) -> i32 {
    filetype(fd).map_or(errno::BADF, |_| errno::NOTSUP)
}
