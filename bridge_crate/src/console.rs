//! Standard output and error: collected into lines, each line one `debug_print`.

use crate::cell::Global;
use crate::ic0;
use alloc::vec::Vec;

/// A line longer than this is printed in pieces, so that a program that never ends its line cannot fill
/// the heap.
const LONGEST_LINE: usize = 8 * 1024;

/// The unfinished line.  Only whole lines are printed, so that a character whose bytes arrive in two
/// writes is never torn apart.
static LINE: Global<Vec<u8>> = Global::new(Vec::new());

/// Takes what the program writes.
pub fn write(mut data: &[u8]) {
    LINE.with(|line| {
        while let Some(end) = data.iter().position(|&byte| byte == b'\n') {
            let (head, tail) = data.split_at(end);
            data = &tail[1..];
            if line.is_empty() {
                ic0::debug_print(head);
            } else {
                line.extend_from_slice(head);
                ic0::debug_print(line);
                line.clear();
            }
        }
        line.extend_from_slice(data);
        while line.len() >= LONGEST_LINE {
            let cut = whole_characters(&line[..LONGEST_LINE]);
            ic0::debug_print(&line[..cut]);
            line.drain(..cut);
        }
    });
}

/// Prints an unfinished line; called at the end of every message and before a trap.
#[inline(always)]
pub fn flush() {
    LINE.with(|line| {
        if !line.is_empty() {
            ic0::debug_print(line);
            line.clear();
        }
    });
}

/// The length of the longest prefix that does not end inside a UTF-8 sequence.
fn whole_characters(data: &[u8]) -> usize {
    let mut start = data.len();
    while start > 0 && data.len() - start < 3 && data[start - 1] & 0xC0 == 0x80 {
        start -= 1;
    }
    if start == 0 || data[start - 1] < 0xC0 {
        return data.len();
    }
    let wanted = match data[start - 1] {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    };
    if data.len() - (start - 1) >= wanted {
        data.len()
    } else {
        start - 1
    }
}
