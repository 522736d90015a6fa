// SPDX-License-Identifier: Apache-2.0
// Memory for packed weights: blocks cut from large pieces that the kernel may back with huge pages.
// Weights are written once and read from end to end in every product: with pages of 4 KiB, starting
// up would wait for thousands of page faults, and products for address translations.
#pragma once

#include <cstddef>
#include <memory>

namespace pellucid {

/// A block of at least `bytes` bytes, aligned to 64. A piece goes back to the system when its last
/// block is dropped. May be called from several threads.
std::shared_ptr<void> weight_block(std::size_t bytes);

}  // namespace pellucid
