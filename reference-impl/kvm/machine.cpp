// SPDX-License-Identifier: Apache-2.0 OR MIT
// A VM, which is a domain of the engine.
#include "kvm/machine.hpp"

#include "kvm/cpuid.hpp"
#include "kvm/pvh.hpp"

#include <linux/kvm_para.h>

#include <algorithm>

namespace argo::kvm {

using namespace std::chrono_literals;

namespace {

constexpr unsigned frame_shift = 6; // what 32 bits of an address leave out: a frame is aligned to 64

/// The label of a domain that is being made; taken back unless it was.
class Labelled
{
  public:
    Labelled(Host& host, const DomainConfig& config) : host_(host), config_(config)
    {
        if (!config.absent) host.label(config.domid, config.label);
    }
    ~Labelled()
    {
        if (!kept_) host_.unlabel(config_.domid);
    }
    Labelled(const Labelled&) = delete;
    void keep() noexcept { kept_ = true; }

  private:
    Host& host_;
    const DomainConfig& config_;
    bool kept_ = false;
};

} // namespace

std::vector<Mechanism> offered_mechanisms(const System& system, const DomainConfig& config)
{
    const bool hypercalls = system.hands_out_hypercalls();
    if (config.mechanisms.empty()) {
        std::vector all = {Mechanism::msr, Mechanism::mmio, Mechanism::pio};
        if (hypercalls) all.push_back(Mechanism::vmcall);
        return all;
    }
    if (std::ranges::find(config.mechanisms, Mechanism::vmcall) != config.mechanisms.end() && !hypercalls) {
        fail(Exit::unavailable,
             "domain {}: mechanism vmcall needs KVM's Xen-style exit, which this kernel lacks (it came with "
             "Linux "
             "5.12, as CONFIG_KVM_XEN)",
             config.name);
    }
    return config.mechanisms;
}

Machine::Machine(const System& system, Host& host, const DomainConfig& config, const Image& image,
                 Counters& counters, LineSink& sink, std::function<void()> changed)
    : config_(config),
      mechanisms_(config.absent ? std::vector<Mechanism>{} : offered_mechanisms(system, config)),
      host_(host),
      counters_(counters),
      changed_(std::move(changed)),
      memory_(config.memory),
      devices_(config.consoles, config.name, sink),
      vm_(system, config.irqchip),
      held_(config.vcpus)
{
    vm_.set_memory(memory_.bytes());
    set_up_exits();
    image.place(memory_);
    const uint32_t start_info = write_start_info(memory_, config.command_line);

    const auto supported = system.supported_cpuid();
    auto offered = kvm::offers(mechanisms_, config.doorbells, hypercall_instruction(supported));
    Labelled labelled(host, config);
    if (!config.absent && !host.may_use_argo(config.domid)) offered.clear(); // no block, and calls are denied
    for (unsigned id = 0; id < config.vcpus; ++id) {
        auto& vcpu = *vcpus_.emplace_back(std::make_unique<Vcpu>(system, vm_, id, *this, counters_));
        vcpu.device().set_cpuid(guest_cpuid(supported, id, config.vcpus, offered, Host::identity()));
        if (config.apic == Apic::x2apic) vcpu.device().start_in_x2apic();
    }
    set_start_state(vcpus_.front()->device(), image.entry, start_info);

    // Last: from now on other domains' calls may reach this one.
    if (!config.absent) {
        domain_ = host_.engine().create(
            config.domid, this,
            {.vcpus = config.vcpus, .window = {0, memory_.bytes().size(), memory_.bytes().data()}});
        if (!domain_) fail(Exit::failure, "the engine took no domain with the domid {}", config.domid);
    }
    labelled.keep();
}

Machine::~Machine()
{
    stop();
    if (!domain_) return;
    host_.engine().destroy(*domain_);
    host_.unlabel(config_.domid);
}

void Machine::start()
{
    counters_.starts.add();
    const auto now = Clock::now();
    if (config_.watchdog > 0s) watchdog_.emplace(config_.watchdog, now, vcpus_.size());
    for (auto& vcpu : vcpus_) vcpu->start();
}

void Machine::stop() noexcept
{
    for (auto& vcpu : vcpus_) vcpu->request_stop();
    for (auto& vcpu : vcpus_) vcpu->join();
    devices_.flush();
}

std::optional<End> Machine::ended() const
{
    const std::lock_guard lock(end_mutex_);
    return end_;
}

void Machine::end(End end)
{
    {
        const std::lock_guard lock(end_mutex_);
        if (!end_) end_ = std::move(end);
    }
    for (auto& vcpu : vcpus_) vcpu->request_stop();
    changed_();
}

std::optional<std::chrono::milliseconds> Machine::tick(Clock::time_point now)
{
    constexpr auto retry_interval = 5ms;
    if (watchdog_) {
        if (auto end = watchdog_->look(vcpus_, now)) this->end(std::move(*end));
    }
    if (raise_held()) return retry_interval;
    if (watchdog_) return watchdog_->pause(now);
    return std::nullopt;
}

void Machine::raise(unsigned apic_id, uint8_t vector) noexcept
{
    counters_.events.add();
    if (vm_.signal_msi(apic_id, vector)) return;
    counters_.held.add();
    {
        const std::lock_guard lock(held_mutex_);
        if (held_[apic_id].test(vector)) return;
        held_[apic_id].set(vector);
    }
    changed_();
}

/// True while some are left.
bool Machine::raise_held()
{
    const std::lock_guard lock(held_mutex_);
    bool left = false;
    for (unsigned id = 0; id < held_.size(); ++id) {
        for (size_t vector = 0; vector < held_[id].size() && held_[id].any(); ++vector) {
            if (!held_[id].test(vector)) continue;
            if (vm_.signal_msi(id, static_cast<uint8_t>(vector))) held_[id].reset(vector);
        }
        left = left || held_[id].any();
    }
    return left;
}

void Machine::write_port(const Caller& caller, uint16_t port, unsigned size, uint32_t value)
{
    if (port == config_.doorbells.pio && offers(Mechanism::pio)) {
        if (size != sizeof value) return;
        const auto privilege = caller.in_user_mode() ? engine::Privilege::user : engine::Privilege::kernel;
        call(caller, Mechanism::pio, uint64_t{value} << frame_shift, privilege);
    } else if (!devices_.write(port, size, value)) {
        end({End::Kind::shutdown, {}});
    }
}

uint32_t Machine::read_port(uint16_t port, unsigned size) { return devices_.read(port, size); }

void Machine::store(const Caller& caller, uint64_t address, unsigned size, uint64_t value)
{
    if (address != config_.doorbells.mmio || !offers(Mechanism::mmio)) return;
    if (size == 8) call(caller, Mechanism::mmio, value);
    if (size == 4) call(caller, Mechanism::mmio, value << frame_shift);
}

bool Machine::write_msr(const Caller& caller, uint32_t index, uint64_t value)
{
    return index == config_.doorbells.msr && offers(Mechanism::msr) && call(caller, Mechanism::msr, value);
}

/// Numbers other than ours get KVM's own answer to those that it does not know.
int64_t Machine::hypercall(const Caller& caller, bool user_mode, uint64_t number, uint64_t word,
                           const uint64_t (&arguments)[4])
{
    if (number != config_.doorbells.vmcall || !offers(Mechanism::vmcall)) return -KVM_ENOSYS;
    counters_[Mechanism::vmcall].add();
    const auto privilege = user_mode ? engine::Privilege::user : engine::Privilege::kernel;
    return host_.engine().call(*domain_, caller.id(), word, arguments, privilege);
}

/// What comes to us because of the mechanisms. Ports and stores do anyway.
void Machine::set_up_exits()
{
    std::vector<uint32_t> msrs;
    if (offers(Mechanism::msr)) msrs.push_back(config_.doorbells.msr);
    if (offers(Mechanism::vmcall)) {
        vm_.exit_on_hypercalls();
        if (config_.doorbells.msr != Vm::hypercall_msr) msrs.push_back(Vm::hypercall_msr);
    }
    if (!msrs.empty()) vm_.exit_on_msrs(msrs);
}

bool Machine::offers(Mechanism mechanism) const noexcept
{
    return std::ranges::find(mechanisms_, mechanism) != mechanisms_.end();
}

bool Machine::call(const Caller& caller, Mechanism mechanism, uint64_t frame,
                   engine::Privilege privilege) noexcept
{
    const bool called = host_.engine().call_frame(*domain_, caller.id(), frame, privilege);
    (called ? counters_[mechanism] : counters_.no_frame).add();
    return called;
}

} // namespace argo::kvm
