// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// How a case's verdict comes about.
#include "harness/expect.hpp"

#include <argo/error.hpp>

#include "harness/session.hpp"

namespace argo::suite {

namespace {

Text& operator<<(Text& text, const Value& value)
{
    switch (value.kind) {
    case Value::Kind::boolean: return text << (value.bits != 0 ? "true" : "false");
    case Value::Kind::address: return text << Hex{value.bits};
    case Value::Kind::is_unsigned:
        text << value.bits;
        if (value.bits > 9999) text << " (" << Hex{value.bits} << ")";
        return text;
    case Value::Kind::is_signed: break;
    }
    const auto number = static_cast<int64_t>(value.bits);
    text << number;
    const Error error = error_of(number);
    if (number < 0 && error != Error::bad_answer) text << " (" << argo::name(error) << ")";
    return text;
}

void failed(Text& finding)
{
    Progress& progress = session->progress;
    progress.failures++;
    if (!progress.row.empty()) finding << " [" << progress.row.view() << "]";
    Protocol::say(finding.view());
    raise(Verdict::fail, finding.view());
    if (progress.failures == 1) describe_rings();
}

Text& operator<<(Text& text, const Where& where)
{
    return text << where.file << ':' << where.line << ": " << where.expression;
}

} // namespace

void raise(Verdict verdict, std::string_view detail)
{
    Progress& progress = session->progress;
    if (verdict <= progress.verdict) return;
    progress.verdict = verdict;
    progress.detail.clear();
    progress.detail << detail;
}

void fail(std::string_view finding)
{
    Text text;
    text << finding;
    session->progress.checks++;
    failed(text);
}

void row(const char* text)
{
    session->progress.row.clear();
    session->progress.row << text;
}

void row(const char* text, const char* other)
{
    row(text);
    session->progress.row << " and " << other;
}

void note_row(const char* (&names)[3], Value (&values)[3], size_t count)
{
    Text& row = session->progress.row;
    row.clear();
    for (size_t i = 0; i < count; i++) row << (i == 0 ? "" : ", ") << names[i] << ' ' << values[i];
}

bool check(bool holds, const Where& where)
{
    session->progress.checks++;
    if (holds) return true;
    Text finding;
    finding << where << ": does not hold";
    failed(finding);
    return false;
}

bool check(bool holds, const Where& where, Value found, const char* relation, Value expected)
{
    session->progress.checks++;
    if (holds) return true;
    Text finding;
    finding << where << ": found " << found << ", expected " << relation << expected;
    failed(finding);
    return false;
}

void skip(std::string_view reason)
{
    raise(Verdict::skip, reason);
    leave();
}

void not_supported(std::string_view reason)
{
    raise(Verdict::not_supported, reason);
    leave();
}

void error(std::string_view reason)
{
    raise(Verdict::error, reason);
    leave();
}

void not_supported_unless(uint64_t feature, std::string_view reason)
{
    if (!lead().has(feature)) not_supported(reason);
}

// Not the C library's: an image has none, and a host's would be another one. The two builtins must not meet
// in one function, and what calls the first must stay a function of its own.
[[gnu::noinline]] bool attempt(void (*body)())
{
    if (__builtin_setjmp(session->progress.escape) != 0) return false;
    body();
    return true;
}

[[gnu::noinline]] void leave() { __builtin_longjmp(session->progress.escape, 1); }

} // namespace argo::suite
