// SPDX-License-Identifier: Apache-2.0
// Explanations as one self-contained page: no network, no inline style or handler, a content
// security policy that allows only what is in it. Complete without JavaScript; with it there are
// tooltips, keys, other scales and units.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "pellucid/attributions/explanation.h"
#include "pellucid/report/theme.h"

namespace pellucid {

struct HtmlOptions {
  std::string title;     ///< empty: the question that the page answers
  std::string language;  ///< BCP 47 tag of the texts; empty: not stated
  std::string command;   ///< command line for the comment at the top
  Theme theme = Theme::automatic;
  std::int64_t top =
      0;  ///< strongest units listed for each target; 0: ten, or five when there are several texts
};

/// One explanation: its own page. Several: an index and a section for each.
std::string to_html(const Explanation& explanation, const HtmlOptions& options = {});
std::string to_html(const std::vector<Explanation>& explanations, const HtmlOptions& options = {});

/// Section by section: memory does not grow with the number of texts.
void write_html(std::ostream& out, std::span<const Explanation> explanations,
                const HtmlOptions& options = {});

/// Written under a temporary name, then renamed. Throws Error naming the file.
void save_html(const Explanation& explanation, const std::filesystem::path& path,
               const HtmlOptions& options = {});
void save_html(const std::vector<Explanation>& explanations, const std::filesystem::path& path,
               const HtmlOptions& options = {});

}  // namespace pellucid
