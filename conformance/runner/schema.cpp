// SPDX-License-Identifier: Apache-2.0 OR MIT
// A check of JSON against the small part of JSON Schema that conformance/schema uses.
#include "runner/schema.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/text.hpp"

namespace argo::runner {

using nlohmann::json;

namespace {

constexpr std::array annotations{"$schema", "$id", "$defs", "title", "description"};
constexpr std::array checks{"$ref",
                            "type",
                            "enum",
                            "const",
                            "minimum",
                            "pattern",
                            "required",
                            "properties",
                            "items",
                            "minItems",
                            "additionalProperties"};

bool is_of_type(const json& value, const std::string& type)
{
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    throw std::logic_error("type '" + type + "' in a schema");
}

class Checker
{
  public:
    explicit Checker(const json& root) : root_(root) {}

    std::optional<std::string> check(const json& value, const json& schema, const std::string& place) const
    {
        for (const auto& [keyword, _] : schema.items()) {
            if (std::ranges::find(annotations, keyword) == annotations.end() &&
                std::ranges::find(checks, keyword) == checks.end()) {
                throw std::logic_error("keyword '" + keyword + "' in a schema");
            }
        }
        if (const auto ref = schema.find("$ref"); ref != schema.end()) {
            const auto pointer = ref->get<std::string>().substr(1); // after '#'
            return check(value, root_.at(json::json_pointer(pointer)), place);
        }
        if (auto wrong = check_scalar(value, schema, place)) return wrong;
        if (value.is_object()) return check_object(value, schema, place);
        if (value.is_array()) return check_array(value, schema, place);
        return std::nullopt;
    }

  private:
    static std::string here(const std::string& place)
    {
        return place.empty() ? "the file" : "'" + place + "'";
    }

    static std::optional<std::string> check_scalar(const json& value, const json& schema,
                                                   const std::string& place)
    {
        if (const auto type = schema.find("type"); type != schema.end()) {
            const auto types = type->is_array() ? type->get<std::vector<std::string>>()
                                                : std::vector<std::string>{type->get<std::string>()};
            if (std::ranges::none_of(types, [&](const auto& t) { return is_of_type(value, t); })) {
                return fmt::format("{} is {}, not {}", here(place), value.type_name(),
                                   fmt::join(types, " or "));
            }
        }
        if (const auto constant = schema.find("const"); constant != schema.end() && value != *constant) {
            return fmt::format("{} is {}, not {}", here(place), value.dump(), constant->dump());
        }
        if (const auto values = schema.find("enum");
            values != schema.end() && std::ranges::find(*values, value) == values->end()) {
            return fmt::format("{} is {}, which is none of {}", here(place), value.dump(), values->dump());
        }
        if (const auto minimum = schema.find("minimum");
            minimum != schema.end() && value.is_number() && value < *minimum) {
            return fmt::format("{} is {}, below {}", here(place), value.dump(), minimum->dump());
        }
        if (const auto pattern = schema.find("pattern"); pattern != schema.end() && value.is_string()) {
            if (!std::regex_search(value.get<std::string>(), std::regex(pattern->get<std::string>()))) {
                return fmt::format("{} is {}, which does not match {}", here(place), value.dump(),
                                   pattern->dump());
            }
        }
        return std::nullopt;
    }

    std::optional<std::string> check_object(const json& value, const json& schema,
                                            const std::string& place) const
    {
        const auto required = schema.value("required", std::vector<std::string>{});
        for (const auto& field : required) {
            if (!value.contains(field)) return fmt::format("{} lacks the field '{}'", here(place), field);
        }
        const auto properties = schema.value("properties", json::object());
        for (const auto& [field, content] : value.items()) {
            const auto inner = place.empty() ? field : place + "." + field;
            const auto property = properties.find(field);
            if (property != properties.end()) {
                if (auto wrong = check(content, *property, inner)) return wrong;
                continue;
            }
            const auto others = schema.find("additionalProperties");
            if (others != schema.end() && *others == false) {
                std::vector<std::string> known;
                for (const auto& [name, _] : properties.items()) known.push_back(name);
                return fmt::format("{} has an unknown field '{}'{}", here(place), field,
                                   did_you_mean(field, known));
            }
        }
        return std::nullopt;
    }

    std::optional<std::string> check_array(const json& value, const json& schema,
                                           const std::string& place) const
    {
        if (value.size() < schema.value("minItems", size_t{0}))
            return fmt::format("{} is empty", here(place));
        const auto items = schema.find("items");
        if (items == schema.end()) return std::nullopt;
        for (size_t i = 0; i < value.size(); ++i) {
            if (auto wrong = check(value[i], *items, fmt::format("{}[{}]", place, i))) return wrong;
        }
        return std::nullopt;
    }

    const json& root_;
};

} // namespace

std::optional<std::string> schema_violation(const json& value, const json& schema)
{
    return Checker(schema).check(value, schema, "");
}

} // namespace argo::runner
