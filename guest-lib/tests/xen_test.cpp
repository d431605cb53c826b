// SPDX-License-Identifier: MIT
//
// Xen's hypercall: finding it, what its answers mean, and the form of its calls. Book: chapters xen and
// annex-xen.
#include "fake.hpp"

#include <gtest/gtest.h>

namespace {

using argo::Error;

/// A guest of a Xen without major 1. Of Argo it has what is asked for here, and notes what it was given.
class Xen : public fake::Machine
{
  public:
    struct Call
    {
        uint64_t number, command, a1, a2, a3, a4;
        argo_register request; ///< what stood at a1, as long as it stood there
        argo_iov piece;        ///< the same at a2
        uint64_t frame;        ///< and as a list of frames
    };

    explicit Xen(uint32_t base = 0x40000000)
    {
        leaves[{1, 0}].ecx = uint32_t{1} << 31;
        leaves[{base, 0}] = {base + 5, 0x566e6558, 0x65584d4d, 0x4d4d566e};
        leaves[{base + 2, 0}] = {1, 0x40000000, 0, 0};
    }

    int64_t xen_hypercall(uint32_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
    {
        calls.push_back({number, a0, a1, a2, a3, a4, {}, {}, 0});
        if (number == 39 && a0 <= ARGO_OP_SENDV && a2 != 0) {
            auto& call = calls.back();
            std::memcpy(&call.request, reinterpret_cast<const void*>(a1), sizeof call.request);
            std::memcpy(&call.piece, reinterpret_cast<const void*>(a2), sizeof call.piece);
            std::memcpy(&call.frame, reinterpret_cast<const void*>(a2), sizeof call.frame);
        }
        switch (number) {
        case 17: return a0 == 0 ? 0x40011 : -ARGO_ENOSYS;
        case 32: return event_channel(a0, reinterpret_cast<uint32_t*>(a1));
        case 39: return argo(a0, a1, a2, a3);
        default: return -ARGO_ENOSYS;
        }
    }

    std::vector<Call> calls;
    int32_t notify_result = 0;
    int64_t sendv_result = 0;

  private:
    static int64_t event_channel(uint64_t operation, uint32_t* argument)
    {
        if (operation == 6) argument[1] = 23;                             // alloc_unbound: the port
        if (operation == 5) argument[4] = argument[1] == 23 ? 7 : 0x7ff0; // status: who is at the other end
        return 0;
    }
    int64_t argo(uint64_t command, uint64_t, uint64_t, uint64_t a3) const
    {
        if (a3 > UINT32_MAX) return -ARGO_EINVAL; // Before anything else.
        switch (command) {
        case ARGO_OP_NOTIFY: return notify_result;
        case ARGO_OP_REGISTER_RING:
        case ARGO_OP_UNREGISTER_RING: return 0;
        case ARGO_OP_SENDV: return sendv_result;
        default: return -ARGO_EOPNOTSUPP;
        }
    }
};
static_assert(argo::XenMachine<Xen> && !argo::XenMachine<fake::Machine>);

TEST(Xen, is_found_without_a_block_and_speaks_major_0)
{
    for (const uint32_t base : {0x40000000u, 0x40000100u}) {
        Xen xen(base);
        argo::Discovery report;
        const auto found = argo::probe(xen, {}, &report);
        ASSERT_TRUE(found);
        EXPECT_EQ(report.base, 0u);
        ASSERT_EQ(report.count, 1u);
        EXPECT_EQ(report.candidates[0].mechanism.id, ARGO_MECHANISM_XEN);
        EXPECT_TRUE(report.candidates[0].confirmed());
        EXPECT_EQ(found->major(), 0);
        EXPECT_EQ(found->self(), argo::Domid{7});
        EXPECT_EQ(found->info().implementation, ARGO_IMPLEMENTATION_XEN);
        EXPECT_EQ(found->info().implementation_version, 0x40011u);
        EXPECT_EQ(found->info().max_iov, 8u);
        EXPECT_EQ(xen.doorbells, 0u);
    }
}

TEST(Xen, is_not_looked_for_by_who_cannot_call_it)
{
    Xen xen;
    fake::Machine& without = xen;
    EXPECT_EQ(argo::probe(without).error(), Error::absent);
    EXPECT_TRUE(xen.calls.empty());
}

TEST(Xen, tells_why_there_is_no_argo)
{
    for (const Error error : {Error::eopnotsupp, Error::enodev, Error::eacces, Error::enosys}) {
        Xen xen;
        xen.notify_result = -static_cast<int32_t>(error);
        EXPECT_EQ(argo::probe(xen).error(), error);
    }
}

TEST(Xen, is_asked_with_a_nonce_that_it_does_not_refuse)
{
    Xen xen;
    EXPECT_TRUE(argo::probe(xen, {.nonce = UINT64_MAX}));
    ASSERT_FALSE(xen.calls.empty());
    EXPECT_EQ(xen.calls[0].command, ARGO_OPERATION_WORD(ARGO_OP_QUERY));
    EXPECT_LE(xen.calls[0].a3, UINT32_MAX);
}

TEST(Xen, is_given_linear_addresses_and_frames_of_the_machine)
{
    Xen xen;
    const auto found = argo::probe(xen);
    ASSERT_TRUE(found);
    xen.calls.clear();
    ASSERT_TRUE(found->register_ring(argo::Port{1}, argo::Domid{7}, xen.memory.page(3), 4032));
    ASSERT_EQ(xen.calls.size(), 1u);
    const auto& call = xen.calls[0];
    EXPECT_EQ(call.command, ARGO_OP_REGISTER_RING);
    EXPECT_EQ(call.request.port, 1u);
    EXPECT_EQ(call.request.length, 4032u);
    EXPECT_EQ(call.frame, xen.memory.gpa(xen.memory.page(3)).value / ARGO_PAGE_SIZE);
    EXPECT_EQ(call.a3, 1u);
}

TEST(Xen, is_given_pieces_as_they_lie_in_the_callers_own_addresses)
{
    Xen xen;
    const auto found = argo::probe(xen);
    ASSERT_TRUE(found);
    // Over the end of a page, behind which physical memory goes on elsewhere: one piece all the same.
    const uint8_t* const text = xen.memory.page(1) + ARGO_PAGE_SIZE - 3;
    xen.sendv_result = 6;
    xen.calls.clear();
    EXPECT_EQ(found->send(argo::Port{1}, {argo::Domid{2}, argo::Port{3}}, text, 6).error(), Error::none);
    ASSERT_EQ(xen.calls.size(), 1u);
    EXPECT_EQ(xen.calls[0].a3, 1u);
    EXPECT_EQ(xen.calls[0].piece.base, reinterpret_cast<uint64_t>(text));
    EXPECT_EQ(xen.calls[0].piece.length, 6u);
}

TEST(Xen, returns_32_bits)
{
    // As sendv's last line does: the error is an unsigned number of 32 bits.
    Xen xen;
    const auto found = argo::probe(xen);
    ASSERT_TRUE(found);
    xen.sendv_result = static_cast<uint32_t>(-ARGO_ECONNREFUSED);
    EXPECT_EQ(found->send(argo::Port{1}, {argo::Domid{2}, argo::Port{3}}, "x", 1).error(),
              Error::econnrefused);
}

} // namespace
