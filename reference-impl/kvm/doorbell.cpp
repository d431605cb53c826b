// SPDX-License-Identifier: Apache-2.0 OR MIT
// The mechanisms by which a guest calls Argo here.
#include "kvm/doorbell.hpp"

#include <argo/abi.h>

namespace argo::kvm {

std::vector<engine::Offer> offers(const std::vector<Mechanism>& mechanisms, const Doorbells& doorbells,
                                  Instruction instruction)
{
    constexpr uint32_t revision = 1;
    std::vector<engine::Offer> offers;
    for (const auto mechanism : mechanisms) {
        switch (mechanism) {
        case Mechanism::msr: offers.push_back({ARGO_MECHANISM_MSR, revision, doorbells.msr, 0, 0}); break;
        case Mechanism::mmio:
            offers.push_back({ARGO_MECHANISM_MMIO, revision, static_cast<uint32_t>(doorbells.mmio),
                              static_cast<uint32_t>(doorbells.mmio >> 32), 0});
            break;
        case Mechanism::pio: offers.push_back({ARGO_MECHANISM_PIO, revision, doorbells.pio, 0, 0}); break;
        case Mechanism::vmcall:
            offers.push_back(
                {ARGO_MECHANISM_VMCALL, revision, doorbells.vmcall, static_cast<uint32_t>(instruction), 0});
            break;
        }
    }
    return offers;
}

} // namespace argo::kvm
