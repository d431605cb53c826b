// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The agent: receive a request, do it, answer. A request that would make it touch memory outside the scratch
// memory is refused, so that no case can break its own harness.
#include "harness/agent.hpp"

#include <algorithm>
#include <cstring>

#include "harness/fuzz.hpp"
#include "harness/mailbox.hpp"
#include "harness/prepared.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

using wire::Kind;
using wire::TurnAt;

constexpr uint64_t patience = 60'000; ///< ms without a lead after which an agent ends
/// ms without a request after which it looks for its ring; the second where a lead is renewed often.
constexpr uint64_t look_after = 500, look_soon_after = 20;

struct Job
{
    wire::Request request;
    uint8_t data[wire::max_data];
    size_t data_size;
};

struct Reply
{
    wire::Answer answer;
    uint8_t data[wire::max_data];
    size_t data_size;
};

class Agent
{
  public:
    Agent(LocalActor& self, Domid lead) : self_(self), lead_(lead), mailbox_(self, self.kept()) {}

    void serve()
    {
        uint64_t last_sign = platform::now(), heard = last_sign;
        while (platform::now() - last_sign < session->limit(patience)) {
            if (!mailbox_.is_open(lead_) && !mailbox_.open(lead_)) {
                platform::wait(10'000'000);
                continue;
            }
            if (receive()) {
                last_sign = looked_ = heard = platform::now();
                if (job_.request.kind == Kind::bye) return;
                if (job_.request.kind == Kind::fuzz) {
                    fuzz();
                    continue;
                }
                act();
                answer();
                if (job_.request.kind == Kind::clean && reply_.answer.result == wire::renewed)
                    platform::renew(nullptr, 0);
            } else if (const uint64_t idle = platform::now() - heard; !has_to_look(idle))
                await_mail(self_, idle);
            else if (lead_is_there())
                last_sign = platform::now();
        }
        Protocol::say("the lead is gone");
    }

  private:
    bool receive()
    {
        uint8_t message[sizeof(wire::Request) + wire::max_data];
        const size_t size = mailbox_.receive(message);
        if (size < sizeof job_.request) return false;
        std::memcpy(&job_.request, message, sizeof job_.request);
        job_.data_size = size - sizeof job_.request;
        if (job_.data_size != 0) std::memcpy(job_.data, message + sizeof job_.request, job_.data_size);
        return true;
    }

    bool has_to_look(uint64_t idle) const
    {
        const uint64_t often = session->limit(look_), seldom = session->limit(look_after);
        return platform::now() - looked_ >= std::clamp(idle / 8, often, seldom);
    }

    /// The ring dies with the lead, and comes back here when another lead has its domid.
    bool lead_is_there()
    {
        looked_ = platform::now();
        const auto done = mailbox_.ensure();
        return done || done.error() == Error::eexist;
    }

    void act()
    {
        reply_.data_size = 0;
        reply_.answer = {job_.request.session, job_.request.sequence, 0, session->boot, 0};
        if (!do_it()) reply_.answer.refused = 1;
    }

    void answer()
    {
        // A reset took the ring; it has to be there before the lead sends again.
        if (!mailbox_.is_open(lead_) && !mailbox_.open(lead_)) return;
        (void)mailbox_.send(&reply_.answer, sizeof reply_.answer, {reply_.data, reply_.data_size});
    }

    bool do_it()
    {
        const auto& a = job_.request.argument;
        int64_t& result = reply_.answer.result;
        switch (job_.request.kind) {
        case Kind::hello:
            // What another lead used is not known here.
            result = self_.clean(greeted_ ? self_.scratch_size() : 0);
            greeted_ = true;
            greet();
            return true;
        case Kind::turn: return turn();
        case Kind::fill_pattern:
            if (!self_.owns(Gpa{a[0]}, a[1])) return false;
            self_.fill_pattern(Gpa{a[0]}, a[1], a[2], a[3]);
            return true;
        case Kind::find_mismatch:
            if (!self_.owns(Gpa{a[0]}, a[1])) return false;
            result = static_cast<int64_t>(self_.find_mismatch(Gpa{a[0]}, a[1], a[2], a[3]));
            return true;
        case Kind::fill_series:
            if (a[1] > self_.scratch_size() || !self_.owns(Gpa{a[0]}, a[1] * sizeof(uint64_t))) return false;
            self_.fill_series(Gpa{a[0]}, a[1], a[2], a[3]);
            return true;
        case Kind::zero:
            if (!self_.owns(Gpa{a[0]}, a[1])) return false;
            self_.zero(Gpa{a[0]}, a[1]);
            return true;
        case Kind::events: result = self_.events(static_cast<uint8_t>(a[0])); return true;
        case Kind::await_event:
            result = self_.changes_within(a[2], static_cast<uint8_t>(a[0]), static_cast<uint32_t>(a[1]));
            return true;
        case Kind::clean:
            result = self_.clean(a[0]);
            if (result >= 0 && self_.spoiled()) result = wire::renewed;
            return true;
        case Kind::fuzzed:
            std::memcpy(reply_.data, &fuzzed_, sizeof fuzzed_);
            reply_.data_size = sizeof fuzzed_;
            return true;
        case Kind::echo: result = echo(static_cast<uint32_t>(a[0]), a[1], a[2] != 0); return true;
        case Kind::fuzz:
        case Kind::bye: break;
        }
        return false;
    }

