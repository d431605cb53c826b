// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Errors against each other: every two things that can be wrong with a call, at once, and the one that the
// registry has first is told. An operation has a table of faults, in the order of its rows of errors; where
// one of these has no fault, or comes elsewhere, the table does not compile. Book: ARGO-CALL-004.
//
// Of two rows with one error the order cannot be seen.
#pragma once

#include <string_view>

#include "error_rows.hpp"
#include "stories.hpp"

namespace argo::suite {

/// One thing that can be wrong with a call. Several may stand for one row. Without `spoil` the suite cannot
/// bring it about; `what` then is the reason.
template <class Call>
struct Fault
{
    const char* requirement;
    const char* what;
    void (*spoil)(Call&) = nullptr;
};

/// Whether the table has just the registry's rows, in their order.
template <class Call, size_t faults, size_t rows>
constexpr bool covers(const Fault<Call> (&table)[faults], const ErrorRow (&errors)[rows])
{
    size_t row = 0;
    for (const Fault<Call>& fault : table) {
        const std::string_view name = fault.requirement;
        if (name == errors[row].requirement) continue;
        if (row + 1 == rows || name != errors[++row].requirement) return false;
    }
    return row + 1 == rows && std::string_view(table[0].requirement) == errors[0].requirement;
}

/// Make a good call wrong in each two ways. `make()` gives a good one, `call(it)` makes it.
template <class Call, size_t faults, size_t rows, class Make, class Do>
void expect_precedence(const Fault<Call> (&table)[faults], const ErrorRow (&errors)[rows], Make make, Do call)
{
    const auto error_of = [&](const Fault<Call>& fault) {
        for (const ErrorRow& row : errors)
            if (std::string_view(row.requirement) == fault.requirement) return row.error;
        return 0u;
    };
    for (size_t first = 0; first < faults; first++) {
        if (table[first].spoil == nullptr) continue;
        {
            row(table[first].what);
            Call one = make();
            table[first].spoil(one);
            require_error(call(one), error_of(table[first]));
        }
        for (size_t later = first + 1; later < faults; later++) {
            if (table[later].spoil == nullptr || error_of(table[later]) == error_of(table[first])) continue;
            row(table[first].what, table[later].what);
            Call both = make();
            table[later].spoil(both);
            table[first].spoil(both); // last, where both are about the same member
            expect_error(call(both), error_of(table[first]));
        }
    }
}

} // namespace argo::suite
