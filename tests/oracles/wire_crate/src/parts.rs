//! Byte strings with their lengths before them.

/// Splits what [`join`] has joined; None when a length is wrong.
pub fn split(mut data: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !data.is_empty() {
        let (length, rest) = data.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        parts.push(part);
        data = rest;
    }
    Some(parts)
}

/// A first byte, then the parts.
pub fn join(first: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut data = vec![first];
    for part in parts {
        data.extend_from_slice(&(part.len() as u32).to_le_bytes());
        data.extend_from_slice(part);
    }
    data
}
