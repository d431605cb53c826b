// SPDX-License-Identifier: Apache-2.0 OR MIT
// For people: which rule decides about two ends and what the guests see, and what one set of rules allows
// that another does not.
#pragma once

#include "policy/rules.hpp"

namespace argo::policy {

struct End
{
    std::string label;
    uint32_t port;
};

/// `label:port`. Throws Trouble.
End parse_end(std::string_view text);

/// All that concerns messages from one end to the other.
std::string explain(const Rules&, const End& from, const End& to);

/// One line for each difference, `+` allowed by the later rules alone, `-` by the earlier; empty: none.
/// Booleans have their values.
std::string difference(const Rules& earlier, const Rules& later);

} // namespace argo::policy
