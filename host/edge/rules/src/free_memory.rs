//! What an instance does not use any more, taken out of its memory.

use std::{arch::wasm32::memory_size, hint::black_box};

/// Sizes of the blocks that fill it, in bytes: pages first, then what is left between blocks
/// in use.
const SIZES: [usize; 5] = [1 << 16, 1 << 13, 1 << 10, 1 << 8, 1 << 6];

/// Writes zeros into the memory that is free. Whoever bakes an instance puts down all of its
/// memory that is not zero, and after the configuration is read most of it is free.
pub(crate) fn clear_free_memory() {
    let mut blocks = Vec::new();
    for size in SIZES {
        let before = memory_size(0);
        // Memory that has to grow for a block has no room of this size left.
        while memory_size(0) == before {
            let mut block: Vec<u8> = Vec::new();
            if block.try_reserve_exact(size).is_err() {
                break;
            }
            block.resize(size, 0);
            blocks.push(block);
        }
    }
    black_box(&blocks);
}
