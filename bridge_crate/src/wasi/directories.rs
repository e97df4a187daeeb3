//! Listings of directories.

use super::files;
use super::{errno, put};
use alloc::vec::Vec;
use basilisk_files::volume::Name;

/// Bytes of an entry before its name: next entry's number, node, length of the name, type.
const ENTRY: usize = 24;

/// One entry as WASI's `dirent` and the name behind it.
fn entry(next: u64, Name { name, node, kind }: &Name) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ENTRY + name.len());
    bytes.extend_from_slice(&next.to_le_bytes());
    bytes.extend_from_slice(&node.to_le_bytes());
    bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(*kind as u32).to_le_bytes());
    bytes.extend_from_slice(name);
    bytes
}

/// Fills the buffer with entries from the number `cookie` on; the last one may be cut off, which tells the C
/// library that there are more.
#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_fd_readdir(
    fd: u32,
    buffer: *mut u8,
    length: usize,
    cookie: u64,
    used: *mut usize,
) -> i32 {
    let mut filled = Vec::new();
    let done = files::with_file(
        fd,
        |files| {
            let names = files.names(fd, cookie == 0)?;
            let first = names.len().min(usize::try_from(cookie).unwrap_or(usize::MAX));
            for (index, name) in names.iter().enumerate().skip(first) {
                if filled.len() >= length {
                    break;
                }
                filled.extend_from_slice(&entry(index as u64 + 1, name));
            }
            filled.truncate(length);
            Ok(())
        },
        |_| errno::NOTDIR,
    );
    // SAFETY: the caller passes a buffer of `length` bytes, no fewer than were filled, and an out pointer.
    unsafe {
        core::ptr::copy_nonoverlapping(filled.as_ptr(), buffer, filled.len());
        put(used, filled.len());
    }
    done
}
