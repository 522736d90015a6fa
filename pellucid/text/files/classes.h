// SPDX-License-Identifier: Apache-2.0
// Which class of tokenizers a folder without tokenizer.json belongs to.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "pellucid/text/files/folder.h"

namespace pellucid {

/// By "tokenizer_class" of the settings or of config.json, else by config.json's "model_type", else
/// by what the vocabulary holds. Error for classes that are not known, and for vocabularies that
/// are not of the class's kind.
TokenizerDocument read_folder(const FolderTokenizer& folder, const nlohmann::json& config);

}  // namespace pellucid
