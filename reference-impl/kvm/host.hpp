// SPDX-License-Identifier: Apache-2.0 OR MIT
// The engine, and what it asks of the world around it: here guests are VMs of this process.
#pragma once

#include "engine/engine.hpp"

namespace argo::kvm {

/// All domains of one Host can reach each other. Outlives its machines. Thread-safe.
class Host final : private engine::Host
{
  public:
    Host();

    [[nodiscard]] engine::Engine& engine() noexcept { return engine_; }
    [[nodiscard]] const engine::Engine& engine() const noexcept { return engine_; }
    static engine::Identity identity() noexcept;

  private:
    void* page(engine::Domain&, uint64_t gfn, engine::Access) noexcept override;
    void raise(engine::Domain&, const engine::Interrupt&) noexcept override;
    bool has_vcpu(engine::Domain&, uint64_t id) noexcept override;
    bool allows(const engine::PolicyQuestion&) noexcept override;
    void* allocate(size_t bytes) noexcept override;
    void release(void* memory, size_t bytes) noexcept override;
    void relax() noexcept override;

    engine::Engine engine_;
};

} // namespace argo::kvm
