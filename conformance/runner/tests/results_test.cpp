// SPDX-License-Identifier: Apache-2.0 OR MIT
// The check against the schema, and how obligations are judged.
#include "runner/results.hpp"
#include "runner/schema.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace argo::runner;
using nlohmann::json;

namespace {

TEST(Schema, says_what_is_wrong_and_where)
{
    const auto schema = json::parse(R"({
        "type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {
            "a": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/n"}},
            "b": {"type": ["string", "null"], "pattern": "^x+$"},
            "c": {"enum": ["u", "v"]},
            "d": {"const": 4}
        },
        "$defs": {"n": {"type": "integer", "minimum": 2}}
    })");
    const auto wrong = [&](const char* text) {
        return schema_violation(json::parse(text), schema).value_or("");
    };
    EXPECT_EQ(wrong(R"({"a": [2], "b": "xx", "c": "u", "d": 4})"), "");
    EXPECT_EQ(wrong(R"({"a": [2], "b": null})"), "");
    EXPECT_EQ(wrong(R"([])"), "the file is array, not object");
    EXPECT_EQ(wrong(R"({})"), "the file lacks the field 'a'");
    EXPECT_EQ(wrong(R"({"a": []})"), "'a' is empty");
    EXPECT_EQ(wrong(R"({"a": [2, 1]})"), "'a[1]' is 1, below 2");
    EXPECT_EQ(wrong(R"({"a": [2.5]})"), "'a[0]' is number, not integer");
    EXPECT_EQ(wrong(R"({"a": [2], "b": "y"})"), "'b' is \"y\", which does not match \"^x+$\"");
    EXPECT_EQ(wrong(R"({"a": [2], "b": 1})"), "'b' is number, not string or null");
    EXPECT_EQ(wrong(R"({"a": [2], "c": "w"})"), "'c' is \"w\", which is none of [\"u\",\"v\"]");
    EXPECT_EQ(wrong(R"({"a": [2], "d": 5})"), "'d' is 5, not 4");
    EXPECT_EQ(wrong(R"({"a": [2], "e": 5})"), "the file has an unknown field 'e'; did you mean 'a'?");
}

TEST(Schema, a_keyword_that_is_not_known_is_no_check_left_out)
{
    EXPECT_THROW(schema_violation(json::parse("{}"), json::parse(R"({"maxProperties": 3})")),
                 std::logic_error);
}

TEST(Obligations, get_the_worst_of_their_cases)
{
    Catalogue catalogue;
    for (const char* id : {"R-1", "R-2", "R-3"})
        catalogue.requirements.push_back({id, 1, "", "", "", "", "", "", "", 0});
    catalogue.requirements[1].revision = 4;
    std::vector<CaseResult> cases(3);
    cases[0] = {"x.a", {"R-1"}, "", "", "", "", Verdict::pass, "", {}};
    cases[1] = {"x.b", {"R-1", "R-2"}, "", "", "", "", Verdict::not_supported, "", {}};
    cases[2] = {"x.c", {"R-2"}, "", "", "", "", Verdict::fail, "", {}};
    const auto judged = judge_requirements(catalogue, cases);
    EXPECT_EQ(judged[0].verdict, Verdict::not_supported);
    EXPECT_EQ(judged[1].verdict, Verdict::fail);
    EXPECT_EQ(judged[1].revision, 4u);
    EXPECT_EQ(judged[2].verdict, Verdict::not_tested);
}

} // namespace
