// SPDX-License-Identifier: Apache-2.0
// explain: the whole way from a text to an Explanation.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "pellucid/attributions/explanation.h"
#include "pellucid/models/model.h"
#include "pellucid/tasks/options.h"

namespace pellucid {

/// Raw results beside an explanation, for --dump.
struct ExplanationDump {
  Tensor embeddings;  ///< [tokens, hidden]
  Tensor gradients;   ///< [targets, tokens, hidden] before multiplication and reduction; undefined
                      ///< for other methods
  Tensor attributions;  ///< [targets, tokens] signed and unnormalised; [targets, units] for methods
                        ///< that see units only
  Tensor logits;        ///< [rows read, outputs]
};

/// Two texts that the model sees together: premise and hypothesis.
struct TextPair {
  std::string first;
  std::string second;
};

/// Throws Error or UsageError.
Explanation explain(const Model& model, const std::string& text,
                    const ExplainOptions& options = {});
Explanation explain(const Model& model, const TextPair& pair, const ExplainOptions& options = {});
Explanation explain(const Model& model, const Item& item, const ExplainOptions& options,
                    ExplanationDump* dump = nullptr);
/// All at once, packed together. Throws the first error.
std::vector<Explanation> explain(const Model& model, std::span<const std::string> texts,
                                 const ExplainOptions& options = {});

/// An explanation, or why there is none.
using ExplainResult = std::variant<Explanation, std::string>;

/// Streams: `next(item)` fills the next item and returns false at the end; `done(index, result)` is
/// called in order. Memory does not grow with the number of items. An item that fails does not stop
/// the others.
void explain_stream(const Model& model, const ExplainOptions& options,
                    const std::function<bool(Item&)>& next,
                    const std::function<void(std::int64_t, ExplainResult)>& done);

/// Checks what can be checked before any text is seen. Throws UsageError.
void check_options(const Model& model, const ExplainOptions& options);

}  // namespace pellucid
