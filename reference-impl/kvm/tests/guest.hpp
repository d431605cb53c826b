// SPDX-License-Identifier: Apache-2.0 OR MIT
// Test guests on the real /dev/kvm, and a script that the guest called player follows.
#pragma once

#include "kvm/machine.hpp"

#include <argo/abi.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <optional>

namespace argo::kvm {

/// Collects what guests print.
class Lines final : public LineSink
{
  public:
    void line(std::string_view mark, std::string_view text) override;
    void diagnostic(std::string_view text) override;

    /// `[mark] text`.
    [[nodiscard]] std::vector<std::string> lines() const;
    [[nodiscard]] std::vector<std::string> diagnostics() const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::vector<std::string> diagnostics_;
};

/// Path of a test guest.
std::string guest_image(const std::string& name);

/// Skips its tests, with the reason, where KVM does not work.
class KvmTest : public testing::Test
{
  protected:
    void SetUp() override;

    /// A configuration with the given keys beside domid and image. The image is a test guest.
    const DomainConfig& configure(const std::string& image, uint16_t domid = 1, const std::string& keys = "");
    /// A machine that is ready to start.
    std::unique_ptr<Machine> make(const DomainConfig& config);
    /// Lets time pass for the machine until it has ended, or for long.
    std::optional<End> await(Machine& machine);
    /// await for a moment only.
    std::optional<End> await(Machine& machine, std::chrono::milliseconds patience);

    std::unique_ptr<System> system_;
    Lines lines_;
    Host host_;
    std::deque<DomainConfig> configs_;
    std::deque<Counters> counters_; ///< one a machine made
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// What the guest called player can do. guests/player.S has the same order.
enum class Action : uint64_t
{
    shut_down,
    write_msr, ///< index, value
    read_msr,  ///< index
    store8,    ///< address, value
    store16,
    store32,
    store64,
    load64, ///< address
    out8,   ///< port, value
    out16,
    out32,
    in32,       ///< port
    cpuid,      ///< leaf, subleaf
    user_out32, ///< port, value; from user mode. Always ends with #GP, after the OUT.
    apic_on,
    await_events, ///< how many in all
};

struct Step
{
    Action action = Action::shut_down;
    uint64_t first = 0;
    uint64_t second = 0;
    uint64_t fault = 0; ///< the exception's vector plus one; zero: none
    uint64_t result[4] = {};
};
static_assert(sizeof(Step) == 64);

constexpr uint64_t no_fault = 0;
constexpr uint64_t general_protection = 13 + 1;

constexpr uint8_t event_vector = 0x50;

/// Guest-physical places that tests use: the script, frames of calls, what calls point to, a ring.
constexpr uint64_t script_address = 0x200000;
constexpr uint64_t frames_address = 0x300000;
constexpr uint64_t data_address = 0x400000;
constexpr uint64_t ring_address = 0x500000;

/// Reads and writes a guest's memory. In bounds, or the test fails.
template <class T>
T load(const Machine& machine, uint64_t address)
{
    T value{};
    std::memcpy(&value, machine.memory().bytes().subspan(address, sizeof value).data(), sizeof value);
    return value;
}
template <class T>
void store(const Machine& machine, uint64_t address, const T& value)
{
    std::memcpy(machine.memory().bytes().subspan(address, sizeof value).data(), &value, sizeof value);
}

/// Tests that let the player play.
class PlayerTest : public KvmTest
{
  protected:
    static constexpr int64_t untouched = 0x5a5a5a5a5a5a5a5a;

    void SetUp() override;
    /// A player with other keys in its configuration, instead of the default one.
    void prepare(const std::string& keys);

    /// The n-th frame, filled with a call; the result holds `untouched`. Returns its address.
    uint64_t frame(unsigned n, uint32_t operation, std::array<uint64_t, 4> arguments);
    /// A query that answers to data_address.
    uint64_t query_frame(unsigned n);
    [[nodiscard]] int64_t frame_result(unsigned n) const;

    void play(std::vector<Step> steps);

    std::unique_ptr<Machine> player_;
    std::vector<Step> played_;
};

} // namespace argo::kvm
