//! Compression of one piece of a raw deflate stream (RFC 1951).
//!
//! A piece ends with a sync flush, that is on a byte boundary and without the mark of the last block, so that
//! pieces made at different times can be joined.  It may refer to the 32 KiB before it, its history.

use alloc::vec::Vec;

use zlib_rs::{Deflate, DeflateError, DeflateFlush, Status};

/// Exponent of the window size: 32 KiB, the most that deflate knows.
const WINDOW_BITS: u8 = 15;
/// Space for the blocks' own bytes; the rest of the bound depends on the length.
const SLACK: usize = 4096;

/// Compress `data`, which follows `history` in the stream.
///
/// # Errors
/// For a level that does not exist.
pub fn piece(history: &[u8], data: &[u8], level: i32) -> Result<Vec<u8>, DeflateError> {
    if !(0..=9).contains(&level) {
        return Err(DeflateError::StreamError);
    }
    let mut stream = Deflate::new(level, false, WINDOW_BITS);
    if !history.is_empty() {
        stream.set_dictionary(history)?;
    }
    let mut out = alloc::vec![0; data.len() + data.len() / 8 + SLACK];
    let mut read = 0;
    loop {
        let written = stream.total_out() as usize;
        if out.len() - written < SLACK {
            out.resize(out.len() * 2, 0);
        }
        let status = stream.compress(&data[read..], &mut out[written..], DeflateFlush::SyncFlush)?;
        read = stream.total_in() as usize;
        let full = stream.total_out() as usize == out.len();
        if status == Status::BufError || (read == data.len() && !full) {
            break;
        }
    }
    out.truncate(stream.total_out() as usize);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text with repeats near and far, and noise.
    fn sample(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        (0..length)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if i % 1000 < 700 {
                    b"abcdefgh"[i % 8]
                } else {
                    (state >> 24) as u8
                }
            })
            .collect()
    }

    #[test]
    fn joined_pieces_inflate_to_the_whole() {
        let data = sample(200_000);
        let mut joined = Vec::new();
        for start in (0..data.len()).step_by(65_536) {
            let end = data.len().min(start + 65_536);
            joined.extend(piece(&data[start.saturating_sub(32_768)..start], &data[start..end], 9).unwrap());
        }
        joined.extend([3, 0]);
        let mut out = alloc::vec![0; data.len()];
        let mut inflate = zlib_rs::Inflate::new(false, 15);
        let status = inflate.decompress(&joined, &mut out, zlib_rs::InflateFlush::Finish).unwrap();
        assert_eq!(status, Status::StreamEnd);
        assert_eq!(out, data);
    }

    #[test]
    fn noise_and_nothing_are_pieces_too() {
        for data in [Vec::new(), sample(1), sample(3_000_000)] {
            assert!(!piece(&[], &data, 9).unwrap().is_empty());
        }
    }

    #[test]
    fn a_level_that_does_not_exist_is_an_error() {
        assert!(piece(&[], b"x", 10).is_err());
    }
}
