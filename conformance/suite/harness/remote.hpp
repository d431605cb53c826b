// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Another domain as an Actor of the lead: every act is a request to its agent, and an answer within a time
// limit. An agent that does not answer costs the current case its verdict (ERROR), and later ones little
// (SKIP), unless it comes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/actor.hpp"
#include "harness/fuzz.hpp"
#include "harness/mailbox.hpp"
#include "harness/wire.hpp"

namespace argo::suite {

class RemoteActor final : public Actor
{
  public:
    RemoteActor() : Actor("", Domid{}) {}
    /// Who it is, before anything else. `mailbox` is where the answers come; several actors may share one.
    void appoint(const char* role, uint16_t domid, Mailbox& mailbox);
    bool appointed() const { return mailbox_ != nullptr; }

    /// The actor, ready to act: greeted if need be. Leaves the case when it does not answer.
    RemoteActor& ready();
    /// Whether the domain is there at all, as far as the hypervisor tells this one.
    bool present();
    /// Used by the case that runs.
    bool used() const { return used_; }
    /// Undo what the case did there. When that fails, so does the case.
    void clean();
    /// The domain was killed by the host, at this case's wish.
    void forget();
    bool killed() const { return killed_; }
    /// It was started again; it has to answer within a boot's time.
    void expect_back();
    /// Let it make random calls, or measure, by itself; until finish_fuzz() it answers nobody.
    void begin_fuzz(const FuzzPlan&);
    /// Leaves the case when it has nothing to say within the limit, in ns.
    void finish_fuzz(FuzzAnswer&, uint64_t limit);
    /// Let it send back what the lead sends to this port, so many messages; finish() gives their number.
    /// `by_hand`: as PreparedSend does, and without looking at them.
    void begin_echo(uint32_t port, uint32_t count, bool by_hand);
    /// Tell the agent to end; no answer is awaited. False: nobody listens there now.
    bool dismiss();

    int64_t perform(const Turn&) override;
    void begin(const Turn&) override;
    int64_t finish() override;
    bool idle() const override { return known_ && !killed_ && !begun_; }
    void fill_pattern(Gpa to, size_t size, uint64_t seed, uint64_t first = 0) override;
    size_t find_mismatch(Gpa from, size_t size, uint64_t seed, uint64_t first = 0) override;
    void fill_series(Gpa to, size_t count, uint64_t first, size_t period) override;
    uint32_t events(uint8_t vector) override;
    bool wait_event(uint8_t vector, uint32_t beyond) override;
    bool stays_quiet(uint8_t vector, uint32_t since) override;

  private:
    void zero(Gpa, size_t) override;
    bool greet(uint64_t limit);
    int64_t act(wire::Request, Bytes data = {}, std::span<uint8_t> back = {}, uint64_t more_time = 0);
    /// The exchange itself, in one step and in two. False: it did not come about, `why_` says more.
    bool exchange(wire::Request, Bytes data, std::span<uint8_t> back, uint64_t limit, int64_t& result);
    bool ask(wire::Request, Bytes data);
    bool hear(std::span<uint8_t> back, uint64_t limit, int64_t& result);
    bool changes_within(uint64_t ns, uint8_t vector, uint32_t so_far);
    bool connect();
    [[noreturn]] void lost();

    Mailbox* mailbox_ = nullptr;
    bool known_ = false; ///< greeted, and has answered ever since
    bool used_ = false;
    bool killed_ = false;
    const char* lost_in_ = nullptr; ///< the case in which it stopped answering
    uint64_t boot_ = 0;
    uint32_t awaited_ = 0; ///< number of the last request
    bool begun_ = false;   ///< and its answer is still to be heard
    const char* why_ = "";
};

} // namespace argo::suite
