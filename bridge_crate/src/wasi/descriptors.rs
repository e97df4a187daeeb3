//! Open files: the three standard streams, the root directory, and what the program opened.

use super::files::{self, with_file, Files};
use super::{errno, put};
use crate::console;
use basilisk_files::descriptors::{Whence, ROOT_DESCRIPTOR};
use basilisk_files::system::{Place, Times};
use basilisk_files::volume::{Kind, Meta};
use basilisk_files::Errno;

const FILETYPE_CHARACTER_DEVICE: u8 = 2;

const RIGHT_READ: u64 = 1 << 1;
const RIGHT_SEEK: u64 = 1 << 2;
const RIGHT_TELL: u64 = 1 << 5;
const RIGHT_WRITE: u64 = 1 << 6;

/// `fdflags`: every write goes to the end.
pub const APPEND: u16 = 1;
const NONBLOCK: u16 = 4;

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

impl Filestat {
    /// What is known of a node.
    pub fn of((place, meta): (Place, Meta)) -> Filestat {
        Filestat {
            device: place.mount as u64,
            inode: place.node,
            filetype: meta.kind as u8,
            links: meta.links.into(),
            size: meta.size,
            accessed: meta.accessed,
            modified: meta.modified,
            changed: meta.changed,
        }
    }

    fn stream(stream: u32) -> Filestat {
        let (inode, filetype) = (u64::from(stream) + 1, stream_type(stream));
        Filestat { device: 0, inode, filetype, links: 1, size: 0, accessed: 0, modified: 0, changed: 0 }
    }
}

/// A buffer of a gathered write or scattered read.
#[repr(C)]
pub struct Buffer {
    address: *mut u8,
    length: usize,
}

/// The type of a standard stream.
fn stream_type(stream: u32) -> u8 {
    match stream {
        // Standard input is always at its end.  It is no terminal: as a regular file it keeps isatty() false.
        0 => Kind::File as u8,
        _ => FILETYPE_CHARACTER_DEVICE,
    }
}

/// Runs `work` on an open file; a standard stream answers with `otherwise` instead.
fn on_file(fd: u32, otherwise: i32, work: impl FnOnce(&mut Files) -> Result<(), Errno>) -> i32 {
    with_file(fd, work, |_| otherwise)
}

