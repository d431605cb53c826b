// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a guest sees through CPUID: what KVM supports, the vCPU's place among the others, KVM's own block, and
// the Argo block. Book: spec/discovery.rst.
#pragma once

#include "engine/discovery.hpp"
#include "kvm/doorbell.hpp"
#include "kvm/kvm.hpp"

namespace argo::kvm {

/// Base of the Argo block; KVM's own stays at 0x40000000, where guests look for it.
constexpr uint32_t argo_cpuid_base = 0x40000100;

/// CPUID of vCPU `id` out of `count`, made from what KVM supports. Without offers there is no Argo block.
Cpuid guest_cpuid(const Cpuid& supported, unsigned id, unsigned count, std::span<const engine::Offer> offers,
                  engine::Identity identity);

/// The hypercall instruction of the processor that a guest sees.
Instruction hypercall_instruction(const Cpuid& supported);

} // namespace argo::kvm
