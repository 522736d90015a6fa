// SPDX-License-Identifier: Apache-2.0
// Token classification: a label for every token, and labels joined to entities.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/evaluator/prediction.h"
#include "pellucid/tasks/predict.h"
#include "pellucid/text/encoding.h"

namespace pellucid {

/// Where a label stands in an entity. Unprefixed labels continue ("I").
enum class Place { begin, inside, end, single };

struct Tag {
  Place place = Place::inside;
  std::string name;  ///< the label without its prefix
};

/// "B-PER" -> begin, PER. "E-"/"L-" (end) and "S-"/"U-" (single) are prefixes only in a scheme that
/// has "B-" or "I-" labels: BIOES, BILOU.
Tag read_tag(std::string_view label, bool has_scheme);

struct TokenLabelOptions {
  Grouping grouping = Grouping::simple;
  std::vector<std::string> ignored_labels{"O"};  ///< full labels or names without prefix
};

/// logits: a row for each token of the encoding. `text`: what the spans count in.
TokensPrediction label_tokens(const Encoding& encoding, std::string_view text,
                              const std::vector<std::string>& labels,
                              const std::vector<std::vector<float>>& logits,
                              const TokenLabelOptions& options);

}  // namespace pellucid