/// WASI's flags for setting times: the time given, or now.
pub fn times(accessed: u64, modified: u64, flags: u32) -> Result<Times, Errno> {
    let now = || if crate::context::phase() == crate::context::Phase::Canister { crate::ic0::time() } else { 0 };
    let time = |given: u32, time: u64| match (flags >> given) & 3 {
        0 => Ok(None),
        1 => Ok(Some(time)),
        2 => Ok(Some(now())),
        _ => Err(Errno::Inval),
    };
    Ok(Times { accessed: time(0, accessed)?, modified: time(2, modified)? })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_fdstat_get(fd: u32, out: *mut Fdstat) -> i32 {
    // All rights but seek and tell on streams: with them isatty() stays false.
    let mut stat = Fdstat { filetype: 0, flags: 0, rights: u64::MAX, rights_inheriting: u64::MAX };
    let mut stream = None;
    let done = with_file(
        fd,
        |files| {
            if fd == ROOT_DESCRIPTOR {
                stat.filetype = Kind::Directory as u8;
                return Ok(());
            }
            let file = files.descriptor(fd)?;
            stat.filetype = file.kind as u8;
            stat.flags = if file.append { APPEND } else { 0 } | if file.nonblocking { NONBLOCK } else { 0 };
            if file.kind != Kind::Directory {
                let read = if file.read { RIGHT_READ } else { 0 };
                let write = if file.write { RIGHT_WRITE } else { 0 };
                stat.rights = u64::MAX & !(RIGHT_READ | RIGHT_WRITE) | read | write | RIGHT_SEEK | RIGHT_TELL;
            }
            Ok(())
        },
        |number| {
            stream = Some(stream_type(number));
            errno::SUCCESS
        },
    );
    if let Some(filetype) = stream {
        stat.filetype = filetype;
    }
    // SAFETY: wasi-libc passes a valid out pointer.
    unsafe { put(out, stat) };
    done
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_fdstat_set_flags(fd: u32, flags: u16) -> i32 {
    on_file(fd, errno::SUCCESS, |files| {
        if fd != ROOT_DESCRIPTOR {
            let file = files.descriptor(fd)?;
            (file.append, file.nonblocking) = (flags & APPEND != 0, flags & NONBLOCK != 0);
        }
        Ok(())
    })
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_get(fd: u32, out: *mut Filestat) -> i32 {
    let (mut found, mut stream) = (None, 0);
    let done = with_file(
        fd,
        |files| {
            found = Some(Filestat::of(files.stat_descriptor(fd)?));
            Ok(())
        },
        |number| {
            stream = number;
            errno::SUCCESS
        },
    );
    // SAFETY: wasi-libc passes a valid out pointer.
    unsafe { put(out, found.unwrap_or_else(|| Filestat::stream(stream))) };
    done
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_set_size(fd: u32, size: u64) -> i32 {
    on_file(fd, errno::INVAL, |files| files.truncate(fd, size))
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_allocate(fd: u32, offset: u64, length: u64) -> i32 {
    on_file(fd, errno::SPIPE, |files| files.allocate(fd, offset, length))
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_filestat_set_times(
    fd: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> i32 {
    on_file(fd, errno::INVAL, |files| files.set_descriptor_times(fd, times(accessed, modified, flags)?))
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_prestat_get(fd: u32, out: *mut [u32; 2]) -> i32 {
    if fd != ROOT_DESCRIPTOR {
        return errno::BADF;
    }
    // SAFETY: wasi-libc passes a valid out pointer; tag 0 means a directory, then the length of its name.
    unsafe { put(out, [0, 1]) };
    errno::SUCCESS
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_prestat_dir_name(fd: u32, path: *mut u8, length: usize) -> i32 {
    if fd != ROOT_DESCRIPTOR || length == 0 {
        return errno::BADF;
    }
    // SAFETY: the caller passes a buffer of `length` >= 1 bytes.
    unsafe { put(path, b'/') };
    errno::SUCCESS
}

/// Writes the caller's buffers one after the other until one is not written in whole.
fn gather(
    buffers: *const Buffer,
    count: usize,
    total: &mut usize,
    mut write: impl FnMut(&[u8], usize) -> Result<usize, Errno>,
) -> Result<(), Errno> {
    for index in 0..count {
        // SAFETY: the caller passes `count` buffers, each valid for reads of its length.
        let data = unsafe {
            let buffer = &*buffers.add(index);
            files::bytes(buffer.address, buffer.length)
        };
        match write(data, *total) {
            Ok(length) => *total += length,
            // What was written counts; who writes on meets the error then.
            Err(_) if *total > 0 => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the caller's buffers one after the other until one does not become full.
fn scatter(
    buffers: *const Buffer,
    count: usize,
    total: &mut usize,
    mut read: impl FnMut(&mut [u8], usize) -> Result<usize, Errno>,
) -> Result<(), Errno> {
    for index in 0..count {
        // SAFETY: the caller passes `count` buffers, each valid for writes of its length; an empty one may
        // have no address.
        let into = unsafe {
            let buffer = &*buffers.add(index);
            let address = if buffer.length == 0 { core::ptr::dangling_mut() } else { buffer.address };
            core::slice::from_raw_parts_mut(address, buffer.length)
        };
        let length = read(into, *total)?;
        *total += length;
        if length < into.len() {
            break;
        }
    }
    Ok(())
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_write(
    fd: u32,
    buffers: *const Buffer,
    count: usize,
    written: *mut usize,
) -> i32 {
    let (mut total, mut said) = (0, 0);
    let done = with_file(
        fd,
        |files| gather(buffers, count, &mut total, |data, _| files.write(fd, None, data)),
        |stream| match stream {
            0 => errno::BADF,
            _ => {
                let done = gather(buffers, count, &mut said, |data, _| {
                    console::write(data);
                    Ok(data.len())
                });
                done.map_or_else(|error| error as i32, |()| errno::SUCCESS)
            }
        },
    );
    // SAFETY: a valid out pointer.
    unsafe { put(written, total + said) };
    done
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_read(
    fd: u32,
    buffers: *const Buffer,
    count: usize,
    read: *mut usize,
) -> i32 {
    let mut total = 0;
    let done = with_file(
        fd,
        |files| scatter(buffers, count, &mut total, |into, _| files.read(fd, None, into)),
        |stream| if stream == 0 { errno::SUCCESS } else { errno::BADF },
    );
    // SAFETY: a valid out pointer.
    unsafe { put(read, total) };
    done
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_pread(
    fd: u32,
    buffers: *const Buffer,
    count: usize,
    offset: u64,
    read: *mut usize,
) -> i32 {
    let mut total = 0;
    let done = on_file(fd, errno::SPIPE, |files| {
        scatter(buffers, count, &mut total, |into, done| files.read(fd, Some(after(offset, done)?), into))
    });
    // SAFETY: a valid out pointer.
    unsafe { put(read, total) };
    done
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_pwrite(
    fd: u32,
    buffers: *const Buffer,
    count: usize,
    offset: u64,
    written: *mut usize,
) -> i32 {
    let mut total = 0;
    let done = on_file(fd, errno::SPIPE, |files| {
        gather(buffers, count, &mut total, |data, done| files.write(fd, Some(after(offset, done)?), data))
    });
    // SAFETY: a valid out pointer.
    unsafe { put(written, total) };
    done
}

fn after(offset: u64, done: usize) -> Result<u64, Errno> {
    offset.checked_add(done as u64).ok_or(Errno::Inval)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_seek(fd: u32, offset: i64, whence: u8, out: *mut u64) -> i32 {
    let whence = match whence {
        0 => Whence::Start,
        1 => Whence::Here,
        2 => Whence::End,
        _ => return errno::INVAL,
    };
    let mut position = 0;
    let done = on_file(fd, errno::SPIPE, |files| {
        position = files.seek(fd, offset, whence)?;
        Ok(())
    });
    if done == errno::SUCCESS {
        // SAFETY: a valid out pointer.
        unsafe { put(out, position) };
    }
    done
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_tell(fd: u32, out: *mut u64) -> i32 {
    __imported_wasi_snapshot_preview1_fd_seek(fd, 0, 1, out)
}

/// The streams and the root directory stay open, whatever the program does.
#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_close(fd: u32) -> i32 {
    match fd {
        0..=2 => errno::SUCCESS,
        _ => files::with(|files| files.close(fd)),
    }
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_sync(fd: u32) -> i32 {
    on_file(fd, errno::SUCCESS, |files| files.place(fd).map(drop))
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_datasync(fd: u32) -> i32 {
    __imported_wasi_snapshot_preview1_fd_sync(fd)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_advise(fd: u32, _offset: u64, _length: u64, _advice: u8) -> i32 {
    __imported_wasi_snapshot_preview1_fd_sync(fd)
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_renumber(fd: u32, to: u32) -> i32 {
    if fd.min(to) < ROOT_DESCRIPTOR {
        return errno::NOTSUP;
    }
    files::with(|files| files.renumber(fd, to))
}
