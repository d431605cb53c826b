// SPDX-License-Identifier: Apache-2.0 OR MIT
// The policy's inputs: rules, viptables' commands, compiled images, and times of denials. The first byte says
// which of them the rest is. Whatever it is, it is refused with a sentence or taken; what is taken compiles
// to an image without a fault; an image without one decides alike when asked again, and denies who is not
// there.
#include "engine/policy.hpp"
#include "policy/compile.hpp"
#include "policy/explain.hpp"
#include "policy/viptables.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

using namespace argo;

void require(bool holds)
{
    if (!holds) std::abort();
}

void hear(void* room, const engine::Denial& denial) noexcept
{
    char text[engine::denial_length];
    const size_t size = *static_cast<const size_t*>(room);
    engine::describe(denial, std::span(text, size));
    require(size == 0 || std::strlen(text) < size);
}

/// Two domains, and one that is not there, under this policy.
void decide(const engine::Policy& policy)
{
    using engine::Hook;
    constexpr uint16_t here = 1, there = 30000, absent = 7;
    size_t room = policy.labels() % 3 * (engine::denial_length / 2);
    const auto labelled = std::make_unique<engine::LabelledPolicy>(policy);
    engine::Monitor monitor(hear, &room);
    require(monitor.allows({Hook::enable, here, 0, 0, 0}));
    require(monitor.install(labelled.get()) == nullptr);
    require(!labelled->assign(here, "no label"));
    if (policy.labels() != 0) {
        require(labelled->assign(here, policy.label_name(0)));
        require(labelled->assign(there, policy.label_name(policy.labels() - 1)));
        require(!labelled->assign(ARGO_DOMID_FIRST_RESERVED, policy.label_name(0)));
    }
    for (uint32_t hook = 0; hook < engine::hook_count; ++hook) {
        for (const auto caller : {here, there, absent}) {
            for (const uint16_t other : {here, there, absent}) {
                const engine::PolicyQuestion question{static_cast<Hook>(hook), caller, 9, other, 0x1000};
                const bool allowed = monitor.allows(question);
                require(monitor.allows(question) == allowed);
                require(!allowed || caller != absent);
                require(!allowed || other != absent || !engine::parts(question.hook).other);
            }
        }
    }
    labelled->remove(here);
    labelled->remove(ARGO_DOMID_FIRST_RESERVED);
    require(!monitor.allows({Hook::enable, here, 0, 0, 0}));
    require(monitor.install(nullptr) == labelled.get());
}

/// Denials in the course of time: no more are recorded than may be, and those that are not are counted.
void use_times(std::string_view bytes)
{
    const uint32_t per_second = bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
    engine::AuditAllowance allowance(per_second);
    uint64_t now = 0, latest = 0, passed = 0, taken = 0, lost = 0;
    for (const char byte : bytes) {
        const uint64_t step = static_cast<uint8_t>(byte) * uint64_t{4'000'000};
        now = byte == '\xff' && now > step ? now - step : now + step; // a clock may go back
        passed += now > latest ? now - latest : 0;
        latest = now;
        uint64_t dropped = 0;
        if (allowance.take(now, dropped)) {
            require(dropped == lost);
            ++taken, lost = 0;
        } else {
            ++lost;
        }
        require(taken == 0 || taken <= (4'000'000'000 + passed) / (1'000'000'000 / per_second));
    }
}

/// What the engine makes of an image that may be none.
bool use_image(std::string_view bytes)
{
    std::vector<uint64_t> aligned(bytes.size() / sizeof(uint64_t) + 1);
    std::memcpy(aligned.data(), bytes.data(), bytes.size());
    const std::span image(reinterpret_cast<const std::byte*>(aligned.data()), bytes.size());
    if (image.size() > 1) require(engine::Policy::fault(image.subspan(1)) != nullptr);
    if (engine::Policy::fault(image) != nullptr) return false;
    const engine::Policy policy(image);
    for (const uint32_t port : {0u, 9u, 0x1000u, 0xffffffffu}) {
        const uint32_t label = policy.label_of_port(port);
        require(std::strlen(policy.port_label_name(label)) != 0);
        if (policy.labels() != 0)
            (void)policy.allows(engine::Hook::send, 0, label, policy.labels() - 1, label);
    }
    decide(policy);
    return true;
}

void use_rules(std::string_view text)
{
    const auto rules = policy::parse_rules(text, "rules");
    require(use_image(policy::compile_for_engine(rules)));
    if (!rules.labels.empty())
        (void)policy::explain(rules, {rules.labels.front(), 9}, {rules.labels.back(), 0});
    if (rules.labels.size() < 8 && rules.ranges.size() < 16)
        require(policy::difference(rules, rules).empty());
    if (rules.labels.size() * rules.port_labels.size() < 1024) (void)policy::compile_for_flask(rules, {true});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
    try {
        switch (data[0] % 4) {
        case 0: use_rules(rest); break;
        case 1: use_rules(policy::import_viptables(rest, "list", {{0, "dom0_t"}})); break;
        case 2: (void)use_image(rest); break;
        case 3: use_times(rest); break;
        }
    } catch (const policy::Trouble&) {
    }
    return 0;
}
