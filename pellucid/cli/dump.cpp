// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/dump.h"

#include <memory>

#include "pellucid/cli/output.h"

namespace pellucid::cli {

TensorFile::TensorFile(const std::string& path) : path_(path) { Output check(path); }

void TensorFile::add(const std::string& name, const Tensor& tensor) {
  TensorView view;
  view.name = name;
  for (int axis = 0; axis < tensor.shape().rank(); ++axis) {
    view.shape.push_back(tensor.shape()[axis]);
  }
  const auto owner = std::make_shared<Tensor>(tensor);
  view.data = owner->data();
  view.bytes = static_cast<std::size_t>(tensor.size()) * sizeof(float);
  view.owner = owner;
  tensors_.push_back(std::move(view));
}

void TensorFile::add(const std::string& prefix, const ExplanationDump& dump) {
  if (dump.embeddings.defined()) add(prefix + "embeddings", dump.embeddings);
  if (dump.gradients.defined()) add(prefix + "gradients", dump.gradients);
  if (dump.attributions.defined()) add(prefix + "attributions", dump.attributions);
  if (dump.logits.defined()) add(prefix + "logits", dump.logits);
}

}  // namespace pellucid::cli
