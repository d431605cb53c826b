// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// FLASK, as domain 0 handles it: labels of domains and of ports, booleans, a whole policy; and Xen's log,
// where its records are.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "guest/xen_abi.hpp"

namespace argo::guest::xen {

/// The number of a label; zero: the policy does not know it. Without FLASK any will do.
uint32_t label_of(std::string_view context);

/// Give ports of Argo a label. Zero, or Xen's error.
int64_t label_ports(uint32_t low, uint32_t high, uint32_t label);

/// A new value for a boolean, which is in force once all are.
int64_t set_boolean(std::string_view name, bool value);
int64_t put_booleans_in_force();

/// Another policy in the place of the one in force.
int64_t load_policy(std::span<const uint8_t> policy);

/// What Xen has logged since the last call; as much as this: there is more.
inline constexpr size_t log_at_once = 128 * 1024;
std::string_view read_log();

} // namespace argo::guest::xen
