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

struct FlaskPolicy
{
    std::string module; ///< of Xen's policy, with its macros; booleans are FLASK's booleans
    std::string ranges; ///< lines `low-high context`: what labels ports at run time reads
};

/// Type enforcement rules for Xen's FLASK: they hold for classes argo, argo_port and argo_ring, so that
/// nothing else has to speak of Argo. FLASK judges a send in two steps, source port and destination, so rules
/// that tie one to the other are refused. Throws Trouble.
FlaskPolicy compile_for_flask(const Rules&, const FlaskOptions&);

} // namespace argo::policy
