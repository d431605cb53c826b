// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Cases and how they are found. A case is a function with an identity, a profile and the obligations it
// checks; CASE puts a pointer to its record into a linker section, so that there is no list to keep and
// nothing to construct. Cases run in the order of the files given to the linker, and of the lines within a
// file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace argo::suite {

/// What an implementation claims as a whole. Names on the command line and in reports have '-' for '_'.
enum class Profile : uint8_t
{
    core_loopback,    ///< one domain
    core_pair,        ///< two or three domains
    wildcard,         ///< feature WILDCARD
    interrupt_vector, ///< feature VECTOR
    interrupt_evtchn, ///< the same, where there are event channels
    interrupt_poll,   ///< no interrupt at all
    policy,           ///< domains that carry labels, and the rules of the suite's policy
    lifecycle,        ///< domains die and come back; needs the host's help
    hostile,          ///< memory changes while a call runs
    batch,            ///< feature BATCH
    upstream,         ///< major 0, as Xen has it: every call of these cases is one of its hypercall
    fuzz,             ///< random calls; runs where it is named (selects.hpp)
    bench,            ///< what calls cost; likewise
};

struct ProfileInfo
{
    const char* name;
    uint64_t features;   ///< bits ARGO_FEATURE_* without which every case is NOT_SUPPORTED ...
    const char* lacking; ///< ... and the reason then
};

const ProfileInfo& info(Profile);

struct Case
{
    const char* id; ///< "area.name"
    Profile profile;
    const char* file; ///< see short_name()
    int line;
    std::span<const char* const> requirements; ///< "ARGO-AREA-nnn"
    void (*body)();
};

/// Every case in the program, in the order in which they run.
std::span<const Case* const> all_cases();

/// A source file as people call it: its path from conformance/suite on, or the bare name of one from
/// elsewhere.
constexpr const char* short_name(const char* path)
{
    constexpr std::string_view suite = "/suite/";
    const std::string_view all = path;
    const size_t folder = all.rfind(suite), slash = all.rfind('/');
    if (folder != all.npos) return path + folder + suite.size();
    return slash != all.npos ? path + slash + 1 : path;
}

} // namespace argo::suite

#if defined(__has_attribute) && __has_attribute(no_reorder)
#define ARGO_SUITE_KEEP __attribute__((used, no_reorder, section("argo_cases")))
#else
#define ARGO_SUITE_KEEP __attribute__((used, section("argo_cases")))
#endif

/// CASE(area, name, profile, "ARGO-AREA-nnn", ...) { body }
/// The body returns when it is done; it is left at once by a failed `require`, by skip() and
/// not_supported_unless(). Destructors of its locals are not run then: the harness cleans every domain that
/// was used after each case.
// clang-format off
#define CASE(area, name, profile, ...)                                                                       \
    static void area##_##name();                                                                             \
    static constexpr const char* area##_##name##_requirements[] = {__VA_ARGS__};                             \
    static constexpr ::argo::suite::Case area##_##name##_case = {                                            \
        #area "." #name, ::argo::suite::Profile::profile, ::argo::suite::short_name(__FILE__), __LINE__,     \
        area##_##name##_requirements, area##_##name};                                                        \
    ARGO_SUITE_KEEP static const ::argo::suite::Case* const area##_##name##_entry = &area##_##name##_case;   \
    static void area##_##name()
// clang-format on
