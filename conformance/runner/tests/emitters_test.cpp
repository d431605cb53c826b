// SPDX-License-Identifier: Apache-2.0 OR MIT
// JUnit, TAP and the terminal's text against golden files, with every verdict and hostile text in them. After
// a wanted change: ARGO_UPDATE_GOLDEN=1 argo-runner-test, and read the difference.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "runner/junit.hpp"
#include "runner/tap.hpp"
#include "runner/terminal.hpp"

using namespace argo::runner;

namespace {

Results every_verdict()
{
    Results results;
    results.suite_version = "1.2.3";
    results.target = {"exec:<x>", "xen", "4.19", {"msr"}, "Linux"};
    const char* details[] = {"",
                             "",
                             "no feature VECTOR",
                             "one domain only",
                             "FAIL: known (argo.c)",
                             "passes",
                             "a # and a \\ and <b> & \"quotes\" and \x01\xff",
                             "x.cpp:3: found 1, expected 2",
                             "no verdict within 10 s",
                             "lead ended: crash: triple fault"};
    for (const auto verdict : all_verdicts) {
        if (verdict == Verdict::not_tested) continue;
        const auto n = static_cast<size_t>(verdict);
        results.cases.push_back({"sendv." + std::string(key(verdict)),
                                 {"ARGO-SENDV-00" + std::to_string(n), "ARGO-RING-001"},
                                 n % 2 == 0 ? "core-pair" : "core-loopback",
                                 "msr",
                                 "x86_64",
                                 "image",
                                 verdict,
                                 details[n],
                                 n == 9 ? std::optional<uint64_t>() : n * 1000});
    }
    for (int i = 0; i < 4; ++i) {
        results.cases.push_back({"vector.case_" + std::to_string(i),
                                 {"ARGO-VECTOR-001"},
                                 "interrupt-vector",
                                 "msr",
                                 "x86_64",
                                 "image",
                                 Verdict::not_supported,
                                 "no VECTOR at all",
                                 {}});
    }
    for (const char* mechanism : {"msr", "mmio", "pio"}) {
        const bool fails = std::string_view(mechanism) == "mmio";
        results.cases.push_back({"ring.by_several",
                                 {"ARGO-RING-001"},
                                 "core-loopback",
                                 mechanism,
                                 "x86_64",
                                 "image",
                                 fails ? Verdict::fail : Verdict::skip,
                                 fails ? "x.cpp:4: no" : "not now",
                                 {}});
    }
    results.requirements = {{"ARGO-RING-001", 1, Verdict::crash}, {"ARGO-RING-002", 1, Verdict::not_tested}};
    return results;
}

void expect_golden(const std::string& text, const std::string& file)
{
    const auto path = std::string(ARGO_TEST_DATA) + "/" + file;
    if (std::getenv("ARGO_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
    std::ostringstream golden;
    golden << std::ifstream(path).rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
}

TEST(Emitters, junit) { expect_golden(to_junit(every_verdict()), "golden.xml"); }

TEST(Emitters, tap) { expect_golden(to_tap(every_verdict()), "golden.tap"); }

TEST(Emitters, terminal)
{
    const auto results = every_verdict();
    expect_golden(exceptions(results) + "\n" + profile_table(results) + "\n" + last_line(results.counts()) +
                      "\n",
                  "golden.txt");
}

} // namespace
