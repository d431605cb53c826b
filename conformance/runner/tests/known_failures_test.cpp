// SPDX-License-Identifier: Apache-2.0 OR MIT
// Lists of known failures: ranges of versions, and lists that make no sense.
#include "runner/known_failures.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "runner/errors.hpp"

using namespace argo::runner;

namespace {

TEST(VersionRange, holds)
{
    EXPECT_TRUE(version_within("4.19.1", "*"));
    EXPECT_TRUE(version_within("", "*"));
    EXPECT_TRUE(version_within("4.19.1", ">=4.18 <4.20"));
    EXPECT_TRUE(version_within("4.18", ">=4.18.0"));
    EXPECT_TRUE(version_within("4.18", "=4.18.0"));
    EXPECT_TRUE(version_within("10", ">9"));
    EXPECT_TRUE(version_within("7", "7"));
    EXPECT_FALSE(version_within("4.20", ">=4.18 <4.20"));
    EXPECT_FALSE(version_within("4.9", ">=4.18"));
    EXPECT_FALSE(version_within("4.18.1", "<=4.18"));
    EXPECT_FALSE(version_within("", ">=1"));
    EXPECT_FALSE(version_within("unstable", ">=1"));
}

TEST(VersionRange, that_makes_no_sense_is_refused)
{
    for (const char* range : {"", " ", "new", ">=", "=>4", "~4.18", "4.x", "4.18,4.19"}) {
        EXPECT_THROW(version_within("4.18", range), UsageError) << range;
    }
}

class KnownFailuresTest : public testing::Test
{
  protected:
    KnownFailuresTest() { catalogue_.cases = {{"x.a", "p", {"ARGO-X-001"}, "f", 1}}; }

    /// What reading the text complains of; empty: nothing.
    std::string complaint(const std::string& text)
    {
        const auto path = std::filesystem::path(testing::TempDir()) /
                          testing::UnitTest::GetInstance()->current_test_info()->name();
        std::ofstream(path) << text;
        try {
            known_.read(path, catalogue_);
            return {};
        } catch (const UsageError& error) {
            return std::string(error.what()).substr(path.string().size());
        }
    }

    const KnownFailure* find(const char* id, const char* implementation, const char* version,
                             const char* environment = "")
    {
        CaseResult result;
        result.id = id;
        result.environment = environment;
        TargetIdentity target;
        target.implementation = implementation;
        target.version = version;
        return known_.find(result, target);
    }

    Catalogue catalogue_;
    KnownFailures known_;
};

std::string list(const std::string& from = "", const std::string& to = "")
{
    std::string text = "[[known-failure]]\n"
                       "implementation = 'xen'\n"
                       "versions = '<5'\n"
                       "case = 'x.a'\n"
                       "obligation = 'ARGO-X-001'\n"
                       "reference = 'argo.c'\n"
                       "reason = 'because'\n";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return text;
}

TEST_F(KnownFailuresTest, is_found_by_case_implementation_and_version)
{
    EXPECT_EQ(complaint(list()), "");
    ASSERT_NE(find("x.a", "xen", "4.19"), nullptr);
    EXPECT_EQ(find("x.a", "xen", "4.19")->reason, "because");
    EXPECT_EQ(find("x.a", "xen", "5"), nullptr);
    EXPECT_EQ(find("x.a", "kvm", "4.19"), nullptr);
    EXPECT_EQ(find("x.b", "xen", "4.19"), nullptr);
}

TEST_F(KnownFailuresTest, may_be_those_of_one_environment)
{
    EXPECT_EQ(complaint(list("reason", "environment = 'PVH'\nreason")), "");
    EXPECT_NE(find("x.a", "xen", "4.19", "PVH"), nullptr);
    EXPECT_NE(find("x.a", "xen", "4.19", "image, PVH, QEMU 9"), nullptr);
    EXPECT_EQ(find("x.a", "xen", "4.19", "PV"), nullptr);
    EXPECT_EQ(find("x.a", "xen", "4.19", "PVHx"), nullptr);
    EXPECT_EQ(find("x.a", "xen", "4.19", ""), nullptr);
}

TEST_F(KnownFailuresTest, that_make_no_sense_are_refused)
{
    EXPECT_EQ(complaint(""), ": no [[known-failure]] in it");
    EXPECT_EQ(complaint("known-failure = 3"), ": no [[known-failure]] in it");
    EXPECT_EQ(complaint("known-failure = [3]"), ":1: a known failure is a table");
    EXPECT_EQ(complaint("x = 1\n" + list()), ":1: unknown key 'x'");
    EXPECT_EQ(complaint(list("case = 'x.a'", "case = 3")), ":1: a known failure needs 'case', a text");
    EXPECT_EQ(complaint(list("reason = 'because'\n", "")), ":1: a known failure needs 'reason', a text");
    EXPECT_EQ(complaint(list("reference", "referense")),
              ":6: unknown key 'referense'; did you mean 'reference'?");
    EXPECT_EQ(complaint(list("x.a", "x.b")), ":1: no case 'x.b'; did you mean 'x.a'?");
    EXPECT_EQ(complaint(list("X-001", "X-002")),
              ":1: case 'x.a' does not check ARGO-X-002; it checks ARGO-X-001");
    EXPECT_EQ(complaint(list("'<5'", "'five'")),
              ":1: 'five' is no condition on a version; write e.g. \">=4.18 <4.22\" or \"*\"");
    EXPECT_NE(complaint("[[known-failure"), "");
}

TEST_F(KnownFailuresTest, excuse_one_verdict_each)
{
    EXPECT_EQ(complaint(list("reason", "verdict = 'PASS'\nreason")),
              ":1: 'PASS' is no verdict of a known failure; known: FAIL CRASH WEDGED");
    EXPECT_EQ(complaint(list("reason", "verdict = 'CRASH'\nreason")), "");
    KnownFailure entry = *find("x.a", "xen", "4.19");
    for (const auto excused : {Verdict::fail, Verdict::crash, Verdict::wedged}) {
        entry.verdict = excused;
        EXPECT_EQ(known(Verdict::pass, entry), Verdict::xpass);
        for (const auto found : {Verdict::fail, Verdict::crash, Verdict::wedged, Verdict::error,
                                 Verdict::skip, Verdict::not_supported})
            EXPECT_EQ(known(found, entry), found == excused ? Verdict::kfail : found);
    }
}

} // namespace
