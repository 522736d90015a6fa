// SPDX-License-Identifier: Apache-2.0
// The frame of a page: everything before the first section and behind the last one.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "pellucid/report/html.h"

namespace pellucid::report {

struct PageHead {
  std::string title;     ///< unless the options have one; plain text
  std::string subtitle;  ///< HTML
  std::string version;
  bool broad = false;  ///< room for two texts side by side
};

/// Document type, comment with version and command, policy, style, and the header with the title.
void write_page_head(std::ostream& out, const PageHead& head, const HtmlOptions& options);
/// Footer and script. note: what every reader should know about such a page; plain text.
void write_page_tail(std::ostream& out, std::string_view version, std::string_view note);

}  // namespace pellucid::report
