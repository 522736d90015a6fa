// SPDX-License-Identifier: Apache-2.0
// Arena: memory for short-lived activations. Each thread keeps freed blocks by size class and hands
// the last one freed out first: it is still in the cache, and the kernel need not clear pages
// again.
#pragma once

#include <cstddef>
#include <memory>

namespace pellucid {

/// A block of at least `bytes` bytes, aligned to 64; freed into the arena of the thread that drops
/// it.
std::shared_ptr<void> arena_block(std::size_t bytes);

/// Bytes in use or kept for reuse by all threads, and the most there ever were.
std::size_t arena_bytes();
std::size_t arena_peak_bytes();

/// Gives the calling thread's kept blocks back to the system.
void release_arena();

}  // namespace pellucid
