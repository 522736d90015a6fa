// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/model.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"
#include "pellucid/io/hub_cache.h"
#include "pellucid/models/word_neighbours.h"

namespace pellucid {
namespace {

constexpr std::size_t kLabelsShown = 20;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The folder of the running program, for data that is installed beside it.
std::filesystem::path program_folder() {
  std::error_code ignored;  // without /proc there is simply no such candidate
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

struct Model::Impl {
  Impl(std::filesystem::path from, ModelConfig read)
      : folder(std::move(from)), config(std::move(read)) {}

  std::filesystem::path folder;
  std::string name;
  ModelConfig config;
  std::unique_ptr<const Network> network;
  std::unique_ptr<const Tokenizer> tokenizer;
  std::string no_tokenizer;  ///< why there is none
  std::vector<std::string> labels;
  std::vector<std::string> unused;
  std::vector<std::string> warnings;
  std::int64_t weights_bytes = 0;
  std::string dtype;
  std::unique_ptr<Checkpoint> checkpoint;  // null for a network of one's own
  mutable WordNeighbours neighbours;
};

Model::Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Model Model::load(const std::string& folder_or_name, const LoadOptions& options) {
  std::string folder = folder_or_name;
  if (!std::filesystem::exists(folder)) {
    if (const auto snapshot = find_in_hub_cache(folder)) folder = snapshot->string();
  }
  auto impl = std::make_shared<Impl>(folder, ModelConfig::read(folder));
  const auto absolute = std::filesystem::absolute(folder).lexically_normal();
  impl->name = (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
  impl->checkpoint = std::make_unique<Checkpoint>(Checkpoint::open(folder));
  Checkpoint& checkpoint = *impl->checkpoint;
  const HeadKind head = options.head ? *options.head : named_head(impl->config);
  impl->network = make_network(head, impl->config, checkpoint);
  impl->labels = impl->config.labels;
  if (!options.labels.empty()) {
    check_usage(options.labels.size() == impl->labels.size(),
                "{} label names are given, but the model has {} labels", options.labels.size(),
                impl->labels.size());
    impl->labels = options.labels;
  }
  try {
    impl->tokenizer = std::make_unique<Tokenizer>(Tokenizer::load(folder));
  } catch (const Error& error) {
    impl->no_tokenizer = error.what();
  }
  impl->unused = checkpoint.unused();
  impl->warnings = impl->config.warnings();
  if (!impl->unused.empty()) {
    impl->warnings.push_back(fmt::format("{}: {} tensors are not used: {}", checkpoint.name(),
                                         impl->unused.size(), fmt::join(impl->unused, ", ")));
  }
  impl->weights_bytes = static_cast<std::int64_t>(checkpoint.bytes());
  impl->dtype = checkpoint.main_dtype();
  return Model(std::move(impl));
}

Model Model::from_parts(std::string name, std::unique_ptr<const Network> network,
                        Tokenizer tokenizer, std::vector<std::string> labels) {
  check_usage(static_cast<std::int64_t>(labels.size()) == network->shape().outputs,
              "{} label names are given, but the network has {} outputs", labels.size(),
              network->shape().outputs);
  auto impl = std::make_shared<Impl>("", ModelConfig::parse(R"({"model_type": "custom"})", name));
  impl->name = std::move(name);
  impl->network = std::move(network);
  impl->tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  impl->labels = std::move(labels);
  impl->dtype = "f32";
  return Model(std::move(impl));
}

Model Model::bundled() {
  std::vector<std::filesystem::path> candidates;
  if (const char* data = std::getenv("PELLUCID_DATA"); data != nullptr && *data != '\0') {
    candidates.emplace_back(data);
  } else {
    candidates = {program_folder() / "../share/pellucid", PELLUCID_SOURCE_DEMO_DIR,
                  PELLUCID_DATA_DIR};
  }
  for (const auto& candidate : candidates) {
    const auto folder = candidate / "demo-emotion";
    if (std::filesystem::exists(folder / "config.json")) return load(folder.string());
  }
  fail("the bundled model demo-emotion is not there (looked in: {})",
       fmt::join(
           [&] {
             std::vector<std::string> names;
             for (const auto& candidate : candidates) names.push_back(candidate.string());
             return names;
           }(),
           ", "));
}

const std::string& Model::name() const { return impl_->name; }
const std::filesystem::path& Model::folder() const { return impl_->folder; }
const Network& Model::network() const { return *impl_->network; }
bool Model::has_tokenizer() const { return impl_->tokenizer != nullptr; }
const std::vector<std::string>& Model::labels() const { return impl_->labels; }
const std::string& Model::model_type() const { return impl_->config.model_type; }
const std::vector<std::string>& Model::unused_tensors() const { return impl_->unused; }
const std::vector<std::string>& Model::warnings() const { return impl_->warnings; }
std::int64_t Model::parameters() const {
  return impl_->checkpoint ? impl_->checkpoint->parameters() : 0;
}
std::int64_t Model::weights_bytes() const { return impl_->weights_bytes; }
const std::string& Model::dtype() const { return impl_->dtype; }

const std::vector<std::string>& Model::architectures() const { return impl_->config.architectures; }

const std::optional<std::string>& Model::problem_type() const { return impl_->config.problem_type; }

std::vector<std::string> Model::non_finite_tensors() const {
  return impl_->checkpoint ? impl_->checkpoint->non_finite() : std::vector<std::string>();
}

const Tokenizer& Model::tokenizer() const {
  check(has_tokenizer(), "{}", impl_->no_tokenizer);
  return *impl_->tokenizer;
}

std::int64_t Model::max_length() const {
  std::int64_t length = network().shape().max_positions;
  if (has_tokenizer()) length = std::min(length, tokenizer().model_max_length().value_or(length));
  return length;
}

namespace {

/// body(row) for the embeddings of ordinary tokens: neither special nor past the tokenizer's end.
template <class Body>
void for_ordinary_embeddings(const Model& model, const Body& body) {
  const Tokenizer& tokenizer = model.tokenizer();
  std::set<std::int32_t> special;
  for (const auto id : {tokenizer.pad_id(), tokenizer.unk_id(), tokenizer.mask_id(),
                        tokenizer.cls_id(), tokenizer.sep_id(), tokenizer.eos_id()}) {
    if (id) special.insert(*id);
  }
  const std::int64_t count =
      std::min(model.network().shape().vocabulary, tokenizer.vocabulary_size());
  for (std::int32_t id = 0; id < count; ++id) {
    if (special.contains(id)) continue;
    const Tensor row = model.network().embed(std::span<const std::int32_t>(&id, 1));
    body(row.data());
  }
}

}  // namespace

Tensor Model::mean_embedding() const {
  const std::int64_t width = network().shape().width("embeddings");
  std::vector<double> sum(static_cast<std::size_t>(width));
  std::int64_t rows = 0;
  for_ordinary_embeddings(*this, [&](const float* row) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += double{row[i]};
    ++rows;
  });
  Tensor mean = Tensor::zeros({1, width});
  for (std::size_t i = 0; i < sum.size() && rows > 0; ++i) {
    mean.data()[i] = static_cast<float>(sum[i] / static_cast<double>(rows));
  }
  return mean;
}

double Model::embedding_deviation() const {
  const std::int64_t width = network().shape().width("embeddings");
  double sum = 0, squares = 0, count = 0;
  for_ordinary_embeddings(*this, [&](const float* row) {
    for (std::int64_t i = 0; i < width; ++i) {
      sum += double{row[i]};
      squares += double{row[i]} * double{row[i]};
    }
    count += static_cast<double>(width);
  });
  if (count == 0) return 0;
  return std::sqrt(std::max(0.0, squares / count - sum * sum / (count * count)));
}

std::vector<std::vector<std::int32_t>> Model::nearest_words(std::span<const std::int32_t> ids,
                                                            std::int64_t count) const {
  return impl_->neighbours.nearest(network(), ids, count);
}

std::int64_t Model::label_index(const std::string& label) const {
  const auto& names = labels();
  std::vector<std::int64_t> exact;
  std::vector<std::int64_t> alike;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (names[index] == label) exact.push_back(static_cast<std::int64_t>(index));
    if (lower(names[index]) == lower(label)) alike.push_back(static_cast<std::int64_t>(index));
  }
  const auto& found = exact.empty() ? alike : exact;
  if (found.size() == 1) return found.front();
  check_usage(found.empty(), "label \"{}\" stands at indexes {}: use the index", label,
              fmt::join(found, ", "));
  std::int64_t index = 0;
  const char* end = label.data() + label.size();
  const auto [rest, problem] = std::from_chars(label.data(), end, index);
  if (problem == std::errc() && rest == end && !label.empty()) {
    check_usage(0 <= index && index < static_cast<std::int64_t>(names.size()),
                "target index {} is out of range (0 to {})", index, names.size() - 1);
    return index;
  }
  const auto shown = std::vector<std::string>(
      names.begin(),
      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kLabelsShown)));
  fail_usage("unknown target \"{}\" (labels: {}{}{})", label, fmt::join(shown, ", "),
             names.size() > kLabelsShown ? ", ..." : "", did_you_mean(label, names));
}

}  // namespace pellucid
