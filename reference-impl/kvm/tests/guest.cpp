// SPDX-License-Identifier: Apache-2.0 OR MIT
// Test guests on the real /dev/kvm.
#include "guest.hpp"

namespace argo::kvm {

using namespace std::chrono_literals;

void Lines::line(std::string_view mark, std::string_view text)
{
    const std::lock_guard lock(mutex_);
    lines_.push_back(fmt::format("[{}] {}", mark, text));
}

void Lines::diagnostic(std::string_view text)
{
    const std::lock_guard lock(mutex_);
    diagnostics_.emplace_back(text);
}

std::vector<std::string> Lines::lines() const
{
    const std::lock_guard lock(mutex_);
    return lines_;
}

std::vector<std::string> Lines::diagnostics() const
{
    const std::lock_guard lock(mutex_);
    return diagnostics_;
}

std::string guest_image(const std::string& name) { return fmt::format("{}/{}", ARGO_TEST_GUESTS, name); }

void KvmTest::SetUp()
{
    try {
        system_ = std::make_unique<System>("/dev/kvm");
    } catch (const Failure& failure) {
        GTEST_SKIP() << failure.what();
    }
}

const DomainConfig& KvmTest::configure(const std::string& image, uint16_t domid, const std::string& keys)
{
    const auto text = fmt::format("[[domain]]\nname = '{}'\ndomid = {}\nimage = '{}'\n{}\n", image, domid,
                                  guest_image(image), keys);
    return configs_.emplace_back(parse_topology(text, "test").domains.at(0));
}

std::unique_ptr<Machine> KvmTest::make(const DomainConfig& config)
{
    return std::make_unique<Machine>(*system_, host_, config, Image::read(config.image, config.memory),
                                     counters_.emplace_back(), lines_, [this] {
                                         const std::lock_guard lock(mutex_);
                                         changed_.notify_all();
                                     });
}

std::optional<End> KvmTest::await(Machine& machine) { return await(machine, 20s); }

std::optional<End> KvmTest::await(Machine& machine, std::chrono::milliseconds patience)
{
    const auto deadline = Clock::now() + patience;
    while (!machine.ended() && Clock::now() < deadline) {
        const auto pause = machine.tick(Clock::now()).value_or(50ms);
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, pause, [&] { return machine.ended().has_value(); });
    }
    return machine.ended();
}

void PlayerTest::SetUp()
{
    KvmTest::SetUp();
    if (system_) prepare("");
}

void PlayerTest::prepare(const std::string& keys)
{
    player_.reset();
    player_ = make(configure("player", 1, keys));
}

uint64_t PlayerTest::frame(unsigned n, uint32_t operation, std::array<uint64_t, 4> arguments)
{
    argo_frame frame{};
    frame.op = ARGO_OPERATION_WORD(operation);
    std::ranges::copy(arguments, frame.arg);
    frame.result = untouched;
    const uint64_t address = frames_address + n * sizeof frame;
    store(*player_, address, frame);
    return address;
}

uint64_t PlayerTest::query_frame(unsigned n)
{
    constexpr uint64_t nonce = 4711;
    return frame(n, ARGO_OP_QUERY, {data_address, sizeof(argo_info), nonce + n, 0});
}

int64_t PlayerTest::frame_result(unsigned n) const
{
    return load<argo_frame>(*player_, frames_address + n * sizeof(argo_frame)).result;
}

void PlayerTest::play(std::vector<Step> steps)
{
    steps.emplace_back(); // shuts down
    for (size_t i = 0; i < steps.size(); ++i) store(*player_, script_address + i * sizeof(Step), steps[i]);
    player_->start();
    const auto end = await(*player_);
    player_->stop();
    ASSERT_TRUE(end.has_value()) << "the player has not ended";
    ASSERT_EQ(end->text(), "shutdown");
    for (size_t i = 0; i < steps.size(); ++i) {
        played_.push_back(load<Step>(*player_, script_address + i * sizeof(Step)));
    }
}

} // namespace argo::kvm
