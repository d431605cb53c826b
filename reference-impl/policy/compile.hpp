// SPDX-License-Identifier: Apache-2.0 OR MIT
// What becomes of rules: the engine's form (engine/policy_image.hpp), and a FLASK module.
#pragma once

#include "policy/rules.hpp"

namespace argo::policy {

/// For argo-vmm and the model; booleans have their values. Throws Trouble where the rules are too many.
std::string compile_for_engine(const Rules&);

struct FlaskOptions
{
    bool declare_domains = false; ///< domains' types, too; else another module has them
};

/// Type enforcement rules for Xen's FLASK, booleans included; the ranges of ports as comments, since they are
/// loaded at run time. FLASK judges a send in two steps, source port and destination, so rules that tie one
/// to the other are refused. Throws Trouble.
std::string compile_for_flask(const Rules&, const FlaskOptions&);

} // namespace argo::policy
