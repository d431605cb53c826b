// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Expectations. `expect*` records and goes on; `require*` is the same and leaves the case when it does not
// hold. Each is an expression whose failure prints file:line, what was written, what was found and what was
// expected, and each gives whether it held. A case that reaches its end without any expectation is an ERROR:
// it witnessed nothing.
#pragma once

#include <argo/abi.h>
#include <argo/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "harness/case.hpp"
#include "harness/verdict.hpp"

namespace argo::suite {

struct Where
{
    const char* file;
    int line;
    const char* expression;
};

/// A value as it is printed: integers, enumerations, bool and Gpa.
struct Value
{
    enum class Kind : uint8_t
    {
        boolean,
        is_signed, ///< a result or a difference: decimal, with the error's name when it may be one
        is_unsigned,
        address, ///< hexadecimal
    } kind;
    uint64_t bits;
};

template <class T>
requires(std::is_integral_v<T> || std::is_enum_v<T>) constexpr Value value_of(T value)
{
    if constexpr (std::is_enum_v<T>)
        return value_of(static_cast<std::underlying_type_t<T>>(value));
    else if constexpr (std::is_same_v<T, bool>)
        return {Value::Kind::boolean, value};
    else if constexpr (std::is_signed_v<T>)
        return {Value::Kind::is_signed, static_cast<uint64_t>(static_cast<int64_t>(value))};
    else
        return {Value::Kind::is_unsigned, value};
}
constexpr Value value_of(Gpa address) { return {Value::Kind::address, address.value}; }

/// Equality by value: integers compare as numbers, whatever their sign and size, enumerations as their
/// numbers.
template <class A, class B>
constexpr bool equal(A a, B b)
{
    if constexpr (std::is_enum_v<A>)
        return equal(static_cast<std::underlying_type_t<A>>(a), b);
    else if constexpr (std::is_enum_v<B>)
        return equal(a, static_cast<std::underlying_type_t<B>>(b));
    else if constexpr (std::is_same_v<A, bool> || std::is_same_v<B, bool>)
        return a == b;
    else
        return std::cmp_equal(a, b);
}
constexpr bool equal(Gpa a, Gpa b) { return a.value == b.value; }

/// Count an expectation, and report it when it does not hold. They return `holds`.
bool check(bool holds, const Where&);
bool check(bool holds, const Where&, Value found, const char* relation, Value expected);

/// Record a failure in words, where there is no expression; the case goes on.
void fail(std::string_view finding);

/// Say at which row of its table a case is; findings from here on carry it. row("what is special about it"),
/// or row("length", length, "count", count), with up to three names and values; row("one thing", "another").
void row(const char* text);
void row(const char* text, const char* other);
void note_row(const char* (&names)[3], Value (&values)[3], size_t count);
template <class... Pairs>
requires(sizeof...(Pairs) > 1 && sizeof...(Pairs) % 2 == 0 && sizeof...(Pairs) <= 6) void row(Pairs... pairs)
{
    const char* names[3] = {};
    Value values[3] = {};
    size_t i = 0;
    const auto take = [&](auto item) {
        if constexpr (std::is_convertible_v<decltype(item), const char*>)
            names[i / 2] = item;
        else
            values[i / 2] = value_of(item);
        i++;
    };
    (take(pairs), ...);
    note_row(names, values, i / 2);
}

/// Leave the case now.
[[noreturn]] void leave();

/// Raise the verdict of the current case and leave it. `reason` is one short clause and goes into the report.
[[noreturn]] void skip(std::string_view reason);
[[noreturn]] void not_supported(std::string_view reason);
[[noreturn]] void error(std::string_view reason);
/// Leave with NOT_SUPPORTED unless the lead has the feature: one bit ARGO_FEATURE_*.
void not_supported_unless(uint64_t feature, std::string_view reason);

template <class A, class B>
bool check_eq(A found, B expected, const Where& where)
{
    return check(equal(found, expected), where, value_of(found), "", value_of(expected));
}
template <class A, class B>
bool check_ne(A found, B other, const Where& where)
{
    return check(!equal(found, other), where, value_of(found), "anything but ", value_of(other));
}
/// `result` is what a call returned: zero or more, or a negated ARGO_E*.
inline bool check_error(int64_t result, uint32_t error, const Where& where)
{
    return check_eq(result, -static_cast<int64_t>(error), where);
}
inline bool check_ok(int64_t result, const Where& where)
{
    return check(result >= 0, where, value_of(result), "at least ", value_of(0));
}

} // namespace argo::suite

#define ARGO_SUITE_HERE(expression)                                                                          \
    (::argo::suite::Where{::argo::suite::short_name(__FILE__), __LINE__, expression})
#define ARGO_SUITE_OR_LEAVE(holds) ((holds) ? void() : ::argo::suite::leave())

/// The condition holds.
#define expect(condition) ::argo::suite::check(static_cast<bool>(condition), ARGO_SUITE_HERE(#condition))
/// Found equals expected / does not equal other.
#define expect_eq(found, expected)                                                                           \
    ::argo::suite::check_eq((found), (expected), ARGO_SUITE_HERE(#found " == " #expected))
#define expect_ne(found, other)                                                                              \
    ::argo::suite::check_ne((found), (other), ARGO_SUITE_HERE(#found " != " #other))
/// A call failed, and with exactly this error: expect_error(call, ARGO_EINVAL).
#define expect_error(result, error)                                                                          \
    ::argo::suite::check_error((result), (error), ARGO_SUITE_HERE(#result " is -" #error))
/// A call succeeded: zero or more.
#define expect_ok(result) ::argo::suite::check_ok((result), ARGO_SUITE_HERE(#result " is a success"))

#define require(condition) ARGO_SUITE_OR_LEAVE(expect(condition))
#define require_eq(found, expected) ARGO_SUITE_OR_LEAVE(expect_eq(found, expected))
#define require_ne(found, other) ARGO_SUITE_OR_LEAVE(expect_ne(found, other))
#define require_error(result, error) ARGO_SUITE_OR_LEAVE(expect_error(result, error))
#define require_ok(result) ARGO_SUITE_OR_LEAVE(expect_ok(result))
