// SPDX-License-Identifier: Apache-2.0 OR MIT
// The results of one target: what results.json holds, field by field. conformance/schema/results.schema.json
// is the form, and the check on reading is made with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "runner/catalogue.hpp"
#include "runner/verdict.hpp"

namespace argo::runner {

struct CaseResult
{
    std::string id;
    std::vector<std::string> requirements;
    std::string profile, mechanism, arch, environment;
    Verdict verdict = Verdict::error;
    std::string detail;
    std::optional<uint64_t> duration_us; ///< empty: not measured
};

struct RequirementResult
{
    std::string id;
    unsigned revision = 1;
    Verdict verdict = Verdict::not_tested;
};

struct TargetIdentity
{
    std::string name;           ///< model, kvm, absent, exec:<script>, log
    std::string implementation; ///< as the guest reports it; empty: none found
    std::string version;
    std::vector<std::string> mechanisms; ///< all that the guest found
    std::string host;                    ///< kernel, machine and processor that it ran on
};

/// Events of a run, as the book's chapter of suppression defines them: those to the lead, but for
/// `suppressed`, which is of all domains. Empty: nobody counted, or not in every boot.
struct EventCounts
{
    using Count = std::optional<uint64_t>;

    Count sent, suppressed, held; ///< by the host
    Count delivered, spurious;    ///< by the lead

    Count coalesced() const; ///< sent and not delivered
    bool any() const { return sent || delivered; }
    /// Over this run and another one.
    EventCounts& operator+=(const EventCounts&);
};

/// A number that a case of profile bench measured, or that the host counted meanwhile.
struct Figure
{
    std::string name, mechanism, environment;
    uint64_t value = 0;
};

struct Results
{
    std::string suite_version, suite_commit;
    bool suite_dirty = false;
    unsigned abi_major = 0, abi_minor = 0;
    std::string registry_sha256;
    TargetIdentity target;
    std::vector<CaseResult> cases;
    std::vector<RequirementResult> requirements;
    uint64_t seed = 0;
    std::string command; ///< that made these results, for a POSIX shell
    EventCounts events{};
    std::vector<Figure> figures{};

    /// Cases by verdict.
    Counts counts() const noexcept;
};

/// What an environment consists of: "PVH", "mac-permissive=0".
std::vector<std::string> words_of_environment(const std::string& environment);

/// How each result was found: by which mechanism, and in which environment, as far as that is not the same
/// for all: "msr", "xen PV". In the order of `cases`.
std::vector<std::string> ways(const Results&);

/// What each case is called where one line tells of one result: its ID, and where there are several results
/// of it, in which way. In the order of `cases`.
std::vector<std::string> titles(const Results&);

/// One result for each obligation of the catalogue, worst of the cases that name it.
std::vector<RequirementResult> judge_requirements(const Catalogue&, const std::vector<CaseResult>&);

nlohmann::ordered_json to_json(const Results&);

/// Throws UsageError, one sentence that begins with the file's name, for a file that is missing, no JSON, or
/// not as the schema says.
Results read_results(const std::filesystem::path&);

} // namespace argo::runner
