// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the command line of a domain says, as `key=value` words. The table of keys is in options.cpp.
#pragma once

#include <cstdint>
#include <string_view>

namespace argo::suite {

enum class Role : uint8_t
{
    lead, ///< runs the cases
    peer, ///< the others serve it
    third,
    crowd,
};
const char* name(Role);

struct Options
{
    static constexpr uint16_t nobody = 0xffff; ///< no such domain in this run
    static constexpr uint16_t max_crowd = 40;

    Role role = Role::lead;
    uint16_t lead = nobody;
    uint16_t peer = nobody;
    uint16_t third = nobody;
    uint16_t crowd_first = nobody; ///< crowd=<first>-<last>: consecutive domids
    uint16_t crowd_last = nobody;
    std::string_view profile{}; ///< patterns, see glob.hpp
    std::string_view filter{};
    std::string_view sample{};      ///< patterns; cases have to match these, too
    std::string_view environment{}; ///< what the host says of the surroundings, for the log
    std::string_view after{};       ///< begin behind this case
    std::string_view mechanism{};   ///< use this one; else the first that works
    uint64_t seed = 0;
    // What a domain that gives its place to a new one tells it of itself: see platform::renew().
    uint32_t sequence = 0;  ///< lines of the protocol so far
    uint32_t crc = 0;       ///< of these
    uint32_t done = 0;      ///< cases
    uint32_t slow = 1;      ///< every time limit is multiplied by this
    uint32_t races = 2'000; ///< rounds of a case in which two vCPUs race
    uint32_t rounds = 0;    ///< of what profile bench measures; zero: as each case has it
    uint32_t fuzz = 0;      ///< seconds of random calls; zero: some rounds
    bool policy = false;    ///< the rules of policy.toml are in force

    /// Domains in the crowd.
    uint16_t crowd_size() const
    {
        return crowd_first == nobody ? uint16_t{0} : static_cast<uint16_t>(crowd_last - crowd_first + 1);
    }

    std::string_view wrong{}; ///< the first word that is no key=value with a known key and a value that fits
};

/// Views point into `line`. Never fails: what it does not understand is in `wrong`.
Options parse_options(std::string_view line);

} // namespace argo::suite
