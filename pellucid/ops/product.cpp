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

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
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

memory::desc matrix_description(std::int64_t rows, std::int64_t columns, memory::format_tag tag) {
  return {{rows, columns}, memory::data_type::f32, tag};
}

matmul::primitive_desc describe(std::int64_t rows, std::int64_t inputs, std::int64_t outputs,
                                const memory::desc& weights, Kind kind) {
  const auto x = matrix_description(rows, inputs, memory::format_tag::ab);
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

}  // namespace

struct PackedMatrix::Impl {
  std::int64_t inputs;
  std::int64_t outputs;
  memory::desc layout;
  std::shared_ptr<void> storage;
  mutable std::mutex mutex;
  mutable std::map<KernelKey, Kernel> kernels;

  const Kernel& kernel(std::int64_t rows, Kind kind) const {
    const std::lock_guard lock(mutex);
    const KernelKey key{rows, kind, in_parallel()};
    auto place = kernels.find(key);
    if (place == kernels.end()) {
      const auto description = describe(rows, inputs, outputs, layout, kind);
      place = kernels.emplace(key, Kernel{description, matmul(description)}).first;
    }
    return place->second;
  }

  void run(const Tensor& x, Tensor& y, const float* bias, bool add) const;
};

PackedMatrix::PackedMatrix(const float* matrix, std::int64_t inputs, std::int64_t outputs,
                           Layout layout) {
  auto impl = std::make_shared<Impl>();
  impl->inputs = inputs;
  impl->outputs = outputs;
  const auto any = matrix_description(inputs, outputs, memory::format_tag::any);
  impl->layout = describe(kPackingRows, inputs, outputs, any, Kind{}).weights_desc();
  const auto plain = matrix_description(
      inputs, outputs,
      layout == Layout::row_major ? memory::format_tag::ab : memory::format_tag::ba);
  impl->storage = weight_block(impl->layout.get_size());
  memory from(plain, cpu(), const_cast<float*>(matrix));
  memory to(impl->layout, cpu(), impl->storage.get());
  dnnl::reorder(from, to).execute(stream(), from, to);
  stream().wait();
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
  const std::size_t scratch_bytes = description.scratchpad_desc().get_size();
  const auto scratch = scratch_bytes == 0 ? nullptr : arena_block(scratch_bytes);
  const auto bind = [](const memory::desc& of, const void* data) {
    return memory(of, cpu(), const_cast<void*>(data));
  };
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, bind(description.src_desc(), x.data())},
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

bool rows_are_independent() {
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) &
          static_cast<unsigned>(dnnl::cpu_isa::avx512_core)) ==
         static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
}

const char* product_library_version() {
  static const std::string version = [] {
    const dnnl_version_t* found = dnnl_version();
    return fmt::format("{}.{}.{}", found->major, found->minor, found->patch);
  }();
  return version.c_str();
}

}  // namespace pellucid
