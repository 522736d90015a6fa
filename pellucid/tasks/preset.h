// SPDX-License-Identifier: Apache-2.0
// Presets: what another program does differently, so that its numbers come out.
#pragma once

#include <optional>
#include <string>

#include "pellucid/nn/batch.h"
#include "pellucid/tasks/options.h"
#include "pellucid/text/encoding.h"
#include "pellucid/text/units.h"

namespace pellucid {

/// The options with every knob settled: what the caller set, else what the preset sets, else the
/// default.
struct Settings {
  Method method;
  Unit unit;
  std::optional<Output> output;  ///< none: the task's
  Aggregate aggregate;
  Normalize normalize;
  ExecutorOptions run;  ///< its precision is effective
};
Settings settle(const ExplainOptions& options);

/// interpreto strips white space at the end of the text; transformers-interpret puts blanks around
/// . , ! ? ( ) and makes one blank of two and more white space characters.
std::string preset_text(Preset preset, const std::string& text);

/// interpreto counts tokens without characters (a blank by itself) as tokens, and as part of the
/// word or sentence that they begin; for us they belong to no unit.
void change_units(Preset preset, const Encoding& encoding, Units& units);

/// transformers-interpret gives the closing separator of a single text the token type 1, where the
/// model was trained with 0. Only the attributed input is changed, not the one that chooses the
/// class.
void change_types(Preset preset, const Encoding& encoding, bool pair, Sequence& input);

/// What transformers-interpret takes for the start of the path when it states its delta: the pad
/// baseline with all positions and token types 0. None for other presets.
std::optional<Sequence> stated_start(Preset preset, const Encoding& encoding, std::int32_t pad_id,
                                     const Sequence& input);

}  // namespace pellucid
