// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pellucid::bench {

std::string row_titles() {
  return fmt::format("{:40} {:>10} {:>9} {:>9} {:>7}", "work", "ms", "GFLOP", "GFLOP/s", "of f32");
}

std::string to_row(const Result& result) {
  std::string row = fmt::format("{:40} {:10.2f}", result.name, 1e3 * result.seconds);
  if (result.flops > 0) {
    const double rate = result.flops / result.seconds / 1e9;
    row += fmt::format(" {:9.1f} {:9.1f} {:5.1f} %", result.flops / 1e9, rate,
                       100 * rate / result.peak);
  }
  for (const auto& [name, value] : result.facts) row += fmt::format("  {}: {:.4g}", name, value);
  return row;
}

std::string to_json(const std::string& machine, const Peaks& peaks,
                    const std::vector<Result>& results) {
  nlohmann::ordered_json document = {{"machine", machine},
                                     {"threads", peaks.threads},
                                     {"peaks",
                                      {{"f32_fma_gflops_one_thread", peaks.fma_one},
                                       {"f32_fma_gflops", peaks.fma_all},
                                       {"bf16_product_gflops", peaks.bf16_all},
                                       {"triad_gbps_one_thread", peaks.bandwidth_one},
                                       {"triad_gbps", peaks.bandwidth_all}}},
                                     {"results", nlohmann::ordered_json::array()}};
  for (const Result& result : results) {
    nlohmann::ordered_json entry = {{"name", result.name}, {"seconds", result.seconds}};
    if (result.flops > 0) {
      entry["flops"] = result.flops;
      entry["gflops"] = result.flops / result.seconds / 1e9;
      entry["share_of_f32_peak"] = result.flops / result.seconds / 1e9 / result.peak;
    }
    for (const auto& [name, value] : result.facts) entry[name] = value;
    document["results"].push_back(std::move(entry));
  }
  return document.dump(2);
}

}  // namespace pellucid::bench
