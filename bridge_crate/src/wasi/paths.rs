//! Paths: the file system is one empty, read-only root directory.
//!
//! A file system in memory takes this module's place later; until then reading says "no such file" and
//! writing says "read-only file system".  At build time each attempt is remembered for the error report.

use super::descriptors::{root_filestat, Filestat, ROOT_OPENED};
use super::{errno, put};
use crate::context;

const O_CREAT: i32 = 1;
const O_DIRECTORY: i32 = 2;

fn path<'a>(address: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: wasi-libc passes a path of `length` bytes that stays valid during the call.
    unsafe { core::slice::from_raw_parts(address, length) }
}

/// True for the ways in which wasi-libc spells the root relative to the preopened directory.
fn is_root(path: &[u8]) -> bool {
    matches!(path, b"" | b"." | b"./" | b"/")
}

fn missing() -> i32 {
    context::refuse("files");
    errno::NOENT
}

fn read_only() -> i32 {
    context::refuse("files");
    errno::ROFS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_filestat_get(
    _fd: i32,
    _flags: i32,
    address: *const u8,
    length: usize,
    out: *mut Filestat,
) -> i32 {
    if is_root(path(address, length)) {
        // SAFETY: a valid out pointer.
        unsafe { put(out, root_filestat()) };
        return errno::SUCCESS;
    }
    missing()
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_open(
    _fd: i32,
    _lookup: i32,
    address: *const u8,
    length: usize,
    open_flags: i32,
    _rights: u64,
    _inheriting: u64,
    _fd_flags: i32,
    out: *mut i32,
) -> i32 {
    if open_flags & O_CREAT != 0 {
        return read_only();
    }
    if !is_root(path(address, length)) {
        return missing();
    }
    if open_flags & O_DIRECTORY == 0 {
        return errno::ISDIR;
    }
    // SAFETY: a valid out pointer.
    unsafe { put(out, ROOT_OPENED) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_readlink(
    _fd: i32,
    address: *const u8,
    length: usize,
    _buffer: *mut u8,
    _size: usize,
    _used: *mut usize,
) -> i32 {
    if is_root(path(address, length)) {
        errno::INVAL
    } else {
        missing()
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_create_directory(_fd: i32, _path: i32, _length: i32) -> i32 {
    read_only()
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_filestat_set_times(
    _fd: i32,
    _flags: i32,
    _path: i32,
    _length: i32,
    _accessed: u64,
    _modified: u64,
    _set: i32,
) -> i32 {
    read_only()
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_link(
    _from_fd: i32,
    _flags: i32,
    _from: i32,
    _from_length: i32,
    _to_fd: i32,
    _to: i32,
    _to_length: i32,
) -> i32 {
    read_only()
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_symlink(
    _from: i32,
    _from_length: i32,
    _fd: i32,
    _to: i32,
    _to_length: i32,
) -> i32 {
    read_only()
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_remove_directory(
    _fd: i32,
    address: *const u8,
    length: usize,
) -> i32 {
    if is_root(path(address, length)) {
        read_only()
    } else {
        missing()
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_unlink_file(_fd: i32, address: *const u8, length: usize) -> i32 {
    if is_root(path(address, length)) {
        errno::ISDIR
    } else {
        missing()
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_rename(
    _from_fd: i32,
    _from: i32,
    _from_length: i32,
    _to_fd: i32,
    _to: i32,
    _to_length: i32,
) -> i32 {
    missing()
}
