// SPDX-License-Identifier: MIT
//
// The driver of examples/minimal-driver, run against the fake machine.
#include "fake.hpp"

#include <driver.hpp>

#include <gtest/gtest.h>

namespace {

using argo::Error;

struct MinimalDriver : testing::Test
{
    using Driver = EchoDriver<fake::Machine>;
    static constexpr auto port = static_cast<uint32_t>(Driver::port);

    argo::Result<void> start() { return driver.start(machine, machine.memory.page(4), 3, 77); }
    size_t sent() const { return fake.count(ARGO_OP_SENDV); }

    // The driver sends from a buffer of its own: it has to lie in guest memory.
    fake::Machine machine;
    fake::Hypervisor& fake = machine.hypervisor;
    Driver& driver = *new (machine.memory.page(40)) Driver;
    ~MinimalDriver() override { driver.~Driver(); }
};
static_assert(sizeof(MinimalDriver::Driver) < 4 * ARGO_PAGE_SIZE);

TEST_F(MinimalDriver, says_when_there_is_no_argo) { EXPECT_EQ(start().error(), Error::absent); }

TEST_F(MinimalDriver, starts_over_whatever_was_there)
{
    machine.offer_msr();
    fake.rings[{1, 1}].length = 48;
    ASSERT_TRUE(start());
    EXPECT_EQ(fake.rings.size(), 1u);
    EXPECT_TRUE(fake.rings.contains({port, ARGO_DOMID_WILDCARD}));
    EXPECT_EQ(fake.bindings.at(0), (std::pair<uint64_t, uint64_t>{ARGO_BINDING_LAPIC, 77}));
}

TEST_F(MinimalDriver, does_without_optional_features)
{
    machine.offer_msr();
    fake.info.features = 0;
    ASSERT_TRUE(start());
    EXPECT_TRUE(fake.rings.contains({port, fake::Hypervisor::self}));
    EXPECT_TRUE(fake.bindings.empty());
}

TEST_F(MinimalDriver, sends_back_and_notifies)
{
    machine.offer_msr();
    ASSERT_TRUE(start());
    ASSERT_EQ(fake.peer_sends(port, "hello", 5, 9), 5);
    ASSERT_EQ(fake.peer_sends(port, "there", 5, 9), 5);
    driver.on_event();
    EXPECT_EQ(sent(), 2u);
    EXPECT_EQ(std::string(fake.payload.begin(), fake.payload.end()), "there");
    EXPECT_EQ(fake.calls.back().word, ARGO_OPERATION_WORD(ARGO_OP_NOTIFY));
    driver.on_event();
    EXPECT_EQ(sent(), 2u);
}

TEST_F(MinimalDriver, waits_for_space_and_goes_on)
{
    machine.offer_msr();
    ASSERT_TRUE(start());
    fake.forced[ARGO_OP_SENDV] = -ARGO_EAGAIN;
    ASSERT_EQ(fake.peer_sends(port, "one", 3), 3);
    ASSERT_EQ(fake.peer_sends(port, "two", 3), 3);
    driver.on_event();
    EXPECT_EQ(sent(), 1u) << "it stops at the first that cannot be answered";
    EXPECT_EQ(fake.count(ARGO_OP_NOTIFY), 1u) << "and says how far it came";
    fake.forced.clear();
    driver.on_event();
    EXPECT_EQ(sent(), 3u) << "the first again, then the second";
    EXPECT_EQ(std::string(fake.payload.begin(), fake.payload.end()), "two");
}

TEST_F(MinimalDriver, forgets_who_no_longer_listens)
{
    machine.offer_msr();
    ASSERT_TRUE(start());
    fake.forced[ARGO_OP_SENDV] = -ARGO_ECONNREFUSED;
    ASSERT_EQ(fake.peer_sends(port, "one", 3), 3);
    ASSERT_EQ(fake.peer_sends(port, "two", 3), 3);
    driver.on_event();
    EXPECT_EQ(sent(), 2u);
}

} // namespace
