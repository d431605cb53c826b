// SPDX-License-Identifier: Apache-2.0 OR MIT
// What there is to run and to prove: the cases of the suite that is linked into this program, the obligations
// of the book and the facts of the registry that were embedded when it was built.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace argo::runner {

struct Case
{
    std::string id;      ///< `<area>.<name>`
    std::string profile; ///< as in the book, `core-pair`
    std::vector<std::string> requirements;
    std::string file; ///< relative to the root of the tree
    unsigned line = 0;
};

/// One obligation: one sentence of the book.
struct Requirement
{
    std::string id; ///< `ARGO-<AREA>-<nnn>`
    unsigned revision = 1;
    std::string subject, keyword, profile, testability, reason, text, chapter;
    unsigned line = 0;
};

/// Facts of the registry.
struct Registry
{
    unsigned major = 0, minor = 0;
    std::string sha256;
    std::vector<std::string> mechanisms;                ///< lower case
    std::map<std::string, std::string> implementations; ///< number -> name in lower case
};

struct Catalogue
{
    std::vector<Case> cases; ///< in the order in which a guest runs them
    std::vector<Requirement> requirements;
    Registry registry;
    std::map<std::string, std::string> sources; ///< file -> text

    const Case* find(std::string_view id) const noexcept;
    std::vector<std::string> case_ids() const;
    std::vector<std::string> profiles() const; ///< each once, in order of appearance

    /// The text of a case, with the comment above it; empty where the source is not known.
    std::string source_of(const Case&) const;
};

/// The book and the registry that this program was built with; no cases.
Catalogue embedded_catalogue();
/// The same with the cases of the suite that is linked in.
Catalogue built_in_catalogue();

/// The form that `list --json` prints. Throws UsageError for what is not of that form.
Catalogue catalogue_from_json(const nlohmann::json&);
nlohmann::json to_json(const Catalogue&);

} // namespace argo::runner
