// SPDX-License-Identifier: Apache-2.0 OR MIT
// A check of JSON against the small part of JSON Schema that conformance/schema uses.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace argo::runner {

/// What is wrong with `value`, as one clear phrase with its place; empty: nothing. Knows type, enum, const,
/// required, properties, additionalProperties (false or a schema), items, minimum, pattern, minItems and
/// local $ref; throws std::logic_error for any other keyword in the schema, since a check left out would go
/// unnoticed.
std::optional<std::string> schema_violation(const nlohmann::json& value, const nlohmann::json& schema);

} // namespace argo::runner
