// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

JsonObject object(const std::string& text) {
  return JsonObject("config.json", parse_json(text, "config.json"));
}

template <class Action>
std::string message(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_message(const std::string& text) {
  return message([&] { parse_json(text, "x.json"); });
}

TEST(Json, ParsesAsTheLibraryDoes) {
  const std::string text =
      R"({"b":[1,-2,3.5,1e-3,18446744073709551615,true,false,null,"aé\u00e9\n"],"a":{"":{}},"c":[]})";
  const auto parsed = parse_json(text, "x.json");
  EXPECT_EQ(parsed, nlohmann::ordered_json::parse(text));
  EXPECT_EQ(parsed.dump(), nlohmann::ordered_json::parse(text).dump());
  EXPECT_EQ(parse_json(" 3 ", "x.json"), 3);
}

TEST(Json, RefusesWhatIsNotStrict) {
  for (const std::string text :
       {"{", "}", "[1,]", "{\"a\":1,}", "{'a':1}", "[01]", "[+1]", "[.5]", "// c\n1", "[1] 2",
        "\"\\x\"", "\"\t\"", "[\"\xff\"]", "\xff", "\"\\ud800\"", "tru", "1e999", "[-]", "nul"}) {
    EXPECT_NE(parse_message(text).find("x.json: is not valid JSON"), std::string::npos) << text;
  }
  EXPECT_EQ(parse_message(""), "x.json: is empty, expected JSON");
  EXPECT_EQ(parse_message(std::string("{}\0{", 4)), "x.json: is not valid JSON: byte 3 is NUL");
  EXPECT_EQ(parse_message(R"({"a":{"b":1,"b":2}})"), "x.json: \"b\" stands twice in one object");
}

TEST(Json, NamesTheKeyOfNaN) {
  for (const std::string literal : {"NaN", "Infinity", "-Infinity"}) {
    const std::string found = parse_message(R"({"a":1,"outer":{"eps":)" + literal + "}}");
    EXPECT_NE(found.find("is not valid JSON at \"outer.eps\""), std::string::npos) << found;
  }
}

TEST(Json, DepthIsBoundedWithoutRecursion) {
  EXPECT_NO_THROW(parse_json(std::string(200, '[') + std::string(200, ']'), "x.json"));
  EXPECT_EQ(parse_message(std::string(201, '[') + std::string(201, ']')),
            "x.json: is nested deeper than 200 levels");
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "{\"a\":";
  EXPECT_EQ(parse_message(deep), "x.json: is nested deeper than 200 levels");
}

TEST(Json, ManyKeysTakeLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  text += "\"last\":1}";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parse_json(text, "x.json").size(), 200'001U);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 5.0);
}

TEST(JsonObject, Getters) {
  const JsonObject x = object(
      R"({"i":8,"n":1e-12,"b":true,"t":"gelu","is":[1,2],"ns":[1,0.5],"ts":["a"],"o":{"i":3},"z":null})");
  EXPECT_EQ(x.integer("i", 1, 8), 8);
  EXPECT_EQ(x.number("n"), 1e-12);
  EXPECT_EQ(x.number("i", 0, 10), 8.0);
  EXPECT_TRUE(x.boolean("b"));
  EXPECT_EQ(x.text("t"), "gelu");
  EXPECT_EQ(x.choice("t", {"relu", "gelu"}), "gelu");
  EXPECT_EQ(x.integers("is", 0, 9), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(x.numbers("ns"), (std::vector<double>{1, 0.5}));
  EXPECT_EQ(x.texts("ts"), std::vector<std::string>{"a"});
  EXPECT_EQ(x.object("o").integer("i", 0, 9), 3);
  EXPECT_EQ(x.optional_integer("z", 0, 9), std::nullopt);
  EXPECT_EQ(x.optional_integer("absent", 0, 9), std::nullopt);
  EXPECT_EQ(x.optional_integer("i", 0, 9), 8);
  EXPECT_EQ(x.optional_number("n"), 1e-12);
  EXPECT_EQ(x.optional_boolean("z").value_or(true), true);
  EXPECT_EQ(x.optional_text("t"), "gelu");
  EXPECT_EQ(x.optional_choice("z", {"a"}), std::nullopt);
  EXPECT_EQ(x.optional_integers("z", 0, 1), std::nullopt);
  EXPECT_EQ(x.optional_numbers("ns")->size(), 2U);
  EXPECT_EQ(x.optional_texts("ts")->size(), 1U);
  EXPECT_FALSE(x.optional_object("z").has_value());
  EXPECT_TRUE(x.has("i"));
  EXPECT_FALSE(x.has("z"));
  EXPECT_TRUE(x.value("z")->is_null());
  EXPECT_EQ(x.value("absent"), nullptr);
}

TEST(JsonObject, Messages) {
  const JsonObject x = object(
      R"({"hidden_size":"abc","f":2.5,"big":18446744073709551615,"act":"glu","o":{"x":1},"l":[1,"a"]})");
  EXPECT_EQ(message([&] { x.integer("hidden_size", 1, 1048576); }),
            "config.json: \"hidden_size\" is \"abc\", expected an integer from 1 to 1048576");
  EXPECT_EQ(message([&] { x.integer("f", 1, 9); }),
            "config.json: \"f\" is 2.5, expected an integer from 1 to 9");
  EXPECT_EQ(message([&] { x.integer("big", 1, INT64_MAX); }),
            "config.json: \"big\" is 18446744073709551615, expected an integer from 1 to "
            "9223372036854775807");
  EXPECT_EQ(message([&] { x.optional_number("f", 0, 1); }),
            "config.json: \"f\" is 2.5, expected a number from 0 to 1");
  EXPECT_EQ(message([&] {
              x.choice("act", {"gelu", "relu"});
            }),
            "config.json: \"act\" is \"glu\", expected one of gelu, relu; did you mean \"gelu\"?");
  EXPECT_EQ(message([&] { x.object("o").boolean("x"); }),
            "config.json: \"o.x\" is 1, expected true or false");
  EXPECT_EQ(message([&] { x.object("o").text("y"); }),
            "config.json: \"o.y\" is missing, expected a text");
  EXPECT_EQ(message([&] { x.integers("l", 0, 9); }),
            "config.json: \"l\" holds \"a\", expected a list of integers from 0 to 9");
  EXPECT_EQ(message([&] { x.texts("o"); }),
            "config.json: \"o\" is an object, expected a list of texts");
  EXPECT_EQ(message([] { object("[]"); }), "config.json: is [], expected a JSON object");
  EXPECT_EQ(
      message([] { object(R"({"hiden_size":3})").integer("hidden_size", 1, 9); }),
      "config.json: \"hidden_size\" is missing, expected an integer from 1 to 9; did you mean "
      "\"hiden_size\"?");
}

TEST(JsonObject, UnreadKeys) {
  const JsonObject x = object(R"({"a":1,"b":null,"o":{"p":1,"q":2},"c":3,"d":4})");
  EXPECT_EQ(x.unread(), (std::vector<std::string>{"a", "o", "c", "d"}));  // null says nothing
  const JsonObject copy = x;
  copy.integer("a", 0, 9);
  x.optional_text("b");
  x.ignore({"d", "not there"});
  x.object("o").integer("p", 0, 9);
  x.object("o").integer("p", 0, 9);
  EXPECT_EQ(x.unread(), (std::vector<std::string>{"c", "o.q"}));
  EXPECT_EQ(x.object("o").unread(), std::vector<std::string>{"o.q"});
}

}  // namespace
}  // namespace pellucid
