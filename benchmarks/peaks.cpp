// SPDX-License-Identifier: Apache-2.0
// The f32 peak: 24 independent chains (12 where there are 16 registers) hide the latency of a fused
// multiply-add on every unit of a core. They are written out one by one: arrays of vectors would
// not stay in registers everywhere.
#include "benchmarks/peaks.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dnnl.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "pellucid/base/parallel.h"

#define HWY_TARGET_INCLUDE "benchmarks/peaks.cpp"
#include "pellucid/ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace pellucid::HWY_NAMESPACE {
namespace {

/// Multiply-adds in `rounds` rounds are returned as floating-point operations; the sum goes to
/// `result` so that it must be computed.
double fused_multiply_adds(std::int64_t rounds, float* result) {
  const Floats d;
  const Vector m = hn::Set(d, 0.999F);
  const Vector a = hn::Set(d, 0.001F);
  // Starts that differ, or the compiler would compute one chain for all.
  const Vector c = hn::Iota(d, 1.0F);
  const auto start = [&](float distance) HWY_ATTR { return hn::Add(c, hn::Set(d, distance)); };
  Vector c0 = start(0), c1 = start(1), c2 = start(2), c3 = start(3), c4 = start(4), c5 = start(5);
  Vector c6 = start(6), c7 = start(7), c8 = start(8), c9 = start(9), c10 = start(10);
  Vector c11 = start(11);
#if !(HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3)
  Vector e0 = start(12), e1 = start(13), e2 = start(14), e3 = start(15), e4 = start(16);
  Vector e5 = start(17), e6 = start(18), e7 = start(19), e8 = start(20), e9 = start(21);
  Vector e10 = start(22), e11 = start(23);
#endif
  double chains = 12;
  for (std::int64_t r = 0; r < rounds; ++r) {
    c0 = hn::MulAdd(c0, m, a), c1 = hn::MulAdd(c1, m, a), c2 = hn::MulAdd(c2, m, a);
    c3 = hn::MulAdd(c3, m, a), c4 = hn::MulAdd(c4, m, a), c5 = hn::MulAdd(c5, m, a);
    c6 = hn::MulAdd(c6, m, a), c7 = hn::MulAdd(c7, m, a), c8 = hn::MulAdd(c8, m, a);
    c9 = hn::MulAdd(c9, m, a), c10 = hn::MulAdd(c10, m, a), c11 = hn::MulAdd(c11, m, a);
#if !(HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3)
    e0 = hn::MulAdd(e0, m, a), e1 = hn::MulAdd(e1, m, a), e2 = hn::MulAdd(e2, m, a);
    e3 = hn::MulAdd(e3, m, a), e4 = hn::MulAdd(e4, m, a), e5 = hn::MulAdd(e5, m, a);
    e6 = hn::MulAdd(e6, m, a), e7 = hn::MulAdd(e7, m, a), e8 = hn::MulAdd(e8, m, a);
    e9 = hn::MulAdd(e9, m, a), e10 = hn::MulAdd(e10, m, a), e11 = hn::MulAdd(e11, m, a);
#endif
  }
  Vector sum = hn::Add(hn::Add(hn::Add(c0, c1), hn::Add(c2, c3)), hn::Add(c4, c5));
  sum = hn::Add(sum, hn::Add(hn::Add(hn::Add(c6, c7), hn::Add(c8, c9)), hn::Add(c10, c11)));
#if !(HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3)
  sum = hn::Add(sum, hn::Add(hn::Add(hn::Add(e0, e1), hn::Add(e2, e3)), hn::Add(e4, e5)));
  sum = hn::Add(sum, hn::Add(hn::Add(hn::Add(e6, e7), hn::Add(e8, e9)), hn::Add(e10, e11)));
  chains += 12;
#endif
  *result = hn::GetLane(hn::SumOfLanes(d, sum));
  return 2 * chains * static_cast<double>(lanes()) * static_cast<double>(rounds);
}

/// a[i] = b[i] + s c[i].  Returns the bytes moved: a is read before it is written.
double triad(float* a, const float* b, const float* c, std::int64_t size) {
  const Vector s = hn::Set(Floats(), 3.0F);
  for_vectors(size, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    store_first(hn::MulAdd(s, load_first(c + i, count), load_first(b + i, count)), a + i, count);
  });
  return 4.0 * sizeof(float) * static_cast<double>(size);
}

}  // namespace
}  // namespace pellucid::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pellucid {
namespace {

HWY_EXPORT(fused_multiply_adds);
HWY_EXPORT(triad);

/// Best rate of `repeats` runs of work(thread, repeat), which returns what it did, on `threads`
/// threads. Runs are short: where others use the machine too, some are not interrupted.
template <class Work>
double best_rate(int threads, int repeats, const Work& work) {
  double best = 0, done = 0, begin = 0;
#pragma omp parallel num_threads(threads)
  for (int repeat = 0; repeat < repeats; ++repeat) {
#pragma omp single
    {
      done = 0;
      begin = omp_get_wtime();
    }
    const double own = work(omp_get_thread_num(), repeat);
#pragma omp atomic
    done += own;
#pragma omp barrier
#pragma omp single
    best = std::max(best, done / (omp_get_wtime() - begin) / 1e9);
  }
  return best;
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Each thread's median over short runs, by its time on a processor, while all others do the same;
/// their sum.
double fma_rate(int threads) {
  double sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : sum)
  {
    std::vector<double> rates(401);
    float unused = 0;
    for (double& rate : rates) {
      const double begin = thread_seconds();
      const double done = HWY_DYNAMIC_DISPATCH(fused_multiply_adds)(50'000, &unused);
      rate = done / (thread_seconds() - begin) / 1e9;
    }
    std::nth_element(rates.begin(), rates.begin() + 200, rates.end());
    sum += rates[200];
  }
  return sum;
}

double bandwidth(int threads) {
  constexpr std::int64_t kSlice = 2 << 20, kSlices = 16;  // three arrays of 128 MiB
  constexpr std::int64_t kFloats = kSlice * kSlices;
  std::vector<float> a(kFloats), b(kFloats, 1.0F), c(kFloats, 2.0F);
  return best_rate(threads, 6 * kSlices, [&](int thread, int repeat) {
    const std::int64_t slice = repeat % kSlices * kSlice;
    const std::int64_t begin = slice + kSlice * thread / threads;
    const std::int64_t end = slice + kSlice * (thread + 1) / threads;
    return HWY_DYNAMIC_DISPATCH(triad)(a.data() + begin, b.data() + begin, c.data() + begin,
                                       end - begin);
  });
}

/// GFLOP/s of a bf16 product of rows x 3072 x 768 that the threads share; 0 where there is none.
double bf16_product(std::int64_t rows) {
  using dnnl::matmul;
  using dnnl::memory;
  constexpr std::int64_t kInputs = 3072, kOutputs = 768;
  const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(cpu);
  const auto describe = [](std::int64_t r, std::int64_t c, memory::data_type type,
                           memory::format_tag tag) {
    return memory::desc({r, c}, type, tag);
  };
  const auto x = describe(rows, kInputs, memory::data_type::bf16, memory::format_tag::ab);
  const auto w = describe(kInputs, kOutputs, memory::data_type::bf16, memory::format_tag::any);
  const auto y = describe(rows, kOutputs, memory::data_type::f32, memory::format_tag::ab);
  try {
#if DNNL_VERSION_MAJOR >= 3
    const matmul::primitive_desc description(cpu, x, w, y);
#else
    const matmul::primitive_desc description(matmul::desc(x, w, y), cpu);
#endif
    const matmul product(description);
    memory source(x, cpu), weights(description.weights_desc(), cpu), result(y, cpu);
    for (memory* each : {&source, &weights, &result}) {
      std::memset(each->get_data_handle(), 0, each->get_desc().get_size());
    }
    double best = 0;
    for (int repeat = 0; repeat < 60; ++repeat) {
      const double begin = omp_get_wtime();
      product.execute(
          stream, {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, result}});
      stream.wait();
      const double flops = 2.0 * static_cast<double>(rows * kInputs * kOutputs);
      best = std::max(best, flops / (omp_get_wtime() - begin) / 1e9);
    }
    return best;
  } catch (const dnnl::error&) {
    return 0;  // no kernel for bf16 on this processor
  }
}

}  // namespace
}  // namespace pellucid

