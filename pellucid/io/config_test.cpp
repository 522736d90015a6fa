// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

/// A file with these fields beside the model's type.
ModelConfig config(const std::string& fields) {
  return ModelConfig::parse(R"({"model_type":"bert")" + (fields.empty() ? "" : "," + fields) + "}",
                            "config.json");
}

TEST(Config, CommonFields) {
  const ModelConfig x = config(
      R"("architectures":["BertForMaskedLM"],"torch_dtype":"float16","pad_token_id":0,)"
      R"("bos_token_id":null,"eos_token_id":[1,2],"decoder_start_token_id":-1,)"
      R"("tie_word_embeddings":false,"is_decoder":true,"problem_type":"regression","num_labels":1)");
  EXPECT_EQ(x.model_type, "bert");
  EXPECT_EQ(x.architectures, Texts{"BertForMaskedLM"});
  EXPECT_EQ(x.dtype, "float16");
  EXPECT_EQ(x.pad_token_id, 0);
  EXPECT_EQ(x.bos_token_id, std::nullopt);
  EXPECT_EQ(x.decoder_start_token_id, std::nullopt);
  EXPECT_EQ(x.eos_token_ids, (std::vector<std::int64_t>{1, 2}));
  EXPECT_FALSE(x.tie_word_embeddings);
  EXPECT_TRUE(x.is_decoder);
  EXPECT_EQ(x.problem_type, "regression");
  EXPECT_EQ(x.labels, Texts{"LABEL_0"});
  EXPECT_TRUE(x.warnings().empty());
}

TEST(Config, Defaults) {
  const ModelConfig x = config("");
  EXPECT_EQ(x.labels, (Texts{"LABEL_0", "LABEL_1"}));
  EXPECT_FALSE(x.labels_given);
  EXPECT_TRUE(x.architectures.empty());
  EXPECT_TRUE(x.tie_word_embeddings);
  EXPECT_EQ(x.problem_type, std::nullopt);
  EXPECT_EQ(config(R"("num_labels":3)").num_labels(), 3);
  EXPECT_EQ(config(R"("eos_token_id":7)").eos_token_ids, std::vector<std::int64_t>{7});
}

TEST(Config, LabelsAreOrderedByTheirIndex) {
  const ModelConfig x =
      config(R"("id2label":{"2":"c","0":"a","1":7},"label2id":{"a":0,"7":1,"c":2},"num_labels":3)");
  EXPECT_EQ(x.labels, (Texts{"a", "7", "c"}));
  EXPECT_TRUE(x.labels_given);
  EXPECT_TRUE(x.warnings().empty());
}

TEST(Config, OddLabelsAreTold) {
  EXPECT_EQ(config(R"("id2label":{"0":"a","1":"a"})").warnings().size(), 1U);
  EXPECT_EQ(config(R"("id2label":{"0":"a","1":"b"},"num_labels":5)").warnings().size(), 1U);
  EXPECT_EQ(config(R"("id2label":{"0":"a","1":"b"},"label2id":{"a":1,"b":0})").warnings().size(),
            1U);
  EXPECT_EQ(config(R"("auto_map":{"AutoModel":"x.Y"})").warnings().size(), 1U);
}

TEST(Config, KeysWithoutAReaderAreWarnings) {
  const ModelConfig x = config(R"("hidden_size":12,"heads":5,"use_cache":true,"strange":1)");
  EXPECT_EQ(x.warnings(), (Texts{"config.json: \"hidden_size\" has no effect here",
                                 "config.json: \"heads\" has no effect here",
                                 "config.json: \"strange\" has no effect here"}));
  EXPECT_EQ(x.size("hidden_size"), 12);
  EXPECT_THROW(x.heads("heads", "hidden_size", 12), Error);
  EXPECT_EQ(x.heads("heads", "hidden_size", 15), 5);
  EXPECT_EQ(x.warnings(), Texts{"config.json: \"strange\" has no effect here"});
}

TEST(Config, RealFoldersLeaveNoCommonKeyUnread) {
  const fs::path root = fs::path(PELLUCID_SOURCE_DIR) / "../shared/models";
  if (!fs::exists(root)) GTEST_SKIP() << "no " << root;
  for (const auto& folder : fs::directory_iterator(root)) {
    if (!fs::exists(folder.path() / "config.json")) continue;
    SCOPED_TRACE(folder.path());
    const ModelConfig x = ModelConfig::read(folder.path().string());
    EXPECT_FALSE(x.model_type.empty());
    for (const std::string& key : x.fields.unread()) {
      EXPECT_EQ(key.find("label2id"), std::string::npos) << key;
      EXPECT_EQ(key.find("id2label"), std::string::npos) << key;
      EXPECT_EQ(key.find("token_id"), std::string::npos) << key;
    }
  }
}

}  // namespace
}  // namespace pellucid
