// SPDX-License-Identifier: Apache-2.0 OR MIT
// kvm-nested: argo-vmm on a stock distribution kernel, in a machine that QEMU emulates with a processor that
// virtualizes. The program argo-nested boots that machine; its channel takes one topology after another, so a
// run that starts again after a crash goes on in the same machine, unless that is what died.
#pragma once

#include "runner/target_domains.hpp"

namespace argo::runner {

class NestedTarget : public DomainsTarget
{
  public:
    /// `setting.program` is argo-nested with its arguments, `setting.image` as the machine sees it.
    explicit NestedTarget(Setting setting) : DomainsTarget(std::move(setting)) {}
    ~NestedTarget() override;

    std::string surroundings() const override;
    void stop() override;

  protected:
    void launch(const std::string& topology) override;
    bool hear_mark(std::string_view mark, std::string_view text) override;
    std::string how_it_ended() const override;

  private:
    enum class State : uint8_t
    {
        off,       ///< no machine
        preparing, ///< packages may have to be fetched
        booting,
        idle, ///< waits for a topology
        busy, ///< runs one
    };

    void boot();
    bool listen(Clock::time_point deadline);

    State state_ = State::off;
    std::string kernel_, qemu_; ///< versions
    std::string useless_;       ///< why KVM in the machine cannot run guests; empty: it can
};

} // namespace argo::runner
