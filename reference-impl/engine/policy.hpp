// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Mandatory access control for a host that wants it: a policy as argo-policy compiles it, and the monitor
// that answers Host::allows from it. A decision takes labels and nothing else, so an absent domain and a
// denied one have one answer. Book: spec/policy.rst.
//
// To replace a policy: Monitor::install, then Engine::settle. When that has returned, every call that the old
// one decided is over, and no later call was decided by it.
#pragma once

#include "argo/address.h"
#include "engine/host.hpp"
#include "engine/policy_image.hpp"

#include <atomic>
#include <span>

namespace argo::engine {

/// The parts of a question that a hook has.
struct HookParts
{
    const char* name;
    const char* object_class; ///< as in audit records and in FLASK
    bool caller_port;
    bool other;
    bool other_port;
};
const HookParts& parts(Hook) noexcept;
inline constexpr uint32_t hook_count = 7;

/// A compiled policy in memory, read in place.
class Policy
{
  public:
    /// What is wrong with these bytes, or null. They may come from anywhere.
    static const char* fault(std::span<const std::byte> image) noexcept;

    /// Bytes without a fault, aligned to 8, which outlive the policy.
    explicit Policy(std::span<const std::byte> image) noexcept;

    static constexpr uint32_t none = ~0u;

    /// The number of a domain's label; none if the policy does not know it.
    uint32_t label(const char* name) const noexcept;
    uint32_t labels() const noexcept { return static_cast<uint32_t>(labels_.size()); }
    const char* label_name(uint32_t label) const noexcept { return labels_[label].text; }
    uint32_t label_of_port(uint32_t port) const noexcept;
    const char* port_label_name(uint32_t label) const noexcept { return port_labels_[label].text; }

    /// On numbers of labels. Whether some rule allows it.
    bool allows(Hook, uint32_t caller, uint32_t caller_port, uint32_t other,
                uint32_t other_port) const noexcept;

  private:
    std::span<const PolicyName> labels_, port_labels_;
    std::span<const PolicyRange> ranges_;
    std::span<const PolicyRule> rules_;
};

/// A denial, for who keeps the audit log. Texts are valid during the call that brings it.
struct Denial
{
    PolicyQuestion question;
    const char* caller;      ///< labels' names
    const char* caller_port; ///< of ports; null where the hook has none
    const char* other;
    const char* other_port;
};

/// The denial as a line of an access vector cache, such as
/// `avc:  denied  { send } for domid=1 port=0x9 target=2 tport=0x100 scontext=web_t tcontext=db_t:storage
/// tclass=argo_ring`. Cut, with a zero at its end, where it does not fit.
void describe(const Denial&, std::span<char> text) noexcept;

/// Long enough for every denial.
inline constexpr uint32_t denial_length = 320;

/// How many records a domain may cause: a bucket of `burst`, filled by `per_second`.
class AuditAllowance
{
  public:
    explicit AuditAllowance(uint32_t per_second) noexcept : per_second_(per_second) {}

    /// Whether to write one now. Then `dropped` is how many were not written since the last one that was.
    bool take(uint64_t now_ns, uint64_t& dropped) noexcept;

  private:
    static constexpr uint64_t second = 1'000'000'000;
    static constexpr uint64_t burst_seconds = 4;

    uint32_t per_second_;
    uint64_t credit_ = burst_seconds * second; ///< in ns; one record costs second / per_second
    uint64_t last_ = 0;
    uint64_t dropped_ = 0;
};

/// A policy in force, with the labels of the domains that there are.
class LabelledPolicy
{
  public:
    explicit LabelledPolicy(const Policy& policy) noexcept : policy_(policy) {}

    const Policy& policy() const noexcept { return policy_; }

    /// Labels a domain before it is created. False: the policy does not know the label, or the domid is
    /// reserved.
    bool assign(uint16_t domid, const char* label) noexcept;
    /// After it was destroyed.
    void remove(uint16_t domid) noexcept;

  private:
    friend class Monitor;

    uint32_t label_of(uint16_t domid) const noexcept
    {
        const uint32_t number =
            domid < ARGO_DOMID_FIRST_RESERVED ? labels_[domid].load(std::memory_order_relaxed) : 0u;
        return number - 1; // Policy::none where there is no such domain
    }

    const Policy policy_;
    uint64_t generation_ = 0;
    std::atomic<uint8_t> labels_[ARGO_DOMID_FIRST_RESERVED] = {}; // number of the label + 1; 0: no domain
};

/// Answers Host::allows. Thread-safe. Without a policy everything is allowed.
class Monitor
{
  public:
    using Audit = void (*)(void* context, const Denial&) noexcept;

    /// `audit` is called for every denial of one domain to another that is there, on the thread that asked.
    Monitor(Audit audit, void* context) noexcept : audit_(audit), context_(context) {}

    bool allows(const PolicyQuestion&) noexcept;

    /// From now on this one decides; null: none. Returns the one before, which calls may still use until
    /// Engine::settle has returned. One thread at a time.
    LabelledPolicy* install(LabelledPolicy*) noexcept;

    LabelledPolicy* policy() const noexcept { return policy_.load(std::memory_order_acquire); }

    /// How often policy was asked, and how often the cache knew the answer.
    uint64_t asked() const noexcept { return asked_.load(std::memory_order_relaxed); }
    uint64_t cached() const noexcept { return cached_.load(std::memory_order_relaxed); }

  private:
    static constexpr uint32_t cache_size = 1024;

    bool decide(const LabelledPolicy&, Hook, const uint32_t (&labels)[4]) noexcept;

    const Audit audit_;
    void* const context_;
    std::atomic<LabelledPolicy*> policy_{nullptr};
    uint64_t generation_ = 0;
    std::atomic<uint64_t> asked_{0}, cached_{0};
    std::atomic<uint64_t> cache_[cache_size] = {}; // question, generation and verdict in one word
};

} // namespace argo::engine
