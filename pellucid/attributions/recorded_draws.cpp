// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/recorded_draws.h"

#include <map>

#include "pellucid/base/error.h"

namespace pellucid {

struct RecordedDraws::Contents {
  std::map<std::string, Tensor> tensors;  // [draws, numbers of each]
};

RecordedDraws::RecordedDraws(const std::string& path) : path_(path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  auto contents = std::make_shared<Contents>();
  for (const char* name : {"noise", "embeddings", "alphas", "baselines"}) {
    const TensorView* found = file.find(name);
    if (found == nullptr) continue;
    check(!found->shape.empty() && found->shape.front() > 0, "{}: {} is {}, expected [draws, ...]",
          path, name, shape_text(found->shape));
    const std::int64_t draws = found->shape.front();
    check(count_ == 0 || count_ == draws, "{}: {} holds {} draws, others {}", path, name, draws,
          count_);
    count_ = draws;
    contents->tensors[name] = Tensor::from(found->floats(), {draws, found->count() / draws});
  }
  check(count_ > 0, "{}: expected tensors noise, embeddings, alphas or baselines", path);
  file_ = std::move(contents);
}

bool RecordedDraws::has(const std::string& name) const {
  return file_ != nullptr && file_->tensors.contains(name);
}

const Tensor& RecordedDraws::at(const std::string& name) const {
  const auto found = file_->tensors.find(name);
  check(found != file_->tensors.end(), "{}: has no tensor {}", path_, name);
  return found->second;
}

const float* RecordedDraws::rows(const std::string& name, std::int64_t index,
                                 std::int64_t size) const {
  const Tensor& draws = at(name);
  check(draws.width() == size, "{}: {} has {} numbers for each draw, expected {} for this text",
        path_, name, draws.width(), size);
  return draws.row(index);
}

double RecordedDraws::number(const std::string& name, std::int64_t index) const {
  return double{*rows(name, index, 1)};
}

}  // namespace pellucid
