// SPDX-License-Identifier: Apache-2.0
// Occlusion: how much the target falls when a window of units is replaced.  Zeiler, Fergus 2013,
// arXiv 1311.2901
//   phi_u = mean over the windows that cover u of (v(all) - v(all without the window))
// Windows start at 0, stride, 2 stride ...; the last one is shifted back to end with the text.
// window = stride = 1 is leave-one-out. Leave-one-in keeps the window alone: v(window) - v(none).
#pragma once

#include "pellucid/attributions/method_options.h"

namespace pellucid {

enum class OcclusionMode {
  leave_one_out,  ///< v(all) - v(all without the window)
  leave_one_in,   ///< v(the window alone) - v(none)
};

std::string_view name(OcclusionMode mode);

struct Occlusion {
  int window = 1;
  int stride = 1;
  bool share = false;  ///< divide each effect by the size of its window
  OcclusionMode mode = OcclusionMode::leave_one_out;
  Replacement replacement{.kind = Replacement::Kind::usual};

  std::string name() const { return "occlusion"; }
  Parameters parameters() const;
  void check() const;
  Attribution operator()(Evaluator& evaluator) const;
  static MethodEntry entry();
};

}  // namespace pellucid
