// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What a guest may say of a case. The runner adds what no guest can say of itself: CRASH, WEDGED, KFAIL,
// XPASS.
#pragma once

#include <cstdint>

namespace argo::suite {

/// In order of severity: a case's verdict starts at pass and only rises.
enum class Verdict : uint8_t
{
    pass,          ///< the obligation was observed, by a positive witness
    not_supported, ///< optional, and its absence confirmed by probing
    skip,          ///< a precondition of this run is missing
    error,         ///< the case could not decide
    fail,          ///< the obligation was violated
};

/// As printed in the console protocol.
constexpr const char* name(Verdict verdict)
{
    constexpr const char* names[] = {"PASS", "NOT_SUPPORTED", "SKIP", "ERROR", "FAIL"};
    return names[static_cast<uint8_t>(verdict)];
}

} // namespace argo::suite
