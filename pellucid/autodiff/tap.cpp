// SPDX-License-Identifier: Apache-2.0
#include "pellucid/autodiff/tap.h"

#include <fmt/ranges.h>

#include "pellucid/base/error.h"

namespace pellucid {

void Tap::read(std::string_view name) { points_[std::string(name)].read = true; }

void Tap::replace(std::string_view name, Tensor value) {
  points_[std::string(name)].replacement = std::move(value);
}

void Tap::differentiate(std::string_view name, Tape& tape) {
  points_[std::string(name)].tape = &tape;
}

Variable Tap::pass(Point& point, Variable value) {
  if (point.tape != nullptr) value = point.tape->leaf(std::move(value.value));
  if (point.read || point.tape != nullptr) point.passed = value;
  point.reached = true;
  return value;
}

Variable Tap::operator()(std::string_view name, const std::function<Variable()>& compute) {
  if (points_.empty()) return compute();
  passed_.emplace_back(name);
  const auto found = points_.find(name);
  if (found == points_.end()) return compute();
  Point& point = found->second;
  return pass(point, point.replacement.defined() ? Variable(point.replacement) : compute());
}

Variable Tap::operator()(std::string_view name, Variable value) {
  if (points_.empty()) return value;
  return (*this)(name, [&] { return std::move(value); });
}

bool Tap::wanted(std::string_view name) const {
  const auto found = points_.find(name);
  return found != points_.end() && found->second.read;
}

const Tap::Point& Tap::reached_point(std::string_view name) const {
  const auto found = points_.find(name);
  check(found != points_.end() && found->second.reached,
        "there is no activation \"{}\" in this model (found: {})", name, fmt::join(passed_, ", "));
  return found->second;
}

const Tensor& Tap::value(std::string_view name) const { return reached_point(name).passed.value; }
const Variable& Tap::leaf(std::string_view name) const { return reached_point(name).passed; }

}  // namespace pellucid
