// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tensor/weight_memory.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <algorithm>
#include <mutex>
#include <new>

namespace pellucid {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kPiece = std::size_t{32} << 20;  // what is never touched takes no memory

constexpr std::size_t round_up(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

class Piece {
 public:
  explicit Piece(std::size_t bytes)
      : size_(round_up(std::max(bytes, kPiece), kHugePage)),
        data_(static_cast<char*>(::operator new (size_, std::align_val_t{kHugePage}))) {
#ifdef MADV_HUGEPAGE
    madvise(data_, size_, MADV_HUGEPAGE);  // a wish: where it is refused, pages are small
#endif
  }
  ~Piece() { ::operator delete (data_, std::align_val_t{kHugePage}); }
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;

  /// Null if not enough is left.
  void* take(std::size_t bytes) {
    if (size_ - used_ < bytes) return nullptr;
    char* block = data_ + used_;
    used_ += bytes;
    return block;
  }

 private:
  std::size_t size_;
  char* data_;
  std::size_t used_ = 0;
};

}  // namespace

std::shared_ptr<void> weight_block(std::size_t bytes) {
  static std::mutex mutex;
  static std::weak_ptr<Piece> current;  // kept alive by its blocks
  bytes = round_up(std::max<std::size_t>(bytes, 1), kAlignment);
  const std::lock_guard lock(mutex);
  std::shared_ptr<Piece> piece = current.lock();
  void* block = piece ? piece->take(bytes) : nullptr;
  if (block == nullptr) {
    piece = std::make_shared<Piece>(bytes);
    block = piece->take(bytes);
    current = piece;
  }
  return {std::move(piece), block};
}

}  // namespace pellucid
