// SPDX-License-Identifier: Apache-2.0
// Arena: memory for short-lived activations. Each thread keeps freed blocks by size class and hands
// the last one freed out first: it is still in the cache, and the kernel need not clear pages
// again. Large blocks, which no cache keeps, are shared by all threads: what one thread's VJP sets
// free serves the next forward of another.
#pragma once

#include <cstddef>
#include <memory>

namespace pellucid {

/// A block of at least `bytes` bytes, aligned to 64; freed into the arena of the thread that drops
/// it, or into the shared one.
std::shared_ptr<void> arena_block(std::size_t bytes);

/// Bytes in use or kept for reuse by all threads, and the most there ever were.
std::size_t arena_bytes();
std::size_t arena_peak_bytes();

/// Gives the kept blocks of the calling thread and those shared by all back to the system.
void release_arena();

}  // namespace pellucid
