// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// From boot to the last line.
#include "harness/run.hpp"

#include <new>

#include "harness/agent.hpp"
#include "harness/crc32.hpp"
#include "harness/expect.hpp"
#include "harness/selects.hpp"
#include "harness/session.hpp"

namespace argo::suite {

constinit ARGO_SUITE_LOCAL Session* session = nullptr;

Session::Session(const Options& from)
    : options(from),
      boot(platform::now()),
      self(suite::name(from.role)),
      mailbox{
          {self, self.kept()}, {self, self.kept() + Mailbox::bytes}, {self, self.kept() + 2 * Mailbox::bytes}}
{
    if (options.peer != Options::nobody) peer.appoint("peer", options.peer, mailbox[0]);
    if (options.third != Options::nobody) third.appoint("third", options.third, mailbox[1]);
    for (uint16_t i = 0; i < options.crowd_size(); i++)
        crowd[i].appoint("crowd", static_cast<uint16_t>(options.crowd_first + i), mailbox[2]);
}

namespace {

/// Why no case can run, if so: the verdict that each of them gets.
struct Obstacle
{
    Verdict verdict = Verdict::pass;
    Text reason{};

    explicit operator bool() const { return verdict != Verdict::pass; }
};

constexpr uint16_t no_mechanism = 0xffff;

/// The mechanism's ID, zero for no name at all.
uint16_t mechanism_of(std::string_view name)
{
    if (name.empty()) return 0;
    for (uint16_t id = 1; std::string_view(mechanism_name(id)) != "unknown"; id++)
        if (name == mechanism_name(id)) return id;
    return no_mechanism;
}

bool is_case(std::string_view id)
{
    for (const Case* which : all_cases())
        if (id == which->id) return true;
    return false;
}

/// What is wrong with the command line beyond single words.
std::string_view contradiction(const Options& options)
{
    if (!options.wrong.empty()) return options.wrong;
    if (!options.after.empty() && !is_case(options.after)) return options.after;
    if (mechanism_of(options.mechanism) == no_mechanism) return options.mechanism;
    if (options.role != Role::lead && options.lead == Options::nobody) return "lead=";
    return {};
}

/// Find Argo and a way to it.
Obstacle discover()
{
    Obstacle obstacle;
    const uint16_t wanted = mechanism_of(session->options.mechanism);
    Discovery& found = session->discovery;
    const auto hypervisor =
        probe(platform::machine(), {.mechanism = wanted, .nonce = session->boot | 1}, &found);
    if (hypervisor) {
        session->self.start(*hypervisor, Session::mailboxes * Mailbox::bytes);
        return obstacle;
    }

    bool tried = false;
    for (uint32_t i = 0; i < found.count; i++) tried |= found.candidates[i].tried;
    obstacle.verdict = tried ? Verdict::error : Verdict::not_supported;
    // What major 0 says where it is not built, switched off, or there for other domains only.
    const Error why = hypervisor.error();
    const bool major_0_absent =
        found.base == 0 && (why == Error::enosys || why == Error::eopnotsupp || why == Error::enodev);
    if (major_0_absent) {
        obstacle.verdict = Verdict::not_supported;
        obstacle.reason << "no Argo found by probing: " << argo::name(why);
    } else if (hypervisor.error() == Error::absent)
        obstacle.reason << "no Argo found by probing";
    else if (tried)
        obstacle.reason << "Argo is announced, but a query by the first usable mechanism gave "
                        << argo::name(hypervisor.error());
    else if (wanted != 0)
        obstacle.reason << "mechanism " << session->options.mechanism << " is not offered";
    else
        obstacle.reason << "Argo is announced, but neither major 1 nor a mechanism known here";
    return obstacle;
}

void describe_mechanisms(Text& text, std::string_view key, bool confirmed)
{
    bool any = false;
    const Discovery& found = session->discovery;
    for (uint32_t i = 0; i < found.count; i++) {
        if (found.candidates[i].confirmed() != confirmed) continue;
        if (any)
            text << ',';
        else
            text << ' ' << key << '=';
        text << mechanism_name(found.candidates[i].mechanism.id);
        any = true;
    }
}

/// The implementation's own count; Xen's, by either major, is its version in two halves.
Text version_of(const argo_info& info)
{
    Text text;
    if (info.implementation == ARGO_IMPLEMENTATION_XEN)
        text << (info.implementation_version >> 16) << '.' << (info.implementation_version & 0xffff);
    else
        text << info.implementation_version;
    return text;
}

void print_environment(std::string_view wrong, const Obstacle& obstacle)
{
    const Options& options = session->options;
    const LocalActor& self = session->self;
    Text text;
    text << "role=" << name(options.role) << " arch=" << platform::architecture()
         << " environment=" << platform::environment();
    if (!options.environment.empty()) text << ',' << options.environment;
    text << " seed=" << options.seed << " slow=" << options.slow;
    if (obstacle) {
        text << " mechanism=none";
    } else {
        const argo_info& info = self.info();
        text << " domid=" << info.domid << " mechanism=" << mechanism_name(self.hypervisor().mechanism().id)
             << " abi=" << info.major << '.' << info.minor << " implementation=" << info.implementation
             << " version=" << version_of(info).view() << " features=" << Hex{info.features};
    }
    describe_mechanisms(text, "mechanisms", true);
    describe_mechanisms(text, "unconfirmed", false);
    // Last, since it may be as long as a command line.
    if (!wrong.empty()) text << " unknown-option=" << wrong;
    session->protocol.environment(text.view());
}

/// Back to a clean domain everywhere, and everybody alive.
void clean_up()
{
    session->each_other([](RemoteActor& other) {
        if (other.used()) other.clean();
    });
    const int64_t result = session->self.clean();
    if (result < 0) {
        Text reason;
        reason << "reset after the case gave " << result;
        raise(Verdict::error, reason.view());
    }
    session->each_other([](RemoteActor& other) {
        if (!other.killed()) return;
        session->protocol.ask("start", other.role());
        other.expect_back();
    });
}

void run_case(const Case& which, const Obstacle& obstacle)
{
    Progress& progress = session->progress;
    progress = {};
    progress.which = &which;
    progress.random = session->options.seed ^ crc32(0, which.id);

    session->protocol.begin(which);
    const ProfileInfo& profile = info(which.profile);
    if (obstacle) {
        raise(obstacle.verdict, obstacle.reason.view());
    } else if (which.profile == Profile::upstream && Upstream::number() == 0) {
        raise(Verdict::not_supported, "Xen's own interface is not there");
    } else if (which.profile == Profile::policy && !session->options.policy) {
        raise(Verdict::skip, "the suite's policy is not in force in this run");
    } else if (!session->self.has(profile.features)) {
        raise(Verdict::not_supported, profile.lacking);
    } else if (which.profile == Profile::interrupt_evtchn && platform::channel(upstream_vector) == 0) {
        raise(Verdict::not_supported, "there are no event channels");
    } else {
        const bool finished = attempt(which.body);
        for (uint32_t vcpu = 1; vcpu < platform::most_vcpus; vcpu++) platform::stop_vcpu(vcpu);
        platform::hold_events(0);
        host_policy_off();
        if (finished && progress.checks == 0) raise(Verdict::error, "the case expected nothing");
        clean_up();
        // For whoever compares it with the host's records.
        if (which.profile == Profile::policy) {
            Text denials;
            denials << "audit: " << progress.denials << " denials";
            Protocol::say(denials.view());
        }
    }
    if (progress.failures > 1) progress.detail << " (and " << progress.failures - 1 << " more)";
    session->protocol.verdict(which, progress.verdict, progress.detail.view());
}

/// Let another incarnation of this domain go on behind this case, as if nothing had happened.
void renew(const Case& behind, uint32_t count)
{
    Text words;
    words << "after=" << behind.id << " sequence=" << session->protocol.sequence()
          << " crc=" << session->protocol.crc() << " done=" << count;
    platform::renew(words.view().data(), words.view().size());
}

uint32_t run_cases(const Obstacle& obstacle)
{
    const Options& options = session->options;
    uint32_t count = options.done;
    bool reached = options.after.empty() || !is_case(options.after);
    for (const Case* which : all_cases()) {
        const bool selected = reached && selects_profile(options.profile, info(which->profile).name) &&
                              glob_match_any(options.filter, which->id) &&
                              glob_match_any(options.sample, which->id);
        reached = reached || options.after == which->id;
        if (!selected) continue;
        run_case(*which, obstacle);
        count++;
        if (session->self.spoiled()) renew(*which, count);
    }
    return count;
}

/// What this boot has heard, for whoever knows what was sent. Book: spec/suppress.rst.
void print_counts()
{
    if (!session->self.has(ARGO_FEATURE_VECTOR)) return;
    Text text;
    text << "delivered=" << session->self.delivered() << " spurious=" << session->self.spurious();
    session->protocol.environment(text.view());
}

/// The others end, too: those that are still booting in a moment.
void dismiss_all()
{
    const uint64_t start = platform::now(), limit = session->limit(2'000);
    session->each_other([&](RemoteActor& other) {
        while (other.appointed() && !other.dismiss() && platform::now() - start < limit)
            platform::wait(5'000'000);
    });
}

} // namespace

void run()
{
    alignas(Session) static ARGO_SUITE_LOCAL uint8_t storage[sizeof(Session)];
    session = new (storage) Session(parse_options(platform::command_line()));

    Obstacle obstacle = discover();
    const std::string_view wrong = contradiction(session->options);
    if (!wrong.empty()) {
        obstacle.verdict = Verdict::error;
        obstacle.reason.clear();
        obstacle.reason << "the command line has a word that is not understood: " << wrong;
    }
    const Options& options = session->options;
    if (options.sequence != 0)
        session->protocol.resume(options.sequence, options.crc);
    else
        print_environment(wrong, obstacle);

    uint32_t cases = 0;
    if (options.role == Role::lead)
        cases = run_cases(obstacle), print_counts();
    else if (!obstacle)
        serve(session->self, Domid{options.lead});
    session->protocol.end(cases);
    if (options.role == Role::lead && !obstacle) dismiss_all();
}

} // namespace argo::suite
