// SPDX-License-Identifier: Apache-2.0
// Unicode normal forms with origins, as of Unicode 9.0 (the version of the tokenizers library). ICU
// has the data; a character that is younger than 9.0 is left alone, which makes the result
// independent of ICU's version. https://unicode.org/reports/tr15/
#pragma once

#include "pellucid/text/normalized_text.h"

namespace pellucid {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// One to many: all get the origin of the one. Many to one: the origin of the first. Reordered
/// marks take the origins in the order of the places, as the library does.
void normalize(NormalForm form, NormalizedText& text);

}  // namespace pellucid
