// SPDX-License-Identifier: Apache-2.0
// From an item to what the model sees. One encoding serves the prediction and everything that
// explains it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/models/model.h"
#include "pellucid/nn/batch.h"
#include "pellucid/tasks/options.h"
#include "pellucid/text/encoding.h"

namespace pellucid {

/// Tokens that an input may have: what the caller allows, at most what the model takes.
/// Throws UsageError for more than the model takes or less than a template and one token.
std::int64_t length_limit(const Model& model, std::optional<std::int64_t> max_length);

/// The item's text, and its pair when it has one. Texts that are too long are cut at the end (of
/// pairs the longer text) with a warning that says how much, or refused. Throws Error.
Encoding encode_item(const Model& model, const Item& item, LongText long_text,
                     std::optional<std::int64_t> max_length, std::vector<std::string>& warnings);

/// All of it, however long.
Encoding encode_whole(const Model& model, const Item& item);

/// The model's input. Throws Error for ids and token types that the model does not have.
Sequence make_sequence(const Model& model, const Encoding& encoding);

}  // namespace pellucid
