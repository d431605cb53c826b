// SPDX-License-Identifier: Apache-2.0 OR MIT
// Lists of known failures: what an implementation of certain versions is known to get wrong, with a reference
// for it. A case in the list that fails is KFAIL, one that passes is XPASS.
//
//     [[known-failure]]
//     implementation = "xen"           # as the registry names it, or its number
//     versions = ">=4.18 <4.22"        # all of them must hold; "*": any version
//     environment = "PVH"              # may be left out; one of the words that the results have there
//     verdict = "FAIL"                 # may be left out, then it is this; else CRASH or WEDGED
//     case = "sendv.empty_message_arrives_as_a_bare_header"
//     obligation = "ARGO-SENDV-012"
//     reference = "https://..."        # where it is told, or the line upstream
//     reason = "a message without payload is dropped"
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "runner/catalogue.hpp"
#include "runner/results.hpp"

namespace argo::runner {

struct KnownFailure
{
    std::string implementation, versions, case_id, obligation, reference, reason;
    std::string environment; ///< empty: any
    Verdict verdict;         ///< the one that is excused
};

/// Whether a version such as 4.19.1 is within a range such as ">=4.18 <4.22". Parts are compared as numbers,
/// a missing part is 0. Throws UsageError for a range that makes no sense.
bool version_within(std::string_view version, std::string_view range);

class KnownFailures
{
  public:
    /// Adds what a file lists. Throws UsageError, with file and line, for unknown or missing keys, ranges
    /// that make no sense, and cases or obligations that the catalogue does not have.
    void read(const std::filesystem::path& file, const Catalogue&);

    /// The entry for a case on this implementation; null: none.
    const KnownFailure* find(const CaseResult&, const TargetIdentity&) const;

  private:
    std::vector<KnownFailure> entries_;
};

/// What a verdict becomes for a case that is in the list. A failure of another kind than the known one stays.
Verdict known(Verdict, const KnownFailure&) noexcept;

} // namespace argo::runner
