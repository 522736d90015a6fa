// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most, measured: every figure of the benchmarks is a share of one of
// these.
#pragma once

#include <string>

namespace pellucid::bench {

struct Peaks {
  double fma_one = 0;        ///< GFLOP/s of f32 fused multiply-adds in registers, one thread
  double fma_all = 0;        ///< the same, all threads
  double bf16_all = 0;       ///< GFLOP/s of the best bf16 product found, all threads; 0: none
  double bandwidth_one = 0;  ///< GB/s of a[i] = b[i] + s c[i] far beyond the caches, one thread
  double bandwidth_all = 0;
  int threads = 1;
};

Peaks measure_peaks();

/// The f32 rate of all threads again: on a machine that others use, it says whether the limit
/// itself has moved since.
double measure_fma_all();

/// "AMD EPYC 9B14, 2 cores, AVX3_ZEN4": the processor's own name and the vectors in use.
std::string machine_name();

/// Peak resident memory of this process so far, bytes.
double resident_peak();

}  // namespace pellucid::bench
