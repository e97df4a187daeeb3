//! The few pieces of the binary format that the pass writes.

use alloc::vec::Vec;

/// Append an unsigned number (LEB128).
pub fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Append a signed number (LEB128).
pub fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Read an unsigned number and what follows it; `None` when it is cut short or too long.
pub fn read(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0_u64;
    for (i, &byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7F) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, &bytes[i + 1..]));
        }
    }
    None
}

/// Append bytes with their length before them.
pub fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    unsigned(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for value in [0_u32, 1, 127, 128, 300, u32::MAX] {
            let mut out = Vec::new();
            unsigned(&mut out, value.into());
            assert_eq!(read(&out), Some((value, &[][..])));
        }
        let mut out = Vec::new();
        for value in [0, 63, 64, -64, -65, i64::MIN] {
            signed(&mut out, value);
        }
        assert_eq!(out[..7], [0, 63, 0xC0, 0, 0x40, 0xBF, 0x7F]);
        assert_eq!(read(&[0x80; 6]), None);
    }
}
