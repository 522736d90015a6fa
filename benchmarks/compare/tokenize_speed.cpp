// SPDX-License-Identifier: Apache-2.0
// Texts through a tokenizer, one by one: tokenize_speed TOKENIZER TEXTS.jsonl [PASSES [THREADS]].
// Prints one JSON object: milliseconds to load, tokens, MB of UTF-8 a second of the best pass, and
// the least processor time of a pass, which other programs on the machine change least.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/text/tokenizer.h"

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Every thread takes each threads-th text. Gives the number of tokens.
std::size_t run(const pellucid::Tokenizer& tokenizer, const std::vector<std::string>& texts,
                std::size_t threads) {
  std::vector<std::size_t> counts(threads);
  std::vector<std::thread> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      std::size_t count = 0;
      for (std::size_t i = thread; i < texts.size(); i += threads) {
        count += tokenizer.encode(texts[i]).tokens.size();
      }
      counts[thread] = count;
    });
  }
  std::size_t total = 0;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers[thread].join();
    total += counts[thread];
  }
  return total;
}

int measure(int count, char** arguments) {
  const auto start = std::chrono::steady_clock::now();
  const auto tokenizer = pellucid::Tokenizer::load(arguments[1]);
  const double load = seconds_since(start);
  std::vector<std::string> texts;
  double bytes = 0;
  std::ifstream file(arguments[2]);
  for (std::string line; std::getline(file, line);) {
    texts.push_back(nlohmann::json::parse(line).at("text").get<std::string>());
    bytes += static_cast<double>(texts.back().size());
  }
  const int passes = count > 3 ? std::stoi(arguments[3]) : 5;
  const std::size_t threads = count > 4 ? std::stoul(arguments[4]) : 1;
  double best = 1e300;
  double processor = 1e300;
  std::size_t tokens = 0;
  for (int pass = 0; pass < passes; ++pass) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t clock = std::clock();
    tokens = run(tokenizer, texts, threads);
    best = std::min(best, seconds_since(begin));
    processor = std::min(processor, static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC);
  }
  fmt::print(
      "{{\"load_ms\": {:.1f}, \"tokens\": {}, \"mb_per_second\": {:.3f}, \"cpu_ms\": {:.4f}}}\n",
      1e3 * load, tokens, bytes / best / 1e6, 1e3 * processor);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fputs("usage: tokenize_speed TOKENIZER TEXTS.jsonl [PASSES [THREADS]]\n", stderr);
    return 2;
  }
  try {
    return measure(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tokenize_speed: {}\n", error.what());
    return 1;
  }
}
