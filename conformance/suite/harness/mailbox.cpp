// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The harness's own rings.
#include "harness/mailbox.hpp"

#include <algorithm>
#include <cstring>

namespace argo::suite {

Result<void> Mailbox::open(Domid partner)
{
    const auto& hypervisor = self_->hypervisor();
    if (is_open(partner_)) (void)hypervisor.unregister_ring(Port{wire::port}, partner_);

    std::memset(memory_, 0, sizeof(argo_ring));
    const auto done =
        hypervisor.register_ring(Port{wire::port}, partner, memory_, length, self_->binding_flags());
    reader_ = RingReader(reinterpret_cast<argo_ring*>(memory_), length);
    partner_ = partner;
    open_ = static_cast<bool>(done);
    resets_ = self_->resets();
    return done;
}

Result<void> Mailbox::ensure()
{
    return self_->hypervisor().register_ring(Port{wire::port}, partner_, memory_, length,
                                             self_->binding_flags() | ARGO_REGISTER_FAIL_EXIST);
}

Result<uint32_t> Mailbox::send(const void* head, size_t head_size, Bytes data)
{
    self_->part_from_mail();
    uint8_t* const to = memory_ + ARGO_PAGE_SIZE;
    std::memcpy(to, head, head_size);
    if (data.size() != 0) std::memcpy(to + head_size, data.data(), data.size());
    return self_->hypervisor().send(Port{wire::port}, {partner_, Port{wire::port}}, to,
                                    head_size + data.size(), wire::type);
}

size_t Mailbox::receive(std::span<uint8_t> to)
{
    const bool told = self_->mail_was_announced();
    bool found = false;
    while (true) {
        const auto message = reader_.peek();
        if (!message) {
            if (message.error() == Error::corrupt) reader_.resynchronise();
            if (told && !found) self_->count_spurious();
            return 0;
        }
        found = true;
        const Address sender{partner_, Port{wire::port}};
        const bool ours =
            message->source == sender && message->type == wire::type && message->size <= to.size();
        if (ours) reader_.copy_out(to.data(), message->size);
        const size_t size = message->size;
        reader_.consume();
        self_->heard_mail();
        if (ours) return size;
    }
}

void await_mail(const LocalActor& self, uint64_t idle)
{
    constexpr uint64_t longest = 200'000'000;
    const uint64_t shortest = self.has(ARGO_FEATURE_VECTOR) ? 20'000'000 : 1'000'000;
    platform::wait(std::clamp(idle / 8, shortest, longest));
}

} // namespace argo::suite
