// SPDX-License-Identifier: MIT
//
// A guest driver on one page: it finds Argo, opens a port, and sends back whatever arrives there. Copy it,
// and put your protocol where the echo is. kernel.cpp has what it needs from the kernel around it.
#pragma once

#include <argo/argo.hpp>

template <argo::X86Machine Kernel>
class EchoDriver
{
  public:
    static constexpr argo::Port port{7};
    static constexpr uint32_t ring_pages = 4;

    /// `ring`: page-aligned. `apic_id`, `vector`: the interrupt that this driver wants.
    argo::Result<void> start(Kernel& kernel, void* ring, uint32_t apic_id, uint8_t vector)
    {
        const auto found = argo::probe(kernel);
        if (!found) return found.error(); // absent is no fault: most machines have no Argo
        hypervisor_ = *found;

        // Whoever ran before us, a firmware or a crashed kernel, may have left rings behind.
        if (const auto done = hypervisor_.reset(); !done) return done;

        const bool wildcard = hypervisor_.has(ARGO_FEATURE_WILDCARD);
        const auto partner = wildcard ? argo::any_domain : hypervisor_.self();
        const auto opened = endpoint_.open(hypervisor_, port, partner, ring, argo::ring_length(ring_pages));
        if (!opened || !hypervisor_.has(ARGO_FEATURE_VECTOR)) return opened; // without interrupts: poll
        return hypervisor_.vector(0, ARGO_BINDING_LAPIC, apic_id, vector);
    }

    /// Call it once after start() and then after each interrupt, which says that something happened, not
    /// what: a message came, or there is the space that a send has missed.
    void on_event()
    {
        while (reply()) {
            const auto message = endpoint_.receive(buffer_, sizeof buffer_);
            if (!message) return; // the ring is empty, and waiting senders were notified
            message_ = *message;
            reply_due_ = true;
        }
        (void)endpoint_.flush(); // messages are left in the ring: notify senders of the space before them
    }

  private:
    /// Sends the reply that is due. False if there is no space for it now and an interrupt will tell when.
    bool reply()
    {
        if (!reply_due_) return true;
        const auto sent = endpoint_.send(message_.source, buffer_, message_.copied, message_.type);
        reply_due_ = sent.error() == argo::Error::eagain; // any other failure loses the reply
        return !reply_due_;
    }

    argo::Hypervisor<Kernel> hypervisor_;
    argo::Endpoint<Kernel> endpoint_;
    argo::Received message_;
    bool reply_due_ = false;
    uint8_t buffer_[1024];
};
