// SPDX-License-Identifier: Apache-2.0 OR MIT
// OpenXT's firewall: an ordered list of rules by domid, the first that matches decides, and what none matches
// passes. Its commands become rules by labels with the same effect on messages.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "policy/rules.hpp"

namespace argo::policy {

/// The label of each domid.
using DomainLabels = std::map<uint16_t, std::string>;

/// The text of a rules file. `text` has one viptables command a line. Domids without a label get one that is
/// made of the number; every domid that no command names is `others_t`. Throws Trouble.
std::string import_viptables(std::string_view text, const std::string& file, const DomainLabels&);

} // namespace argo::policy
