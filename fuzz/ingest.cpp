// SPDX-License-Identifier: Apache-2.0 OR MIT
// Logs of unknown origin: each line is one of the protocol's or none, and a log gives results or a sentence.
#include "runner/ingest.hpp"
#include "runner/errors.hpp"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace argo::runner;
    static const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("argo-fuzz-log-" + std::to_string(getpid()));
    static const std::vector<Case> cases{{"x.a", "p", {}, "f", 1}, {"x.b", "p", {"R"}, "f", 2}};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::ofstream(path, std::ios::binary) << text;

    size_t lines = 0;
    LineSplitter splitter;
    const auto count = [&](std::string_view line) {
        if (line.size() > LineSplitter::limit) std::abort();
        lines += parse_protocol_line(line).has_value();
    };
    splitter.feed(text, count);
    splitter.finish(count);
    try {
        ConsoleLog copy("/dev/null");
        const auto outcomes = ingest({path}, {&cases[0], &cases[1]}, copy);
        if (outcomes.empty() || lines == 0) std::abort();
        for (const auto& outcome : outcomes) {
            if (outcome.ledger.entries().size() > cases.size()) std::abort();
        }
    } catch (const UsageError&) {
        if (lines != 0) std::abort();
    }
    std::filesystem::remove(path);
    return 0;
}
