// SPDX-License-Identifier: Apache-2.0
// Model: a checkpoint folder ready to answer: network, tokenizer, labels.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pellucid/models/network.h"
#include "pellucid/text/tokenizer.h"

namespace pellucid {

struct LoadOptions {
  /// Head in place of the one that config.json's "architectures" names.
  std::optional<HeadKind> head;
  /// Label names in place of config.json's; the number must match.
  std::vector<std::string> labels;
};

/// Immutable and cheap to copy; may be used from several threads.
class Model {
 public:
  /// A folder, or a name in the local hub cache. Throws Error naming what is missing, unknown or
  /// malformed.
  static Model load(const std::string& folder_or_name, const LoadOptions& options = {});
  /// A network of one's own: it has no folder and no files, and its labels name its outputs.
  static Model from_parts(std::string name, std::unique_ptr<const Network> network,
                          Tokenizer tokenizer, std::vector<std::string> labels);
  /// The emotion classifier that comes with the program.
  static Model bundled();

  const std::string& name() const;  ///< last part of the folder's path
  const std::filesystem::path& folder() const;
  const Network& network() const;
  /// Throws Error naming the files looked for when the folder has no tokenizer: ids can be run
  /// without one.
  const Tokenizer& tokenizer() const;
  bool has_tokenizer() const;
  const std::vector<std::string>& labels() const;  ///< names of the head's outputs, in order
  const std::string& model_type() const;
  const std::vector<std::string>& architectures() const;
  /// "single_label_classification", "multi_label_classification", "regression" or none.
  const std::optional<std::string>& problem_type() const;
  /// Tokens that fit: the smaller of the network's positions and the tokenizer's model_max_length.
  std::int64_t max_length() const;

  const std::vector<std::string>& unused_tensors() const;
  /// Weights that hold NaN or infinity. Reads all of them: for `info`, and to say why a result is
  /// not finite.
  std::vector<std::string> non_finite_tensors() const;
  const std::vector<std::string>& warnings()
      const;                           ///< of loading: options that nobody reads, unused tensors
  std::int64_t parameters() const;     ///< elements of the tensors in use
  std::int64_t weights_bytes() const;  ///< size of the weight files
  const std::string& dtype() const;    ///< of most weights in the file: "F32", "F16", "BF16"

  /// Mean of the word-embedding table over ordinary tokens (neither special nor past the
  /// tokenizer's end), [1, hidden].
  Tensor mean_embedding() const;
  /// Standard deviation of the numbers in those rows.
  double embedding_deviation() const;
  /// The `count` words whose embeddings are nearest to that of each of `ids`, nearest first, the
  /// word itself left out. Kept from call to call.
  std::vector<std::vector<std::int32_t>> nearest_words(std::span<const std::int32_t> ids,
                                                       std::int64_t count) const;

  /// The index of a label: exact name, else a unique match without case, else an index in digits.
  /// Throws UsageError listing the labels and the nearest spelling.
  std::int64_t label_index(const std::string& label) const;

 private:
  struct Impl;
  explicit Model(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pellucid
