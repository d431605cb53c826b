// SPDX-License-Identifier: Apache-2.0 OR MIT
// The policy's inputs: rules, viptables' commands, and compiled images. The first byte says which of them the
// rest is. Whatever it is, it is refused with a sentence or taken; what is taken compiles to an image without
// a fault.
#include "engine/policy.hpp"
#include "policy/compile.hpp"
#include "policy/explain.hpp"
#include "policy/viptables.hpp"

#include <cstdlib>
#include <cstring>

namespace {

using namespace argo;

void require(bool holds)
{
    if (!holds) std::abort();
}

/// What the engine makes of an image that may be none.
bool use_image(std::string_view bytes)
{
    std::vector<uint64_t> aligned(bytes.size() / sizeof(uint64_t) + 1);
    std::memcpy(aligned.data(), bytes.data(), bytes.size());
    const std::span image(reinterpret_cast<const std::byte*>(aligned.data()), bytes.size());
    if (engine::Policy::fault(image) != nullptr) return false;
    const engine::Policy policy(image);
    for (const uint32_t port : {0u, 9u, 0x1000u, 0xffffffffu}) {
        const uint32_t label = policy.label_of_port(port);
        require(std::strlen(policy.port_label_name(label)) != 0);
        if (policy.labels() != 0)
            (void)policy.allows(engine::Hook::send, 0, label, policy.labels() - 1, label);
    }
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
        switch (data[0] % 3) {
        case 0: use_rules(rest); break;
        case 1: use_rules(policy::import_viptables(rest, "list", {{0, "dom0_t"}})); break;
        case 2: (void)use_image(rest); break;
        }
    } catch (const policy::Trouble&) {
    }
    return 0;
}
