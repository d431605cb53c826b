// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Numbers for the results.
#include "harness/figures.hpp"

#include "harness/session.hpp"

namespace argo::suite {

void Samples::sort()
{
    // Insertion: there are few, and a library's sort is not to be had in an image.
    for (uint32_t i = 1; i < count(); i++) {
        const uint64_t time = times_[i];
        uint32_t at = i;
        for (; at > 0 && times_[at - 1] > time; at--) times_[at] = times_[at - 1];
        times_[at] = time;
    }
}

uint64_t Samples::median()
{
    sort();
    return count() == 0 ? 0 : times_[count() / 2];
}

uint64_t Samples::least()
{
    sort();
    return count() == 0 ? 0 : times_[0];
}

void tell_figure(std::string_view name, uint64_t value)
{
    Text text;
    text << "bench." << name << '=' << value;
    session->protocol.environment(text.view());
}

void tell_figure(std::string_view name, Samples& samples)
{
    Text median, least;
    median << name << ".median";
    least << name << ".least";
    tell_figure(median.view(), samples.median());
    tell_figure(least.view(), samples.least());
}

uint32_t rounds_asked_for(uint32_t otherwise)
{
    return session->options.rounds != 0 ? session->options.rounds : otherwise;
}

} // namespace argo::suite
