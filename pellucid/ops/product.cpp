// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/product.h"

#include <algorithm>
#include <cassert>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/ops/bfloat16.h"
#include "pellucid/tensor/arena.h"
#include "pellucid/tensor/weight_memory.h"

namespace pellucid {
namespace {

using dnnl::matmul;
using dnnl::memory;

constexpr std::int64_t kPackingRows =
    128;  // the packed layout does not depend on the number of rows

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream own(cpu());
  return own;
}

struct Kind {
  bool bias = false;
  bool add = false;
  auto operator<=>(const Kind&) const = default;
};

/// Operands as the kernel sees them: bf16x3 is one bf16 product of three times the depth.
struct Operands {
  memory::data_type type;
  std::int64_t depth;
};

Operands operands(std::int64_t inputs, Precision precision) {
  switch (precision) {
    case Precision::f32:
      return {memory::data_type::f32, inputs};
    case Precision::bf16x3:
      return {memory::data_type::bf16, 3 * inputs};
    case Precision::bf16:
      return {memory::data_type::bf16, inputs};
    case Precision::automatic:
      break;
  }
  fail("a product needs a precision that is not automatic");
}

memory::desc matrix_description(std::int64_t rows, std::int64_t columns, memory::format_tag tag,
                                memory::data_type type = memory::data_type::f32) {
  return {{rows, columns}, type, tag};
}

matmul::primitive_desc describe(std::int64_t rows, const Operands& with, std::int64_t outputs,
                                const memory::desc& weights, Kind kind) {
  const auto x = matrix_description(rows, with.depth, memory::format_tag::ab, with.type);
  const auto y = matrix_description(rows, outputs, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // several threads run one primitive
  if (kind.add) {
    dnnl::post_ops operations;
    operations.append_sum(1.0F);
    attributes.set_post_ops(operations);
  }
  const auto bias =
      kind.bias ? matrix_description(1, outputs, memory::format_tag::ab) : memory::desc();
#if DNNL_VERSION_MAJOR >= 3
  return matmul::primitive_desc(cpu(), x, weights, bias, y, attributes);
#else
  return matmul::primitive_desc(matmul::desc(x, weights, bias, y), attributes, cpu());
#endif
}

struct Kernel {
  matmul::primitive_desc description;
  matmul primitive;
};

using KernelKey = std::tuple<std::int64_t, Kind, bool>;  // rows, kind, alone on one thread

constexpr std::int64_t kConversionGrain = 1 << 15;  // numbers that make a thread worth waking

/// x, [rows, width], as the first operand of a bf16 product: rounded, or for bf16x3 the columns
/// high | high | low, against the weights' rows high; low; high: of the four products of parts only
/// low * low, below what f32 keeps, is left out.
std::shared_ptr<void> bf16_operand(const Tensor& x, std::int64_t rows, const Operands& with) {
  const std::int64_t width = x.width();
  auto block = arena_block(static_cast<std::size_t>(rows * with.depth) * sizeof(std::uint16_t));
  auto* numbers = static_cast<std::uint16_t*>(block.get());
  parallel_for(x.rows(), kConversionGrain / width + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      std::uint16_t* row = numbers + r * with.depth;
      if (with.depth == width) {
        round_to_bf16(x.row(r), width, row);
      } else {
        split_to_bf16(x.row(r), width, row, row + 2 * width);
        std::copy_n(row, width, row + width);
      }
    }
  });
  return block;
}

/// The parts of a matrix for bf16x3, its rows high; low; high: [3 inputs, outputs] row-major, or
/// [outputs, 3 inputs] for a column-major matrix.
std::vector<std::uint16_t> split_matrix(const float* matrix, std::int64_t inputs,
                                        std::int64_t outputs, PackedMatrix::Layout layout) {
  const bool row_major = layout == PackedMatrix::Layout::row_major;
  const std::int64_t run = row_major ? inputs * outputs : inputs;
  const std::int64_t runs = row_major ? 1 : outputs;
  std::vector<std::uint16_t> parts(static_cast<std::size_t>(3 * inputs * outputs));
  for (std::int64_t i = 0; i < runs; ++i) {
    std::uint16_t* high = parts.data() + 3 * i * run;
    split_to_bf16(matrix + i * run, run, high, high + run);
    std::copy_n(high, run, high + 2 * run);
  }
  return parts;
}

}  // namespace

struct PackedMatrix::Impl {
  std::int64_t inputs;
  std::int64_t outputs;
  Operands with;
  memory::desc layout;
  std::shared_ptr<void> storage;
  mutable std::mutex mutex;
  mutable std::map<KernelKey, Kernel> kernels;

  const Kernel& kernel(std::int64_t rows, Kind kind) const {
    const std::lock_guard lock(mutex);
    const KernelKey key{rows, kind, in_parallel()};
    auto place = kernels.find(key);
    if (place == kernels.end()) {
      const auto description = describe(rows, with, outputs, layout, kind);
      place = kernels.emplace(key, Kernel{description, matmul(description)}).first;
    }
    return place->second;
  }

