// SPDX-License-Identifier: Apache-2.0 OR MIT
// The main loop.
#include "kvm/supervisor.hpp"

#include "kvm/suggest.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>

namespace argo::kvm {

namespace {

/// Blocks the signals that ask us to end, so that they are read like everything else. Returns where to read
/// them.
FileDescriptor take_signals(sigset_t& former)
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
    ::pthread_sigmask(SIG_BLOCK, &signals, &former);
    return FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
}

} // namespace

Supervisor::Supervisor(const System& system, const Topology& topology, bool control)
    : system_(system),
      control_(control),
      signals_(take_signals(former_signals_)),
      changes_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      output_(STDOUT_FILENO, [this] { ::eventfd_write(changes_.get(), 1); }),
      host_(topology.audit_rate, [this](const std::string& record) { host_line(record); }),
      commands_open_(control)
{
    if (!signals_ || !changes_) fail(Exit::failure, "cannot wait for events: {}", std::strerror(errno));
    for (const auto& config : topology.domains) slots_.push_back(std::make_unique<Slot>(config));
    if (!topology.policy.empty()) load_policy(topology.policy);
}

/// What is wrong with it is told before anything changes. Domains that do not run now have to have a label,
/// too.
void Supervisor::load_policy(const std::string& file)
{
    auto policy = PolicyFile::read(file);
    for (const auto& slot : slots_) {
        if (slot->config.absent) continue;
        policy->require_label(slot->config.name, slot->config.label);
        if (slot->machine) policy->labelled().assign(slot->config.domid, slot->config.label.c_str());
    }
    host_.set_policy(std::move(policy));
    host_line(fmt::format("policy {} loaded", file));
}

Supervisor::~Supervisor() { ::pthread_sigmask(SIG_SETMASK, &former_signals_, nullptr); }

engine::Counters Supervisor::engine_counters() const noexcept { return host_.engine().counters(); }

int Supervisor::run()
{
    for (auto& slot : slots_) start(*slot);
    while (running()) {
        wait(tick());
        for (auto& slot : slots_) {
            if (slot->machine && slot->machine->ended()) finish(*slot);
        }
    }
    commands_open_ = false;
    host_line("exited");
    while (output_.pending() && signal_ == 0)
        wait(-1); // a slow reader gets everything, unless somebody interrupts
    output_.drain();
    if (signal_ != 0) return 128 + signal_;
    return static_cast<int>(crashed_ && !control_ ? Exit::failure : Exit::success);
}

void Supervisor::start(Slot& slot)
try {
    const auto& config = slot.config;
    const auto image = Image::read(config.image, config.memory);
    slot.machine = std::make_unique<Machine>(system_, host_, config, image, slot.counters, output_,
                                             [this] { ::eventfd_write(changes_.get(), 1); });
    host_line(fmt::format("{} started", config.name));
    slot.machine->start();
} catch (const std::exception& error) {
    slot.machine.reset();
    crashed_ = true;
    host_line(fmt::format("{} ended crash: it could not start: {}", slot.config.name, error.what()));
}

/// Whoever waits for this domain hears of its end before the line says so.
void Supervisor::finish(Slot& slot)
{
    const auto end = *slot.machine->ended();
    slot.machine.reset();
    if (end.kind == End::Kind::crash || end.kind == End::Kind::watchdog) crashed_ = true;
    host_line(fmt::format("{} ended {}", slot.config.name, end.text()));
}

void Supervisor::kill(Slot& slot)
{
    slot.machine->end({End::Kind::killed, {}});
    finish(slot);
}

void Supervisor::quit()
{
    commands_open_ = false;
    for (auto& slot : slots_) {
        if (slot->machine) slot->machine->end({End::Kind::killed, {}});
    }
}

void Supervisor::obey(std::string_view line)
try {
    const auto command = parse_command(line);
    if (command.verb == Command::Verb::quit) return quit();
    if (command.verb == Command::Verb::policy) return load_policy(command.object);

    auto& slot = find(command.object);
    const bool running = slot.machine != nullptr;
    switch (command.verb) {
    case Command::Verb::kill:
        if (!running) fail(Exit::usage, "control: '{}' does not run", command.object);
        return kill(slot);
    case Command::Verb::start:
        if (running) fail(Exit::usage, "control: '{}' runs already", command.object);
        return start(slot);
    case Command::Verb::restart:
        if (running) kill(slot);
        return start(slot);
    case Command::Verb::policy:
    case Command::Verb::quit: return;
    }
} catch (const Failure& failure) {
    output_.diagnostic(failure.what());
}

Slot& Supervisor::find(const std::string& name)
{
    for (auto& slot : slots_) {
        if (slot->config.name == name) return *slot;
    }
    std::vector<std::string_view> names;
    for (const auto& slot : slots_) names.push_back(slot->config.name);
    fail(Exit::usage, "control: no domain is named '{}'{}", name, did_you_mean(name, names));
}

bool Supervisor::running() const noexcept
{
    return std::ranges::any_of(slots_, [](const auto& slot) { return slot->machine != nullptr; });
}

/// Lets each machine do what time demands. Returns how long to wait for something else, as poll wants it.
int Supervisor::tick()
{
    const auto now = Clock::now();
    std::optional<std::chrono::milliseconds> soonest;
    for (auto& slot : slots_) {
        if (!slot->machine) continue;
        if (const auto next = slot->machine->tick(now)) soonest = std::min(soonest.value_or(*next), *next);
    }
    return soonest ? static_cast<int>(soonest->count()) : -1;
}

void Supervisor::wait(int milliseconds)
{
    std::array<pollfd, 4> sources{{
        {signals_.get(), POLLIN, 0},
        {changes_.get(), POLLIN, 0},
        {commands_open_ ? STDIN_FILENO : -1, POLLIN, 0},
        {output_.pending() ? output_.fd() : -1, POLLOUT, 0},
    }};
    if (::poll(sources.data(), sources.size(), milliseconds) <= 0) return;
    if (sources[0].revents) hear_signal();
    if (sources[1].revents) {
        eventfd_t ignored = 0;
        ::eventfd_read(changes_.get(), &ignored);
    }
    if (sources[2].revents) hear_commands();
    if (sources[3].revents && !output_.write_piece()) {
        output_.diagnostic("standard output was closed");
        signal_ = SIGPIPE;
        quit();
    }
}

void Supervisor::hear_signal()
{
    signalfd_siginfo information{};
    if (::read(signals_.get(), &information, sizeof information) != sizeof information) return;
    signal_ = static_cast<int>(information.ssi_signo);
    quit();
}

void Supervisor::hear_commands()
{
    std::array<char, 4096> piece{};
    const ssize_t size = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (size > 0) {
        for (const auto& line : commands_.take({piece.data(), static_cast<size_t>(size)})) {
            if (commands_open_) obey(line); // not after quit
        }
    } else if (size == 0 || errno != EINTR) {
        if (const auto last = commands_.rest(); !last.empty()) obey(last);
        quit();
    }
}

void Supervisor::host_line(const std::string& text) { output_.line("host", text); }

} // namespace argo::kvm