namespace pellucid::bench {

double measure_fma_all() { return fma_rate(thread_count()); }

Peaks measure_peaks() {
  Peaks peaks;
  peaks.threads = thread_count();
  peaks.fma_one = fma_rate(1);
  peaks.fma_all = fma_rate(peaks.threads);
  peaks.bf16_all = std::max(bf16_product(128), bf16_product(512));
  peaks.bandwidth_one = bandwidth(1);
  peaks.bandwidth_all = std::max(peaks.bandwidth_one, bandwidth(peaks.threads));
  return peaks;
}

/// The value of the first line of a /proc file that begins with `key`.
std::string proc_value(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const auto value = line.find_first_not_of(" \t", line.find(':') + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

std::string machine_name() {
  std::string vectors = "baseline vectors";
  const std::string flags = " " + proc_value("/proc/cpuinfo", "flags") + " ";
  for (const char* flag : {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}) {
    if (flags.find(fmt::format(" {} ", flag)) != std::string::npos) vectors = flag;
  }
  return fmt::format("{} (family {}, model {}), {} cores, {}",
                     proc_value("/proc/cpuinfo", "model name"),
                     proc_value("/proc/cpuinfo", "cpu family"),
                     proc_value("/proc/cpuinfo", "model\t"), omp_get_num_procs(), vectors);
}

double resident_peak() {
  return 1024 * std::strtod(proc_value("/proc/self/status", "VmHWM").c_str(), nullptr);
}

}  // namespace pellucid::bench
#endif