    /// As a driver would: it halts until there is something.
    int64_t echo(uint32_t port, uint64_t count, bool by_hand)
    {
        const auto& hypervisor = self_.hypervisor();
        uint8_t* const memory = self_.kept() + Mailbox::bytes; // of a mailbox that an agent does not have
        std::memset(memory, 0, sizeof(argo_ring));
        const auto open = hypervisor.register_ring(Port{port}, lead_, memory, ring_length(1));
        if (!open) return -static_cast<int64_t>(open.error());
        auto* const ring = reinterpret_cast<argo_ring*>(memory);
        uint8_t* const bytes = memory + ARGO_PAGE_SIZE;
        uint64_t done = 0;
        if (by_hand) {
            const PreparedSend send(self_, bytes, port, lead_, 64);
            do await_and_drain(ring);
            while (send() >= 0 && ++done < count);
        }
        RingReader reader(ring, ring_length(1));
        for (; !by_hand && done < count; done++) {
            while (!reader.peek()) platform::wait(platform::forever);
            const uint32_t size = reader.copy_out(bytes, ARGO_PAGE_SIZE);
            reader.consume();
            if (!hypervisor.send(Port{port}, {lead_, Port{port}}, bytes, size)) break;
        }
        (void)hypervisor.unregister_ring(Port{port}, lead_);
        return static_cast<int64_t>(done);
    }

    void fuzz()
    {
        const auto& a = job_.request.argument;
        const FuzzPlan plan = {
            a[0], static_cast<uint32_t>(a[1]), {static_cast<uint16_t>(a[2]), static_cast<uint16_t>(a[3])}};
        self_.clean();
        fuzzed_ = {};
        if (plan.steps == 0) {
            fuzzed_.room = measure_room(self_);
        } else {
            Fuzz fuzz(self_, session->discovery, plan);
            fuzz.play();
            fuzzed_.report = fuzz.finish();
        }
        self_.clean();
        greeted_ = false; // who greets next knows of no memory that is not clean
    }

    void greet()
    {
        const wire::Hello hello = {self_.info(), self_.vcpu(), self_.bad_gpa(), self_.scratch_base().value,
                                   self_.scratch_size()};
        std::memcpy(reply_.data, &hello, sizeof hello);
        reply_.data_size = sizeof hello;
    }

    bool turn()
    {
        const auto& a = job_.request.argument;
        Turn turn;
        turn.write_to = Gpa{a[TurnAt::write_to]};
        turn.write = {job_.data, job_.data_size};
        turn.call = (a[TurnAt::word] & TurnAt::call) != 0;
        turn.upstream = (a[TurnAt::word] & TurnAt::upstream) != 0;
        turn.word = static_cast<uint32_t>(a[TurnAt::word]);
        std::memcpy(turn.arguments, a + TurnAt::arguments, sizeof turn.arguments);
        turn.read_from = Gpa{a[TurnAt::read_from]};
        if (a[TurnAt::read_size] > sizeof reply_.data) return false;
        turn.read = {reply_.data, a[TurnAt::read_size]};
        if (!turn.write.empty() && !self_.owns(turn.write_to, turn.write.size())) return false;
        if (!turn.read.empty() && !self_.owns(turn.read_from, turn.read.size())) return false;
        reply_.answer.result = self_.perform(turn);
        reply_.data_size = turn.read.size();
        return true;
    }

    LocalActor& self_;
    Domid lead_;
    Mailbox mailbox_;
    const uint64_t look_ = self_.hypervisor().major() == 0 ? look_soon_after : look_after;
    uint64_t looked_ = platform::now();
    bool greeted_ = false;
    FuzzAnswer fuzzed_{};
    Job job_{};
    Reply reply_{};
};

} // namespace

void serve(LocalActor& self, Domid lead) { Agent(self, lead).serve(); }

} // namespace argo::suite
