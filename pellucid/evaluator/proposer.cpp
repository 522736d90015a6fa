// SPDX-License-Identifier: Apache-2.0
#include "pellucid/evaluator/proposer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "pellucid/base/error.h"
#include "pellucid/evaluator/executor.h"

namespace pellucid {
namespace {

constexpr std::size_t kMostProbable = 50;

Model load_language_model(const Model& model, const std::string& name) {
  if (!name.empty()) return Model::load(name, {.head = HeadKind::masked_lm, .labels = {}});
  check_usage(!model.folder().empty(),
              "replacement model: the model has no folder to look for a masked-LM head in "
              "(--replacement-model names one)");
  try {
    return Model::load(model.folder().string(), {.head = HeadKind::masked_lm, .labels = {}});
  } catch (const Error& error) {
    fail_usage(
        "replacement model: {} has no masked-LM head of its own, --replacement-model names "
        "one ({})",
        model.name(), error.what());
  }
}

void check_vocabulary(const Model& model, const Model& proposer) {
  const Tokenizer& ours = model.tokenizer();
  const Tokenizer& theirs = proposer.tokenizer();
  check_usage(theirs.mask_id().has_value(), "replacement model: {} has no mask token",
              proposer.name());
  bool same = ours.vocabulary_size() == theirs.vocabulary_size();
  for (std::int32_t id = 0; same && id < ours.vocabulary_size(); ++id) {
    same = ours.token(id) == theirs.token(id);
  }
  check_usage(same, "replacement model: {} has another vocabulary than {}", proposer.name(),
              model.name());
}

}  // namespace

std::shared_ptr<const Proposer> Proposer::load(const Model& model, const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Proposer>> loaded;
  const std::lock_guard lock(mutex);
  std::shared_ptr<const Proposer>& proposer =
      loaded[name.empty() ? "own:" + model.folder().string() : "named:" + name];
  if (!proposer) proposer = std::make_shared<const Proposer>(load_language_model(model, name));
  check_vocabulary(model, proposer->model_);
  return proposer;
}

std::vector<Sequence> Proposer::draw(const Sequence& input,
                                     const std::vector<std::vector<bool>>& stays,
                                     const std::function<Draws(std::uint32_t)>& draws) const {
  std::vector<Sequence> variants(stays.size(), input);
  std::vector<Sequence> masked;
  std::vector<std::size_t> asked;  // the variants that need words
  for (std::size_t i = 0; i < stays.size(); ++i) {
    Sequence question = input;
    question.reads.clear();
    if (model_.network().shape().types == 0) question.types.clear();
    for (std::size_t token = 0; token < stays[i].size(); ++token) {
      if (stays[i][token]) continue;
      question.ids[token] = *model_.tokenizer().mask_id();
      question.reads.push_back(static_cast<std::int64_t>(token));
    }
    if (question.reads.empty()) continue;
    masked.push_back(std::move(question));
    asked.push_back(i);
  }
  const std::vector<Target> none;
  Work work;
  work.probes = std::ssize(masked);
  work.targets = &none;
  work.input = [&](std::int64_t probe) -> const Sequence& {
    return masked[static_cast<std::size_t>(probe)];
  };
  work.deliver = [&](std::int64_t probe, const Answers& answers) {
    const Sequence& question = masked[static_cast<std::size_t>(probe)];
    Sequence& variant = variants[asked[static_cast<std::size_t>(probe)]];
    const std::vector<std::int32_t> places(question.reads.begin(), question.reads.end());
    const Draws numbers = draws(hash_ids(places));
    const auto width = answers.logits.size() / places.size();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto place = static_cast<std::size_t>(places[i]);
      variant.ids[place] = pick(answers.logits.data() + i * width, input.ids[place],
                                open_uniform(numbers.word(static_cast<std::uint32_t>(places[i]))));
    }
  };
  DirectExecutor executor(model_.network(), {.precision = Precision::f32});
  executor.run(std::span<const Work>(&work, 1));
  return variants;
}

std::int32_t Proposer::pick(const float* logits, std::int32_t original, double uniform) const {
  const auto known =
      std::min(model_.tokenizer().vocabulary_size(), model_.network().shape().outputs);
  const auto likely = [&](std::int32_t id) {  // an order also where logits are not numbers
    return std::isnan(logits[id]) ? -std::numeric_limits<float>::infinity() : logits[id];
  };
  std::vector<std::int32_t> ids;
  for (std::int32_t id = 0; id < known; ++id) {
    if (id != original && !model_.tokenizer().is_special(id)) ids.push_back(id);
  }
  check(!ids.empty(), "replacement model: {} has no other token", model_.name());
  const auto count = std::min(kMostProbable, ids.size());
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      return likely(a) != likely(b) ? likely(a) > likely(b) : a < b;
                    });
  ids.resize(count);
  std::vector<double> shares;
  double sum = 0;
  for (const std::int32_t id : ids) {
    shares.push_back(std::exp(double{logits[id]} - double{logits[ids.front()]}));
    sum += shares.back();
  }
  double rest = uniform * sum;
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    if (rest < shares[i]) return ids[i];
    rest -= shares[i];
  }
  return ids.back();
}

}  // namespace pellucid
