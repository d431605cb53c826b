// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Another domain as an Actor of the lead.
#include "harness/remote.hpp"

#include <cstring>

#include "harness/expect.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

using wire::Kind;
using wire::TurnAt;

constexpr uint64_t boot_time = 10'000;  ///< ms in which a domain that was started answers
constexpr uint64_t answer_time = 5'000; ///< ms for an answer, whatever the request itself takes besides
constexpr uint64_t retry_time = 250;    ///< ms for one that failed to answer before
constexpr uint64_t look_after = 200;    ///< ms without an answer after which the domain may be gone

/// ns that bulk work on so many bytes may take in a guest that is interpreted.
uint64_t bulk_time(size_t bytes) { return session->limit(bytes / 250); }

wire::Request request(Kind kind, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0)
{
    return {0, 0, kind, {a0, a1, a2, a3}};
}

/// Whether the mailbox is there already, and so the domain that it is for. Major 0 does not get so far when
/// there are as many rings as may be, but it does look for the domain before.
bool was_there(const Result<void>& ensured)
{
    return ensured.error() == Error::eexist ||
           (session->self.hypervisor().major() == 0 && ensured.error() == Error::enospc);
}

} // namespace

void RemoteActor::appoint(const char* role, uint16_t domid, Mailbox& mailbox)
{
    role_ = role;
    domid_ = Domid{domid};
    mailbox_ = &mailbox;
}

bool RemoteActor::connect()
{
    const auto open = mailbox_->is_open(domid_) ? Result<void>{} : mailbox_->open(domid_);
    if (!open) why_ = argo::name(open.error());
    return static_cast<bool>(open);
}

bool RemoteActor::present()
{
    // A ring for a domain that is none is refused, and goes when the domain does.
    if (!connect()) return false;
    const auto there = mailbox_->ensure();
    if (there || was_there(there)) return true;
    why_ = argo::name(there.error());
    return false;
}

bool RemoteActor::ask(wire::Request head, Bytes data)
{
    head.session = session->boot;
    head.sequence = awaited_ = ++session->sequence;
    if (!connect()) return false;
    const auto sent = mailbox_->send(&head, sizeof head, data);
    if (!sent) why_ = argo::name(sent.error());
    return static_cast<bool>(sent);
}

bool RemoteActor::hear(std::span<uint8_t> back, uint64_t limit, int64_t& result)
{
    const uint64_t start = platform::now();
    uint64_t looked = start;
    uint8_t message[sizeof(wire::Answer) + wire::max_data];
    while (true) {
        const size_t size = mailbox_->receive(message);
        wire::Answer answer{};
        if (size >= sizeof answer) std::memcpy(&answer, message, sizeof answer);
        if (answer.session == session->boot && answer.sequence == awaited_) {
            if (known_ && answer.boot != boot_)
                why_ = "it started anew";
            else if (answer.refused != 0 || size - sizeof answer != back.size())
                why_ = "it refused a request of the harness";
            else
                break;
            return false;
        }
        if (size != 0) continue; // a late answer to somebody else's question
        const uint64_t now = platform::now();
        if (now - looked >= session->limit(look_after)) {
            // The mailbox went with the domain that it was for, whether or not there is another one now.
            const auto there = mailbox_->ensure();
            looked = now;
            if (!was_there(there)) {
                why_ = "it is gone";
                return false;
            }
        }
        if (now - start >= limit) {
            why_ = "no answer in time";
            return false;
        }
        await_mail(session->self);
    }
    wire::Answer answer;
    std::memcpy(&answer, message, sizeof answer);
    if (!back.empty()) std::memcpy(back.data(), message + sizeof answer, back.size());
    boot_ = answer.boot;
    result = answer.result;
    return true;
}

bool RemoteActor::exchange(wire::Request head, Bytes data, std::span<uint8_t> back, uint64_t limit,
                           int64_t& result)
{
    return ask(head, data) && hear(back, limit, result);
}

