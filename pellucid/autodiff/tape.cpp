// SPDX-License-Identifier: Apache-2.0
#include "pellucid/autodiff/tape.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {

void InputCotangents::add(std::size_t input, Tensor cotangent) {
  if (!wanted(input)) return;
  Tensor& sum = cotangents_[static_cast<std::size_t>(nodes_[input])];
  if (!sum.defined()) {
    sum = std::move(cotangent);
    return;
  }
  assert(sum.shape() == cotangent.shape());
  if (!sum.unique()) {
    if (!cotangent.unique())
      sum = sum.clone();
    else
      std::swap(sum, cotangent);
  }
  float* total = sum.data();
  const float* added = cotangent.data();
  for (std::int64_t i = 0; i < sum.size(); ++i) total[i] += added[i];
}

Tensor* InputCotangents::accumulator(std::size_t input) {
  if (!wanted(input)) return nullptr;
  Tensor& sum = cotangents_[static_cast<std::size_t>(nodes_[input])];
  return sum.defined() && sum.unique() ? &sum : nullptr;
}

Variable Tape::leaf(Tensor value) {
  Variable variable(std::move(value));
  variable.tape = this;
  variable.node = static_cast<std::int32_t>(nodes_.size());
  nodes_.emplace_back();
  return variable;
}

std::vector<Tensor> Tape::pull_back(const Variable& output, Tensor cotangent,
                                    std::span<const Variable> leaves) {
  check(output.tape == this, "the output does not depend on anything that is differentiated");
  const std::int64_t count = output.rows() == 0 ? 0 : cotangent.rows() / output.rows();
  check(cotangent.width() == output.width() && cotangent.rows() == count * output.rows(),
        "cotangents of shape {} do not fit a value of shape {}", cotangent.shape().text(),
        output.value.shape().text());
  std::vector<Tensor> cotangents(nodes_.size());
  cotangents[static_cast<std::size_t>(output.node)] = std::move(cotangent);
  for (auto place = static_cast<std::size_t>(output.node) + 1; place-- > 0;) {
    Node& node = nodes_[place];
    if (!node.vjp || !cotangents[place].defined()) continue;
    InputCotangents inputs(node.inputs, cotangents);
    const Vjp vjp = std::exchange(node.vjp, nullptr);
    vjp(std::move(cotangents[place]), inputs);
    cotangents[place] = Tensor();
  }
  std::vector<Tensor> gradients;
  for (const Variable& leaf : leaves) {
    Tensor& gradient = cotangents[static_cast<std::size_t>(leaf.node)];
    gradients.push_back(gradient.defined() ? std::move(gradient)
                                           : Tensor::zeros({count * leaf.rows(), leaf.width()}));
  }
  return gradients;
}

bool any_tracked(std::initializer_list<const Variable*> inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Variable* input) { return input->tracked(); });
}

Variable record(Tensor value, std::initializer_list<const Variable*> inputs, Tape::Vjp vjp) {
  Variable output(std::move(value));
  Tape::Node node;
  for (const Variable* input : inputs) {
    node.inputs.push_back(input->node);
    if (!input->tracked()) continue;
    assert(output.tape == nullptr || output.tape == input->tape);
    output.tape = input->tape;
  }
  assert(output.tape != nullptr);
  node.vjp = std::move(vjp);
  output.node = static_cast<std::int32_t>(output.tape->nodes_.size());
  output.tape->nodes_.push_back(std::move(node));
  return output;
}

}  // namespace pellucid
