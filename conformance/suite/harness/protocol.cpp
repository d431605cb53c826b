// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Printing of the console protocol.
#include "harness/protocol.hpp"

#include "harness/crc32.hpp"
#include "harness/platform.hpp"

namespace argo::suite {

void Protocol::say(std::string_view line) { platform::print(line.data(), line.size()); }

void Protocol::event(std::string_view kind, std::string_view rest)
{
    Text line;
    line << "argo-ct 1 " << ++sequence_ << ' ' << kind << rest;
    crc_ = crc32(crc32(crc_, line.view()), "\n");
    say(line.view());
}

void Protocol::verdict(const Case& which, Verdict verdict, std::string_view detail)
{
    Text rest;
    rest << which.id << ' ';
    for (size_t i = 0; i < which.requirements.size(); i++)
        rest << (i == 0 ? "" : ",") << which.requirements[i];
    if (!detail.empty()) rest << ' ' << detail;
    Text kind;
    kind << name(verdict) << ' ';
    event(kind.view(), rest.view());
}

void Protocol::ask(std::string_view what, std::string_view role)
{
    Text rest;
    rest << what << ' ' << role;
    event("ask ", rest.view());
}

void Protocol::end(uint32_t cases)
{
    Text rest;
    rest << "cases=" << cases << " crc=";
    rest.hex(crc_, 8);
    event("end ", rest.view());
}

} // namespace argo::suite
