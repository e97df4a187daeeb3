//! Random bytes for `os.urandom` and everything above it.
//!
//! A canister has no source of randomness of its own; the network gives one through the management
//! canister's `raw_rand`.  Until the program has seeded the generator, asking for random bytes is refused:
//! predictable bytes that look random would be worse than an error.

use crate::cell::Global;
use crate::context::{self, Phase, ANY_QUERY, COMPOSITE};
use crate::ic0;

/// ChaCha20 used as a generator: the key is replaced by the first half of every block's output, so that a
/// later look into the heap does not reveal earlier bytes ("fast key erasure").
pub struct Generator {
    key: [u32; 8],
    seeded: bool,
}

static GENERATOR: Global<Generator> = Global::new(Generator { key: [0; 8], seeded: false });
/// Whether the program imports something that draws random numbers, so that the canister seeds itself.
static WANTED: Global<bool> = Global::new(false);

/// Notes at build time that the canister shall seed the generator by itself.
pub fn want() {
    WANTED.set(true);
}

/// Whether the canister still has to seed the generator by itself.
pub fn wanted() -> bool {
    WANTED.get() && !GENERATOR.with(|generator| generator.seeded)
}

/// Mixes 32 bytes into the generator and opens it.
pub fn seed(bytes: &[u8; 32]) {
    GENERATOR.with(|generator| {
        for (word, chunk) in generator.key.iter_mut().zip(bytes.chunks_exact(4)) {
            *word ^= u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        generator.seeded = true;
    });
}

/// Fills `out` with random bytes; false when there is no entropy.
pub fn fill(out: &mut [u8]) -> bool {
    if context::phase() != Phase::Canister {
        return false;
    }
    // A query's changes are forgotten, the generator's progress with them: without the time, every query
    // between two updates would get the same bytes.
    let forgotten = context::current() & (ANY_QUERY | COMPOSITE) != 0;
    let nonce = if forgotten { ic0::time() } else { 0 };
    GENERATOR.with(|generator| {
        if !generator.seeded {
            return false;
        }
        for chunk in out.chunks_mut(32) {
            let block = chacha20_block(&generator.key, nonce);
            generator.key.copy_from_slice(&block[..8]);
            let mut bytes = [0u8; 32];
            for (four, word) in bytes.chunks_exact_mut(4).zip(&block[8..]) {
                four.copy_from_slice(&word.to_le_bytes());
            }
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        true
    })
}

/// One ChaCha20 block with counter zero (RFC 8439, section 2.3); the number fills the last 64 bits of the nonce.
fn chacha20_block(key: &[u32; 8], nonce: u64) -> [u32; 16] {
    let mut initial = [0u32; 16];
    initial[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    initial[4..12].copy_from_slice(key);
    initial[14] = nonce as u32;
    initial[15] = (nonce >> 32) as u32;
    let mut state = initial;
    for _ in 0..10 {
        quarter(&mut state, 0, 4, 8, 12);
        quarter(&mut state, 1, 5, 9, 13);
        quarter(&mut state, 2, 6, 10, 14);
        quarter(&mut state, 3, 7, 11, 15);
        quarter(&mut state, 0, 5, 10, 15);
        quarter(&mut state, 1, 6, 11, 12);
        quarter(&mut state, 2, 7, 8, 13);
        quarter(&mut state, 3, 4, 9, 14);
    }
    for (word, start) in state.iter_mut().zip(initial) {
        *word = word.wrapping_add(start);
    }
    state
}

fn quarter(s: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    s[a] = s[a].wrapping_add(s[b]);
    s[d] = (s[d] ^ s[a]).rotate_left(16);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_left(12);
    s[a] = s[a].wrapping_add(s[b]);
    s[d] = (s[d] ^ s[a]).rotate_left(8);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_left(7);
}
