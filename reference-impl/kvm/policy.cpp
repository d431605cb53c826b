// SPDX-License-Identifier: Apache-2.0 OR MIT
// The policy that a topology names.
#include "kvm/policy.hpp"

#include "kvm/error.hpp"
#include "kvm/suggest.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace argo::kvm {

std::unique_ptr<PolicyFile> PolicyFile::read(const std::string& file)
{
    constexpr uintmax_t largest = 1024 * 1024;
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        fail(Exit::usage, "{}: cannot read the policy: {}", file, error ? error.message() : "not a file");
    const auto size = std::filesystem::file_size(file, error);
    if (error || size > largest) fail(Exit::usage, "{}: is no policy: it is larger than any", file);

    auto policy = std::make_unique<PolicyFile>();
    policy->file_ = file;
    policy->bytes_.resize(size / sizeof(uint64_t) + 1); // aligned as the engine wants it
    std::ifstream stream(file, std::ios::binary);
    stream.read(reinterpret_cast<char*>(policy->bytes_.data()), static_cast<std::streamsize>(size));
    if (!stream) fail(Exit::usage, "{}: cannot read the policy: {}", file, std::strerror(errno));
    const std::span image(reinterpret_cast<const std::byte*>(policy->bytes_.data()), size);
    if (const char* fault = engine::Policy::fault(image)) {
        fail(Exit::usage, "{}: {}; make it with: argo-policy compile RULES --to engine --out {}", file, fault,
             file);
    }
    policy->labelled_ = std::make_unique<engine::LabelledPolicy>(engine::Policy(image));
    return policy;
}

void PolicyFile::require_label(const std::string& domain, const std::string& label) const
{
    if (label.empty())
        fail(Exit::usage, "{}: domain '{}' has no label in the topology; with a policy each needs one", file_,
             domain);
    if (policy().label(label.c_str()) != engine::Policy::none) return;
    std::vector<std::string_view> known;
    for (uint32_t i = 0; i < policy().labels(); ++i) known.emplace_back(policy().label_name(i));
    fail(Exit::usage, "{}: the policy does not know the label '{}' of domain '{}'{}", file_, label, domain,
         did_you_mean(label, known));
}

AuditLog::AuditLog(uint32_t per_second, std::function<void(const std::string&)> line)
    : per_second_(per_second), line_(std::move(line))
{
}

void AuditLog::add(const engine::Denial& denial) noexcept
try {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto ns = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
    const uint16_t domid = denial.question.caller;
    uint64_t dropped = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!allowances_.try_emplace(domid, per_second_).first->second.take(ns, dropped)) return;
    }
    std::array<char, engine::denial_length> text{};
    engine::describe(denial, text);
    if (dropped != 0) line_(fmt::format("avc:  {} records of domid={} were dropped", dropped, domid));
    line_(text.data());
} catch (const std::exception&) {
    // A host without memory keeps denying.
}

} // namespace argo::kvm
