// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

template <class Value>
TensorView view(const std::string& name, DType dtype, std::vector<std::int64_t> shape,
                const std::vector<Value>& values) {
  return {name, dtype, std::move(shape), values.data(), values.size() * sizeof(Value), nullptr};
}

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

class Safetensors : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = (fs::temp_directory_path() / (std::string("pellucid_") + test->name() + "_" +
                                          std::to_string(::getpid()) + ".safetensors"))
                .string();
  }
  void TearDown() override { fs::remove(path_); }

  std::string path_;
};

TEST_F(Safetensors, RoundTrip) {
  const std::vector<float> floats = {1.5F,
                                     -0.0F,
                                     std::numeric_limits<float>::infinity(),
                                     1e-40F,
                                     std::numeric_limits<float>::quiet_NaN(),
                                     3};
  const std::vector<std::int32_t> ids = {101, -1, 2147483647};
  const std::vector<float> none;
  save_safetensors(
      path_,
      {view("z/floats \"é\"", DType::f32, {2, 3}, floats), view("ids", DType::i32, {3}, ids),
       view("empty", DType::f32, {0, 4}, none), view("a", DType::f32, {}, std::vector{2.F})},
      {{"format", "pt"}});
  std::string names;
  const SafetensorsFile file = SafetensorsFile::open(path_);
  for (const TensorView& tensor : file.tensors()) names += tensor.name + ";";
  EXPECT_EQ(names, "a;empty;ids;z/floats \"é\";");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  const TensorView& read = file.at("z/floats \"é\"");
  EXPECT_EQ(read.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(read.is_aligned());
  EXPECT_EQ(std::memcmp(read.data, floats.data(), 24), 0);
  EXPECT_EQ(std::memcmp(read.floats().data(), floats.data(), 24), 0);
  EXPECT_EQ(file.at("ids").integers(), (std::vector<std::int64_t>{101, -1, 2147483647}));
  EXPECT_EQ(file.at("empty").count(), 0);
  EXPECT_EQ(file.find("b"), nullptr);
  EXPECT_THROW(file.at("b"), Error);
  EXPECT_THROW(read.integers(), Error);
  EXPECT_THROW(file.at("ids").floats(), Error);
}

TEST_F(Safetensors, WritesTheSameBytesInAnyOrder) {
  const std::vector<float> x = {1, 2};
  const TensorView a = view("a", DType::f32, {2}, x), b = view("b", DType::f32, {1, 2}, x);
  save_safetensors(path_, {a, b});
  const std::string first = read_text_file(path_, 10'000);
  save_safetensors(path_, {b, a});
  EXPECT_EQ(read_text_file(path_, 10'000), first);
  EXPECT_EQ(first.size() % 8, 0U);
}

TEST_F(Safetensors, NoTensors) {
  save_safetensors(path_, {});
  EXPECT_TRUE(SafetensorsFile::open(path_).tensors().empty());
}

TEST_F(Safetensors, WriterRefusesBeforeAnythingIsWritten) {
  const std::vector<float> x = {1, 2};
  EXPECT_THROW(save_safetensors(path_, {view("a", DType::f32, {3}, x)}), Error);
  EXPECT_THROW(save_safetensors(path_, {view("a", DType::f32, {-2, -1}, x)}), Error);
  EXPECT_THROW(save_safetensors(path_, {view("a", DType::f64, {1}, x)}), Error);
  EXPECT_THROW(save_safetensors(path_, {view("__metadata__", DType::f32, {2}, x)}), Error);
  const TensorView a = view("a", DType::f32, {2}, x);
  EXPECT_THROW(save_safetensors(path_, {a, a}), Error);
  EXPECT_THROW(save_safetensors(path_ + "/no/folder", {a}), Error);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Safetensors, ViewsOutliveTheFile) {
  const std::vector<float> x = {1, 2};
  save_safetensors(path_, {view("a", DType::f32, {2}, x)});
  TensorView kept;
  {
    const SafetensorsFile file = SafetensorsFile::open(path_);
    kept = file.at("a");
    fs::remove(path_);
  }
  EXPECT_EQ(kept.floats(), x);
}

TEST_F(Safetensors, ReadsEveryDtypeAtOddAddresses) {
  // An odd header length puts the data at an odd address.
  const std::string header = R"({"b":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},)"
                             R"("d":{"dtype":"F64","shape":[1],"data_offsets":[1,9]},)"
                             R"("h":{"dtype":"F16","shape":[1],"data_offsets":[9,11]},)"
                             R"("g":{"dtype":"BF16","shape":[1],"data_offsets":[11,13]},)"
                             R"("l":{"dtype":"I64","shape":[1],"data_offsets":[13,21]},)"
                             R"("s":{"dtype":"I16","shape":[1],"data_offsets":[21,23]},)"
                             R"("c":{"dtype":"I8","shape":[1],"data_offsets":[23,24]},)"
                             R"("u":{"dtype":"U8","shape":[1,1],"data_offsets":[24,25]}})";
  const double d = -0.5;
  const std::int64_t l = -3'000'000'000;
  const std::string data = std::string("\x01") + std::string(reinterpret_cast<const char*>(&d), 8) +
                           std::string("\x00\x3c\x80\x3f", 4) +
                           std::string(reinterpret_cast<const char*>(&l), 8) + "\xfe\xff\x80\xff";
  const std::string bytes = file_of(header + (header.size() % 2 == 0 ? " " : ""), data);
  const SafetensorsFile file = SafetensorsFile::parse(bytes.data(), bytes.size(), "memory");
  EXPECT_EQ(file.at("d").floats(), std::vector<float>{-0.5F});
  EXPECT_EQ(file.at("h").floats(), std::vector<float>{1});
  EXPECT_EQ(file.at("g").floats(), std::vector<float>{1});
  EXPECT_EQ(file.at("b").integers(), std::vector<std::int64_t>{1});
  EXPECT_EQ(file.at("l").integers(), std::vector<std::int64_t>{l});
  EXPECT_EQ(file.at("s").integers(), std::vector<std::int64_t>{-2});
  EXPECT_EQ(file.at("c").integers(), std::vector<std::int64_t>{-128});
  EXPECT_EQ(file.at("u").integers(), std::vector<std::int64_t>{255});
  EXPECT_EQ(shape_text(file.at("u").shape), "[1, 1]");
}

TEST_F(Safetensors, MessagesShowHostileNamesOnOneLine) {
  const std::string bytes = file_of(R"({"a\n\u001b[31m":1})", "");
  try {
    SafetensorsFile::parse(bytes.data(), bytes.size(), "memory");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "memory: tensor \"a\\x0a\\x1b[31m\": the header's entry is not {dtype, shape, "
              "data_offsets}");
  }
}

}  // namespace
}  // namespace pellucid
