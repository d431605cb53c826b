// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The list of cases, as the linker made it, and the profiles.
#include "harness/case.hpp"

#include <argo/abi.h>

// The linker's names for the two ends of the section that CASE fills.
extern "C" const argo::suite::Case* const __start_argo_cases[] __attribute__((weak, visibility("hidden")));
extern "C" const argo::suite::Case* const __stop_argo_cases[] __attribute__((weak, visibility("hidden")));

namespace argo::suite {

std::span<const Case* const> all_cases() { return {__start_argo_cases, __stop_argo_cases}; }

const ProfileInfo& info(Profile profile)
{
    static constexpr ProfileInfo profiles[] = {
        {"core-loopback", 0, ""},
        {"core-pair", 0, ""},
        {"wildcard", ARGO_FEATURE_WILDCARD, "feature WILDCARD is not offered"},
        {"interrupt-vector", ARGO_FEATURE_VECTOR, "feature VECTOR is not offered"},
        {"interrupt-evtchn", ARGO_FEATURE_VECTOR, "feature VECTOR is not offered"},
        {"interrupt-poll", 0, ""},
        {"policy", 0, ""},
        {"lifecycle", 0, ""},
        {"hostile", 0, ""},
        {"batch", ARGO_FEATURE_BATCH, "feature BATCH is not offered"},
        {"upstream", 0, ""},
        {"fuzz", 0, ""},
        {"bench", 0, ""},
    };
    return profiles[static_cast<uint8_t>(profile)];
}

} // namespace argo::suite
