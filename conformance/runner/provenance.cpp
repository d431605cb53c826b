// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which suite this is, and on which machine it runs.
#include "runner/provenance.hpp"

#include <fstream>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "provenance.gen.hpp"
#include "runner/text.hpp"

namespace argo::runner {

SuiteIdentity suite_identity() { return {ARGO_VERSION, ARGO_COMMIT, ARGO_DIRTY}; }

std::string host_description()
{
    utsname names{};
    ::uname(&names);
    auto host = fmt::format("{} {} {}", names.sysname, names.release, names.machine);
    std::ifstream cpus("/proc/cpuinfo");
    for (std::string line; std::getline(cpus, line);) {
        const auto colon = line.find(": ");
        if (!line.starts_with("model name") || colon == std::string::npos) continue;
        host += ", " + line.substr(colon + 2);
        break;
    }
    return printable(host);
}

} // namespace argo::runner