void RemoteActor::lost()
{
    const bool again = lost_in_ != nullptr;
    Text reason;
    reason << role_ << " (domain " << static_cast<uint16_t>(domid_) << ") does not answer: " << why_;
    if (again) reason << ", since " << lost_in_;
    if (!again) lost_in_ = session->progress.which->id;
    known_ = false;
    used_ = false;
    if (again) skip(reason.view());
    error(reason.view());
}

bool RemoteActor::greet(uint64_t limit)
{
    const uint64_t start = platform::now();
    known_ = false;
    while (true) {
        wire::Hello hello;
        int64_t result = 0;
        const uint64_t passed = platform::now() - start;
        const uint64_t left = passed < limit ? limit - passed : 0;
        const std::span<uint8_t> back(reinterpret_cast<uint8_t*>(&hello), sizeof hello);
        // A new mailbox: what became of the old one is not to be known.
        const auto open = mailbox_->open(domid_);
        if (!open) why_ = argo::name(open.error());
        if (open && exchange(request(Kind::hello), {}, back, left, result)) {
            info_ = hello.info;
            vcpu_ = hello.vcpu;
            memory_end_ = hello.memory_end;
            base_ = hello.scratch_base;
            size_ = hello.scratch_size;
            top_ = dirty_ = 0;
            known_ = true;
            lost_in_ = nullptr;
            return true;
        }
        if (platform::now() - start >= limit) return false;
        platform::wait(5'000'000);
    }
}

RemoteActor& RemoteActor::ready()
{
    if (!known_ && !greet(session->limit(lost_in_ == nullptr ? boot_time : retry_time))) lost();
    used_ = true;
    return *this;
}

void RemoteActor::forget()
{
    known_ = false;
    used_ = false;
    begun_ = false;
    killed_ = true;
}

void RemoteActor::expect_back()
{
    killed_ = false;
    lost_in_ = nullptr;
}

void RemoteActor::clean()
{
    used_ = begun_ = false;
    const size_t dirty = dirty_;
    top_ = dirty_ = 0;
    int64_t result = 0;
    Text reason;
    reason << role_ << " could not be cleaned after the case: ";
    if (!exchange(request(Kind::clean, dirty), {}, {}, session->limit(answer_time) + bulk_time(dirty),
                  result)) {
        known_ = false;
        lost_in_ = session->progress.which->id;
        reason << why_;
        raise(Verdict::error, reason.view());
    } else if (result == wire::renewed) {
        known_ = false;
    } else if (result < 0) {
        reason << "reset gave " << result;
        raise(Verdict::error, reason.view());
    }
}

void RemoteActor::begin_fuzz(const FuzzPlan& plan)
{
    clean();
    wire::Request head = request(Kind::fuzz, plan.seed, plan.steps, plan.others[0], plan.others[1]);
    if (!known_ || !ask(head, {})) lost();
    known_ = false;
    used_ = true;
}

void RemoteActor::finish_fuzz(FuzzAnswer& answer, uint64_t limit)
{
    // What it is greeted with meanwhile, it may lose.
    for (const uint64_t start = platform::now(); !greet(session->limit(retry_time));)
        if (platform::now() - start > limit) lost();
    act(request(Kind::fuzzed), {}, {reinterpret_cast<uint8_t*>(&answer), sizeof answer});
    used_ = true;
}

void RemoteActor::begin_echo(uint32_t port, uint32_t count, bool by_hand)
{
    if (!ask(request(Kind::echo, port, count, by_hand), {})) lost();
    begun_ = true;
}

bool RemoteActor::dismiss() { return present() && ask(request(Kind::bye), {}); }

int64_t RemoteActor::act(wire::Request head, Bytes data, std::span<uint8_t> back, uint64_t more_time)
{
    int64_t result = 0;
    if (!known_) {
        why_ = "it was killed";
        lost();
    }
    if (begun_) suite::error("the case asks a domain for something before it has heard the last result");
    if (!exchange(head, data, back, session->limit(answer_time) + more_time, result)) lost();
    return result;
}

