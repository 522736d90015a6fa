// SPDX-License-Identifier: Apache-2.0
// Texts made from the tables of verbs and flags.
#pragma once

#include <span>
#include <string>

#include "pellucid/cli/arguments.h"

namespace pellucid::cli {

std::string overview();  ///< what `pellucid` alone shows
/// complete: examples and all flags; else what fits on a screen.
std::string verb_help(const Verb& verb, bool complete);
std::string man_page();
/// words: what follows --version.
std::string version_text(std::span<const std::string> words);

}  // namespace pellucid::cli
