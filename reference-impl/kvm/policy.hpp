// SPDX-License-Identifier: Apache-2.0 OR MIT
// The policy that a topology names: its file, what is in force, and the records of what it denied.
#pragma once

#include "engine/policy.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace argo::kvm {

/// A compiled policy as it came from a file, and the domains that it has labelled.
class PolicyFile
{
  public:
    /// Throws Failure(Exit::usage) with one sentence.
    static std::unique_ptr<PolicyFile> read(const std::string& file);

    [[nodiscard]] const engine::Policy& policy() const noexcept { return labelled_->policy(); }
    [[nodiscard]] engine::LabelledPolicy& labelled() noexcept { return *labelled_; }

    /// Throws Failure(Exit::usage) where the policy does not know the domain's label, or it has none.
    void require_label(const std::string& domain, const std::string& label) const;

  private:
    std::vector<uint64_t> bytes_;
    std::string file_;
    std::unique_ptr<engine::LabelledPolicy> labelled_;
};

/// Limits the records of denials that a guest can cause. Any thread.
class AuditLog
{
  public:
    AuditLog(uint32_t per_second, std::function<void(const std::string&)> line);
    void add(const engine::Denial&) noexcept;

  private:
    const uint32_t per_second_;
    const std::function<void(const std::string&)> line_;
    std::mutex mutex_;
    std::map<uint16_t, engine::AuditAllowance> allowances_; ///< by domid
};

} // namespace argo::kvm