  void run(const Tensor& x, Tensor& y, const float* bias, bool add) const;
};

PackedMatrix::PackedMatrix(const float* matrix, std::int64_t inputs, std::int64_t outputs,
                           Layout layout, Precision precision) {
  auto impl = std::make_shared<Impl>();
  impl->inputs = inputs;
  impl->outputs = outputs;
  impl->with = operands(inputs, precision);
  const auto any =
      matrix_description(impl->with.depth, outputs, memory::format_tag::any, impl->with.type);
  impl->layout = describe(kPackingRows, impl->with, outputs, any, Kind{}).weights_desc();
  impl->storage = weight_block(impl->layout.get_size());
  const auto order = layout == Layout::row_major ? memory::format_tag::ab : memory::format_tag::ba;
  const auto pack = [&](const void* plain, memory::data_type type) {
    memory from(matrix_description(impl->with.depth, outputs, order, type), cpu(),
                const_cast<void*>(plain));
    memory to(impl->layout, cpu(), impl->storage.get());
    dnnl::reorder(from, to).execute(stream(), from, to);
    stream().wait();
  };
  if (precision == Precision::bf16x3) {
    pack(split_matrix(matrix, inputs, outputs, layout).data(), memory::data_type::bf16);
  } else {
    pack(matrix, memory::data_type::f32);  // rounded on the way if the layout is bf16
  }
  impl_ = std::move(impl);
}

std::int64_t PackedMatrix::inputs() const { return impl_->inputs; }
std::int64_t PackedMatrix::outputs() const { return impl_->outputs; }

void PackedMatrix::Impl::run(const Tensor& x, Tensor& y, const float* bias, bool add) const {
  assert(x.width() == inputs && y.width() == outputs && x.rows() == y.rows());
  if (x.rows() == 0) return;
  const std::int64_t rows = rounded_rows(x.rows());
  if (x.capacity() < rows * inputs || y.capacity() < rows * outputs) {
    // A slice of other tensors has no room behind it.
    Tensor copy = y.clone();
    run(x.clone(), copy, bias, add);
    std::copy_n(copy.data(), copy.size(), y.data());
    return;
  }
  const Kernel& chosen = kernel(rows, Kind{bias != nullptr, add});
  const auto& description = chosen.description;
  const bool plain = with.type == memory::data_type::f32;
  const auto converted = plain ? nullptr : bf16_operand(x, rows, with);
  const void* operand = plain ? x.data() : converted.get();
  const std::size_t scratch_bytes = description.scratchpad_desc().get_size();
  const auto scratch = scratch_bytes == 0 ? nullptr : arena_block(scratch_bytes);
  const auto bind = [](const memory::desc& of, const void* data) {
    return memory(of, cpu(), const_cast<void*>(data));
  };
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, bind(description.src_desc(), operand)},
      {DNNL_ARG_WEIGHTS, bind(layout, storage.get())},
      {DNNL_ARG_DST, bind(description.dst_desc(), y.data())},
      {DNNL_ARG_SCRATCHPAD, bind(description.scratchpad_desc(), scratch.get())}};
  if (bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, bind(description.bias_desc(), bias));
  chosen.primitive.execute(stream(), arguments);
  stream().wait();
}

void PackedMatrix::multiply(const Tensor& x, Tensor& y, const float* bias) const {
  impl_->run(x, y, bias, false);
}

void PackedMatrix::multiply_add(const Tensor& x, Tensor& y) const {
  impl_->run(x, y, nullptr, true);
}

namespace {

/// Instruction sets of oneDNN are sets of bits that hold those of the older ones.
bool has_instructions(dnnl::cpu_isa wanted) {
  const auto bits = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

}  // namespace

bool rows_are_independent() { return has_instructions(dnnl::cpu_isa::avx512_core); }

Bf16Products bf16_products() {
  if (has_instructions(dnnl::cpu_isa::avx512_core_amx)) return Bf16Products::tiles;
  return has_instructions(dnnl::cpu_isa::avx512_core_bf16) ? Bf16Products::vectors
                                                           : Bf16Products::none;
}

void limit_products(InstructionSet most) {
  const auto isa = most == InstructionSet::sse4   ? dnnl::cpu_isa::sse41
                   : most == InstructionSet::avx2 ? dnnl::cpu_isa::avx2
                                                  : dnnl::cpu_isa::avx512_core;
  check(dnnl::set_max_cpu_isa(isa) == dnnl::status::success,
        "the instruction set must be limited before the first product");
}

const char* product_library_version() {
  static const std::string version = [] {
    const dnnl_version_t* found = dnnl_version();
    return fmt::format("{}.{}.{}", found->major, found->minor, found->patch);
  }();
  return version.c_str();
}

}  // namespace pellucid