namespace {

wire::Request turn_of(const Turn& turn, uint64_t write_to, size_t read_size)
{
    wire::Request head = request(Kind::turn);
    head.argument[TurnAt::write_to] = write_to;
    head.argument[TurnAt::read_from] = turn.read_from.value;
    head.argument[TurnAt::read_size] = read_size;
    if (turn.call) head.argument[TurnAt::word] = turn.word | TurnAt::call;
    if (case_is_upstreams()) head.argument[TurnAt::word] |= TurnAt::upstream;
    std::memcpy(head.argument + TurnAt::arguments, turn.arguments, sizeof turn.arguments);
    return head;
}

size_t at_most(size_t size, size_t limit) { return size < limit ? size : limit; }

} // namespace

int64_t RemoteActor::perform(const Turn& turn)
{
    if (turn.call) require_in_upstream(turn.word);
    // One exchange where everything fits; else what is to be written goes ahead, what is to be read comes
    // after.
    Bytes write = turn.write;
    uint64_t write_to = turn.write_to.value;
    for (; write.size() > wire::max_data; write = write.from(wire::max_data), write_to += wire::max_data)
        act(turn_of({}, write_to, 0), write.first(wire::max_data));

    const auto read = turn.read.first(at_most(turn.read.size(), wire::max_data));
    const int64_t result = act(turn_of(turn, write_to, read.size()), write, read);

    for (size_t done = read.size(); done < turn.read.size();) {
        const auto part = turn.read.subspan(done, at_most(turn.read.size() - done, wire::max_data));
        Turn more;
        more.read_from = Gpa{turn.read_from.value + done};
        act(turn_of(more, 0, part.size()), {}, part);
        done += part.size();
    }
    return result;
}

void RemoteActor::begin(const Turn& turn)
{
    if (turn.call) require_in_upstream(turn.word);
    if (begun_) suite::error("the case begins something before it has heard the last result");
    if (!ask(turn_of(turn, turn.write_to.value, 0), turn.write)) lost();
    begun_ = true;
}

int64_t RemoteActor::finish()
{
    int64_t result = 0;
    begun_ = false;
    if (!hear({}, session->limit(answer_time), result)) lost();
    return result;
}

void RemoteActor::fill_pattern(Gpa to, size_t size, uint64_t seed, uint64_t first)
{
    act(request(Kind::fill_pattern, to.value, size, seed, first), {}, {}, bulk_time(size));
}

size_t RemoteActor::find_mismatch(Gpa from, size_t size, uint64_t seed, uint64_t first)
{
    return static_cast<size_t>(
        act(request(Kind::find_mismatch, from.value, size, seed, first), {}, {}, bulk_time(size)));
}

void RemoteActor::fill_series(Gpa to, size_t count, uint64_t first, size_t period)
{
    act(request(Kind::fill_series, to.value, count, first, period), {}, {},
        bulk_time(count * sizeof(uint64_t)));
}

void RemoteActor::zero(Gpa where, size_t size)
{
    act(request(Kind::zero, where.value, size), {}, {}, bulk_time(size));
}

uint32_t RemoteActor::events(uint8_t vector)
{
    return static_cast<uint32_t>(act(request(Kind::events, vector)));
}

bool RemoteActor::changes_within(uint64_t ns, uint8_t vector, uint32_t so_far)
{
    return act(request(Kind::await_event, vector, so_far, ns), {}, {}, ns) != 0;
}

bool RemoteActor::wait_event(uint8_t vector, uint32_t beyond)
{
    return changes_within(session->limit(event_time), vector, beyond);
}

bool RemoteActor::stays_quiet(uint8_t vector, uint32_t since)
{
    return !changes_within(session->limit(quiet_time), vector, since);
}

} // namespace argo::suite
