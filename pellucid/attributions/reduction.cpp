// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/reduction.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pellucid/base/names.h"

namespace pellucid {
namespace {

constexpr Names<Reduce, 4> kReduceNames{
    {{Reduce::dot, "dot"}, {Reduce::l2, "l2"}, {Reduce::l1, "l1"}, {Reduce::mean_abs, "mean-abs"}}};
constexpr Names<Aggregate, 9> kAggregateNames{{{Aggregate::sum, "sum"},
                                               {Aggregate::mean, "mean"},
                                               {Aggregate::max, "max"},
                                               {Aggregate::min, "min"},
                                               {Aggregate::signed_max, "signed-max"},
                                               {Aggregate::first, "first"},
                                               {Aggregate::last, "last"},
                                               {Aggregate::l1, "l1"},
                                               {Aggregate::l2, "l2"}}};
constexpr Names<Normalize, 4> kNormalizeNames{{{Normalize::none, "none"},
                                               {Normalize::l2, "l2"},
                                               {Normalize::max, "max"},
                                               {Normalize::sum, "sum"}}};

double sum_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

double l1_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += std::abs(value);
  return sum;
}

double l2_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

double signed_max_of(std::span<const double> values) {
  double largest = values.front();
  for (const double value : values) {
    if (std::abs(value) > std::abs(largest)) largest = value;
  }
  return largest;
}

/// values: at least one
double aggregate_one(Aggregate how, std::span<const double> values) {
  switch (how) {
    case Aggregate::sum:
      return sum_of(values);
    case Aggregate::mean:
      return sum_of(values) / static_cast<double>(values.size());
    case Aggregate::max:
      return *std::max_element(values.begin(), values.end());
    case Aggregate::min:
      return *std::min_element(values.begin(), values.end());
    case Aggregate::signed_max:
      return signed_max_of(values);
    case Aggregate::first:
      return values.front();
    case Aggregate::last:
      return values.back();
    case Aggregate::l1:
      return l1_of(values);
    case Aggregate::l2:
      return l2_of(values);
  }
  return 0;
}

}  // namespace

std::string_view name(Reduce reduce) { return find_name(kReduceNames, reduce); }
std::string_view name(Aggregate aggregate) { return find_name(kAggregateNames, aggregate); }
std::string_view name(Normalize normalize) { return find_name(kNormalizeNames, normalize); }
Reduce parse_reduce(std::string_view name) { return parse_name(kReduceNames, "reduce", name); }
Aggregate parse_aggregate(std::string_view name) {
  return parse_name(kAggregateNames, "aggregate", name);
}
Normalize parse_normalize(std::string_view name) {
  return parse_name(kNormalizeNames, "normalize", name);
}

double reduce(Reduce how, std::span<const double> vector) {
  switch (how) {
    case Reduce::dot:
      return sum_of(vector);
    case Reduce::l2:
      return l2_of(vector);
    case Reduce::l1:
      return l1_of(vector);
    case Reduce::mean_abs:
      return l1_of(vector) / static_cast<double>(vector.size());
  }
  return 0;
}

std::vector<double> aggregate(Aggregate how, const Units& units, std::span<const double> tokens) {
  std::vector<double> scores;
  std::vector<double> members;
  for (const TextUnit& unit : units.units) {
    members.clear();
    for (const std::int64_t token : unit.tokens) {
      members.push_back(tokens[static_cast<std::size_t>(token)]);
    }
    scores.push_back(members.empty() ? std::numeric_limits<double>::quiet_NaN()
                                     : aggregate_one(how, members));
  }
  return scores;
}

void normalize(Normalize how, std::vector<double>& scores) {
  std::vector<double> there;
  std::copy_if(scores.begin(), scores.end(), std::back_inserter(there),
               [](double score) { return !std::isnan(score); });
  double size = 1;
  if (how == Normalize::l2) size = l2_of(there);
  if (how == Normalize::sum) size = l1_of(there);
  if (how == Normalize::max) size = there.empty() ? 0 : std::abs(signed_max_of(there));
  if (how == Normalize::none || size == 0) return;
  for (double& score : scores) score /= size;
}

}  // namespace pellucid
