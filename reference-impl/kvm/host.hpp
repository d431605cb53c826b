// SPDX-License-Identifier: Apache-2.0 OR MIT
// The engine, and what it asks of the world around it: here guests are VMs of this process.
#pragma once

#include "engine/engine.hpp"
#include "kvm/policy.hpp"

namespace argo::kvm {

/// All domains of one Host can reach each other, as far as its policy allows. Outlives its machines.
/// Thread-safe.
class Host final : private engine::Host
{
  public:
    Host() : Host(0, nullptr) {}
    /// `audit` gets the records of denials, so many a second of one domain. Any thread.
    Host(uint32_t audit_rate, std::function<void(const std::string&)> audit);

    /// Puts a policy in force that has labelled every domain, and lets the calls end that the one before
    /// decided. Null: none, everything is allowed. Main thread.
    void set_policy(std::unique_ptr<PolicyFile>);

    /// Labels a domain before it is made, and not any more when it has ended. Main thread.
    void label(uint16_t domid, const std::string& label);
    void unlabel(uint16_t domid) noexcept;
    [[nodiscard]] bool may_use_argo(uint16_t domid) noexcept;

    [[nodiscard]] engine::Engine& engine() noexcept { return engine_; }
    [[nodiscard]] const engine::Engine& engine() const noexcept { return engine_; }
    static engine::Identity identity() noexcept;

  private:
    void* page(engine::Domain&, uint64_t gfn, engine::Access) noexcept override;
    void raise(engine::Domain&, const engine::Interrupt&) noexcept override;
    bool offers(engine::Domain&, uint32_t) noexcept override { return true; }
    bool has_vcpu(engine::Domain&, uint64_t id) noexcept override;
    bool allows(const engine::PolicyQuestion&) noexcept override;
    void* allocate(size_t bytes) noexcept override;
    void release(void* memory, size_t bytes) noexcept override;
    void relax() noexcept override;

    AuditLog audit_;
    engine::Monitor monitor_;
    std::unique_ptr<PolicyFile> policy_; ///< the one in force
    engine::Engine engine_;
};

} // namespace argo::kvm
