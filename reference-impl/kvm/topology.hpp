// SPDX-License-Identifier: Apache-2.0 OR MIT
// The file that says which domains run: TOML, one [[domain]] each. README.md describes every key. What is not
// understood is refused, with the line where it stands.
#pragma once

#include "kvm/devices.hpp"
#include "kvm/doorbell.hpp"
#include "kvm/kvm.hpp"
#include "kvm/memory.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace argo::kvm {

/// What a vCPU's local APIC is when the vCPU starts for the first time. The guest may change it.
enum class Apic : uint8_t
{
    xapic,
    x2apic
};
constexpr std::string_view apic_names[] = {"xapic", "x2apic"};

/// One [[domain]]. What the file does not say is as here; name, domid and image it has to say.
struct DomainConfig
{
    std::string name;
    uint16_t domid = 0;
    std::string label; ///< what it is to a policy; empty: nothing in particular
    uint64_t memory = 16 * mebibyte;
    unsigned vcpus = 1; ///< their APIC IDs count from 0
    std::string image;  ///< path
    std::string command_line;
    std::vector<Mechanism> mechanisms; ///< by preference; empty: all that this KVM can
    Doorbells doorbells;
    std::chrono::seconds watchdog{0}; ///< zero: none
    Consoles consoles;
    Apic apic = Apic::xapic;
    Irqchip irqchip = Irqchip::kernel;
    bool absent = false; ///< runs without Argo: no CPUID block, and the doorbells are dead
};

struct Topology
{
    std::vector<DomainConfig> domains; ///< at least one; names and domids differ
    std::string policy;                ///< path of a compiled one; empty: everything is allowed
    uint32_t audit_rate = 10;          ///< records of denials a second, of one domain
};

/// Throws Failure(Exit::usage) with a sentence that begins with `file:line:`. Relative images are relative to
/// the directory of `file`.
Topology parse_topology(std::string_view text, const std::string& file);
Topology read_topology(const std::string& file);

} // namespace argo::kvm
