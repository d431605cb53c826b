// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What a case of profile bench measures, and how it tells. Times are ticks of the processor's counter, which
// an emulator may have made up; nothing is judged by them here.
#pragma once

#include <cstdint>
#include <string_view>

namespace argo::suite {

/// The processor's counter of time, about 10^9 a second.
inline uint64_t ticks()
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    uint64_t value;
    asm volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#endif
}

/// Times of one thing that was done again and again. Of more than fit, the last ones.
class Samples
{
  public:
    void add(uint64_t time) { times_[count_++ % most] = time; }
    uint32_t count() const { return count_ < most ? count_ : most; }
    /// Of none: zero.
    uint64_t median();
    uint64_t least();

  private:
    static constexpr uint32_t most = 512;

    void sort();

    uint64_t times_[most];
    uint32_t count_ = 0;
};

/// For the results: a number and its name, of letters, digits, '_' and '.'.
void tell_figure(std::string_view name, uint64_t value);
/// The median and the least, as `name`.median and `name`.least.
void tell_figure(std::string_view name, Samples&);

/// How often a case does what it measures: as the run asks for, or so often.
uint32_t rounds_asked_for(uint32_t otherwise);

} // namespace argo::suite
