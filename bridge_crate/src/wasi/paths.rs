//! Paths: from WASI's calling conventions to the file system.

use super::descriptors::{times, Filestat, APPEND};
use super::files::{bytes, with, WANTED};
use super::put;
use basilisk_files::descriptors::Opening;

/// `lookupflags`: a symbolic link at the end stands for its target.
const FOLLOW: u32 = 1;

const O_CREAT: u16 = 1;
const O_DIRECTORY: u16 = 2;
const O_EXCL: u16 = 4;
const O_TRUNC: u16 = 8;

const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_filestat_get(
    fd: u32,
    flags: u32,
    address: *const u8,
    length: usize,
    out: *mut Filestat,
) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        let stat = Filestat::of(files.stat(start, bytes(address, length), flags & FOLLOW != 0)?);
        // SAFETY: a valid out pointer.
        unsafe { put(out, stat) };
        Ok(())
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_open(
    fd: u32,
    lookup: u32,
    address: *const u8,
    length: usize,
    open_flags: u16,
    rights: u64,
    _inheriting: u64,
    fd_flags: u16,
    out: *mut u32,
) -> i32 {
    let how = Opening {
        read: rights & RIGHT_READ != 0,
        write: rights & RIGHT_WRITE != 0,
        append: fd_flags & APPEND != 0,
        create: open_flags & O_CREAT != 0,
        exclusive: open_flags & O_EXCL != 0,
        truncate: open_flags & O_TRUNC != 0,
        directory: open_flags & O_DIRECTORY != 0,
        no_follow: lookup & FOLLOW == 0,
        mode: WANTED.get().unwrap_or(0o666),
    };
    with(|files| {
        let start = files.directory(fd)?;
        let opened = files.open(start, bytes(address, length), how)?;
        // SAFETY: a valid out pointer.
        unsafe { put(out, opened) };
        Ok(())
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_readlink(
    fd: u32,
    address: *const u8,
    length: usize,
    buffer: *mut u8,
    size: usize,
    used: *mut usize,
) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        let target = files.read_link(start, bytes(address, length))?;
        let length = target.len().min(size);
        // SAFETY: the caller passes a buffer of `size` bytes and an out pointer.
        unsafe {
            core::ptr::copy_nonoverlapping(target.as_ptr(), buffer, length);
            put(used, length);
        }
        Ok(())
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_create_directory(
    fd: u32,
    address: *const u8,
    length: usize,
) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        files.make_directory(start, bytes(address, length), WANTED.get().unwrap_or(0o777))
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_filestat_set_times(
    fd: u32,
    flags: u32,
    address: *const u8,
    length: usize,
    accessed: u64,
    modified: u64,
    set: u32,
) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        let times = times(accessed, modified, set)?;
        files.set_times(start, bytes(address, length), flags & FOLLOW != 0, times)
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_link(
    from_fd: u32,
    flags: u32,
    from: *const u8,
    from_length: usize,
    to_fd: u32,
    to: *const u8,
    to_length: usize,
) -> i32 {
    with(|files| {
        let from = (files.directory(from_fd)?, bytes(from, from_length));
        let to = (files.directory(to_fd)?, bytes(to, to_length));
        files.link(from, flags & FOLLOW != 0, to)
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_symlink(
    target: *const u8,
    target_length: usize,
    fd: u32,
    address: *const u8,
    length: usize,
) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        files.symlink(bytes(target, target_length), start, bytes(address, length))
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_remove_directory(
    fd: u32,
    address: *const u8,
    length: usize,
) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        files.remove_directory(start, bytes(address, length))
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_unlink_file(fd: u32, address: *const u8, length: usize) -> i32 {
    with(|files| {
        let start = files.directory(fd)?;
        files.unlink(start, bytes(address, length))
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_path_rename(
    from_fd: u32,
    from: *const u8,
    from_length: usize,
    to_fd: u32,
    to: *const u8,
    to_length: usize,
) -> i32 {
    with(|files| {
        let from = (files.directory(from_fd)?, bytes(from, from_length));
        let to = (files.directory(to_fd)?, bytes(to, to_length));
        files.rename(from, to)
    })
}
