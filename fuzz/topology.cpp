// SPDX-License-Identifier: Apache-2.0 OR MIT
// The file that says which domains run: whatever it is, it is taken or refused with a sentence that names its
// line.
#include "kvm/topology.hpp"
#include "kvm/error.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace argo::kvm;
    try {
        const Topology topology = parse_topology({reinterpret_cast<const char*>(data), size}, "file.toml");
        if (topology.domains.empty()) std::abort();
        for (const DomainConfig& domain : topology.domains) {
            const auto same = [&](const DomainConfig& other) {
                return other.domid == domain.domid || other.name == domain.name;
            };
            if (std::ranges::count_if(topology.domains, same) != 1) std::abort();
        }
    } catch (const Failure& failure) {
        const std::string_view sentence = failure.what();
        if (!sentence.starts_with("file.toml") || sentence.find('\n') != sentence.npos) std::abort();
    }
    return 0;
}
