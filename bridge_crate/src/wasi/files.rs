//! The canister's file system: one for the program's whole life, in the heap, with `/stable` in stable memory.

use super::{errno, put};
use crate::cell::Global;
use crate::context::{self, Phase};
use crate::structures::space::{self, with_memory};
use crate::{console, ic0};
use basilisk_files::stable::Stable;
use basilisk_files::{Errno, FileSystem};
use basilisk_stable::memory::{Fault, Memory};
use core::ffi::{c_char, c_int};

/// The memory of the directory of `/stable`.
const TREE: u8 = 252;
/// The memory of the blocks of `/stable`.
const BLOCKS: u8 = 251;
/// Bytes for files in the heap: a quarter of what a canister's heap may have.
const HEAP_LIMIT: u64 = 1 << 30;

extern "C" {
    /// The C library's: it keeps the current folder itself.
    fn chdir(path: *const c_char) -> c_int;
}

/// Makes the folder of the packed files the current one.
pub fn enter_program_folder() {
    // SAFETY: a text that ends with 0.
    let done = unsafe { chdir(c"/app".as_ptr()) };
    debug_assert_eq!(done, 0);
}

/// One of the memories of `/stable`.
pub struct Numbered(u8);

impl Memory for Numbered {
    fn size(&self) -> u64 {
        // Looking whether there are files makes no stable memory.
        if context::phase() != Phase::Canister || ic0::stable64_size() == 0 {
            return 0;
        }
        with_memory(self.0, |memory| Ok(memory.size())).unwrap_or(0)
    }

    fn most(&self) -> u64 {
        if context::phase() != Phase::Canister {
            return 0;
        }
        if ic0::stable64_size() == 0 {
            return space::MOST_OF_ONE;
        }
        with_memory(self.0, |memory| Ok(memory.most())).unwrap_or(0)
    }

    fn grow(&mut self, pages: u64) -> Result<(), Fault> {
        if context::phase() != Phase::Canister {
            return Err(Fault::Foreign("there is no stable memory while the program is imported".into()));
        }
        with_memory(self.0, |memory| memory.grow(pages))
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Fault> {
        with_memory(self.0, |memory| memory.read(offset, into))
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Fault> {
        with_memory(self.0, |memory| memory.write(offset, data))
    }
}

/// The file system of a canister.
pub type Files = FileSystem<Stable<Numbered, Numbered>>;

static FILES: Global<Option<Files>> = Global::new(None);

/// Permissions for the file or directory that is made next, if its maker says any: WASI's calls do not carry them.
pub static WANTED: Global<Option<u16>> = Global::new(None);

/// Whether stable memory holds files, so that nothing else may be written there.
pub fn in_stable_memory() -> bool {
    space::pages(BLOCKS) > 0
}

/// Runs `work` on the file system; the WASI error number, 0 for success.
///
/// While the program is imported nothing can be changed, and what is missing is noted for the error report.
pub fn with(work: impl FnOnce(&mut Files) -> Result<(), Errno>) -> i32 {
    let phase = context::phase();
    let now = if phase == Phase::Canister { ic0::time() } else { 0 };
    let (done, complaint) = FILES.with(|slot| {
        let files = slot.get_or_insert_with(|| {
            FileSystem::new(Stable::new(Numbered(TREE), Numbered(BLOCKS)), HEAP_LIMIT)
        });
        files.set_world(now, phase != Phase::Canister);
        let done = work(files);
        (done, files.stable().take_complaint())
    });
    match done {
        Ok(()) => errno::SUCCESS,
        Err(number) => {
            if matches!(number, Errno::NoEnt | Errno::RoFs | Errno::NoDev) {
                context::refuse("files");
            }
            if let Some(text) = complaint.filter(|_| phase == Phase::Canister) {
                console::write(["/stable cannot be used: ", &text, "\n"].concat().as_bytes());
            }
            number as i32
        }
    }
}

/// The standard stream of which a number is a duplicate.
#[cold]
pub fn duplicate_of(fd: u32) -> Option<u32> {
    FILES.with(|slot| slot.as_ref().and_then(|files| files.stream(fd)))
}

/// Runs `work` on an open file; `on_stream` on a standard stream, which a duplicate of it stands for.
pub fn with_file(
    fd: u32,
    work: impl FnOnce(&mut Files) -> Result<(), Errno>,
    on_stream: impl FnOnce(u32) -> i32,
) -> i32 {
    if fd <= 2 {
        return on_stream(fd);
    }
    // What is no file is looked at twice, so that files cost nothing more.
    match with(work) {
        errno::BADF => duplicate_of(fd).map_or(errno::BADF, on_stream),
        done => done,
    }
}

/// Adds a file to what is packed with the program.
pub fn pack(path: &[u8], data: &[u8]) -> Result<(), i32> {
    match with(|files| files.pack(path, data)) {
        errno::SUCCESS => Ok(()),
        number => Err(number),
    }
}

/// A path or another text of the caller.
pub fn bytes<'a>(address: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: wasi-libc passes text of `length` bytes that stays valid during the call.
    unsafe { core::slice::from_raw_parts(address, length) }
}

/// Permissions of the node with these numbers of `stat`; 0 for what is in none of the volumes.
#[no_mangle]
extern "C" fn basilisk_mode(device: u64, node: u64) -> u32 {
    let mut mode = 0;
    with(|files| {
        mode = files.mode(Files::node(device, node)?)?.into();
        Ok(())
    });
    mode
}

/// Sets them: an error number.
#[no_mangle]
extern "C" fn basilisk_set_mode(device: u64, node: u64, mode: u32) -> c_int {
    with(|files| files.set_mode(Files::node(device, node)?, mode as u16))
}

/// Says with which permissions the next file or directory is made; less than 0: as its maker says nothing.
#[no_mangle]
extern "C" fn basilisk_want_mode(mode: i32) {
    WANTED.set(if mode < 0 { None } else { Some(mode as u16) });
}

/// Sets the mask of permissions; the former one.
#[no_mangle]
extern "C" fn basilisk_umask(mask: u32) -> u32 {
    let mut before = 0;
    with(|files| {
        before = files.set_umask(mask as u16).into();
        Ok(())
    });
    before
}

/// Another number for an open file or stream: an error number.
///
/// # Safety
/// The pointer must be valid.
#[no_mangle]
unsafe extern "C" fn basilisk_dup(fd: u32, out: *mut u32) -> c_int {
    with(|files| {
        let number = files.duplicate(fd)?;
        // SAFETY: the caller's promise.
        unsafe { put(out, number) };
        Ok(())
    })
}

/// How much the volume with that device number may hold: bytes, free bytes, and whether it can be written.
///
/// # Safety
/// The pointers must be valid.
#[no_mangle]
unsafe extern "C" fn basilisk_space(device: u64, total: *mut u64, free: *mut u64, writable: *mut c_int) -> c_int {
    with(|files| {
        let (space, may_write) = files.space(device)?;
        // SAFETY: the caller's promise.
        unsafe {
            put(total, space.total);
            put(free, space.free);
            put(writable, may_write.into());
        }
        Ok(())
    })
}
