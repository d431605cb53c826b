// SPDX-License-Identifier: Apache-2.0 OR MIT
// results.json of unknown origin: refused with a sentence, or read; and what was read can be written as JUnit
// and TAP, and is the same when it is read again.
#include "runner/results.hpp"
#include "runner/errors.hpp"
#include "runner/junit.hpp"
#include "runner/tap.hpp"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace argo::runner;
    static const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("argo-fuzz-results-" + std::to_string(getpid()));
    std::ofstream(path, std::ios::binary) << std::string_view(reinterpret_cast<const char*>(data), size);
    try {
        const Results results = read_results(path);
        const auto json = to_json(results);
        if (to_junit(results).empty() || to_tap(results).empty()) std::abort();
        std::ofstream(path, std::ios::binary) << json.dump();
        if (to_json(read_results(path)) != json) std::abort();
    } catch (const UsageError& error) {
        if (std::string_view(error.what()).empty()) std::abort();
    }
    std::filesystem::remove(path);
    return 0;
}
