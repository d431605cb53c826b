// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The model: the reference engine in this process, domains as objects with memory of their own, vCPUs as
// threads, and in each domain the same suite that an image carries. It prints and obeys as argo-vmm does, so
// that a runner need not know which of the two it has started.
#pragma once

#include <argo/abi.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace argo::runner {

struct ModelDomain
{
    std::string name; ///< marks its lines; differs from the others'
    uint16_t domid;   ///< differs from the others'
    std::string command_line;
    std::string label{}; ///< for a policy
};

struct ModelOptions
{
    std::vector<ModelDomain> domains;
    /// ARGO_MECHANISM_*, in the order of preference that guests are told. No others are offered here.
    std::vector<uint32_t> mechanisms{ARGO_MECHANISM_MSR, ARGO_MECHANISM_MMIO, ARGO_MECHANISM_PIO,
                                     ARGO_MECHANISM_VMCALL, ARGO_MECHANISM_CPUID};
    bool absent = false;   ///< no Argo: no CPUID block, and nobody behind the doorbells
    uint32_t pages = 1024; ///< memory of each domain
    engine::Limits limits{};
    uint64_t features = engine::Engine::offered_features;
    std::function<bool(const engine::PolicyQuestion&)>
        allows{};         ///< everything, if left out. Called by any thread, and asked before the policy.
    std::string policy{}; ///< file with a compiled one, under which every domain has a label; empty: none

    std::string counters{}; ///< file for what was counted, in the form of argo-vmm's --counters; empty: none

    bool control = true; ///< obey lines of `input`: kill, start, restart <domain>; policy <file>; quit, as at
                         ///< its end
    int input = 0;       ///< file descriptor
    std::FILE* output = stdout; ///< `[<domain>] <line>`, `[host] ...`
    std::FILE* complaints = stderr;
};

/// Start the domains and return when all have ended or `quit` came: 0. The domains' lines are whole, whoever
/// prints. Throws std::invalid_argument for a mechanism that is not offered, a domid that no domain may have,
/// two domains with one name or domid, or a policy
/// that is none or lacks a domain's label. Several may run at once.
int run_model(const ModelOptions&);

} // namespace argo::runner
