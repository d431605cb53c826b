// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A policy as argo-policy compiles it for the engine, to the byte: little-endian, one piece, no pointers.
// Labels and labels of ports are numbers, with a table of names; a port that is in no range has label 0 of
// ports. What no rule allows is denied. Book: spec/policy.rst.
#pragma once

#include <cstdint>

namespace argo::engine {

inline constexpr uint64_t policy_magic = 0x31'4c'4f'50'4f'47'52'41; // "ARGOPOL1"
inline constexpr uint32_t policy_most_labels = 255;                 // of domains
inline constexpr uint32_t policy_most_port_labels = 256;
inline constexpr uint32_t policy_most_ranges = 4096;
inline constexpr uint32_t policy_most_rules = 4096;
inline constexpr uint32_t policy_name_size = 32; // with the zero at its end

/// In this order: header, names of labels, names of labels of ports, ranges, rules.
struct PolicyHeader
{
    uint64_t magic;
    uint32_t size; ///< of the whole, in bytes
    uint32_t labels;
    uint32_t port_labels; ///< at least one
    uint32_t ranges;
    uint32_t rules;
    uint32_t reserved; ///< zero
};
static_assert(sizeof(PolicyHeader) == 32);

struct PolicyName
{
    char text[policy_name_size];
};

/// Ports first to last have a label. Ranges ascend and do not overlap.
struct PolicyRange
{
    uint32_t first;
    uint32_t last;
    uint32_t label;
    uint32_t reserved; ///< zero
};
static_assert(sizeof(PolicyRange) == 16);

/// A set of labels.
struct PolicySet
{
    uint64_t words[4];

    constexpr bool has(uint32_t label) const noexcept { return (words[label / 64] >> label % 64 & 1) != 0; }
    constexpr void add(uint32_t label) noexcept { words[label / 64] |= uint64_t{1} << label % 64; }
};

/// Allows every question whose parts are in its sets; parts that a hook has not are not looked at.
struct PolicyRule
{
    uint32_t hooks; ///< bit n: Hook n
    uint32_t line;  ///< where it stands in the rules
    PolicySet callers;
    PolicySet caller_ports;
    PolicySet others;
    PolicySet other_ports;
};
static_assert(sizeof(PolicyRule) == 136);

} // namespace argo::engine
