// SPDX-License-Identifier: Apache-2.0
// Explanations for the tests of this folder: the words, tokens, spans and probabilities of real
// sentences under the bundled emotion model, with scores of the size that it gives.
#pragma once

#include <string>
#include <vector>

#include "pellucid/attributions/explanation.h"

namespace pellucid::report::samples {

/// One target ("fear", 0.725).
Explanation afraid();
/// The same sentence explained for all six classes.
Explanation afraid_all_classes();
/// A long review with a negative and several positive words; two lines, unsigned when asked.
Explanation review(bool is_signed = true);
/// A premise and a hypothesis.
Explanation pair();
/// A text whose words are cut at white space and punctuation, with the given scores repeated over
/// them.
Explanation of_text(const std::string& text, const std::vector<double>& scores);
/// Chinese (no blanks), Arabic (right to left), and what else writing systems do.
Explanation chinese();
Explanation arabic();
/// Tags, quotes, controls, bidi overrides in text, labels, model name and warnings.
Explanation hostile();

}  // namespace pellucid::report::samples
