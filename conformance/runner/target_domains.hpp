// SPDX-License-Identifier: Apache-2.0 OR MIT
// Targets whose domains run in one program that marks each console line with its domain: argo-vmm, and this
// program itself as `model-domains`. Both take the same topology file and the same words on stdin:
//
//     stdout: [lead] a console line    [host] peer ended killed    [host] exited
//     stdin:  kill peer    start peer    restart peer    quit
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "runner/child.hpp"
#include "runner/target.hpp"

namespace argo::policy {
struct Rules;
}

namespace argo::runner {

/// Of what `argo-vmm probe --json` says: the environments, and why they cannot be had; empty: they can.
std::map<std::string, std::string> environment_troubles(const nlohmann::json& probe);

class DomainsTarget : public Target
{
  public:
    /// One environment: keys of every domain.
    struct Variant
    {
        std::string name;
        std::vector<std::pair<std::string, std::string>> keys{};
        bool told_by_guest = true; ///< by itself, as far as it differs from others
    };

    struct Setting
    {
        std::string name; ///< kvm, model, absent
        std::vector<std::string>
            program;                  ///< with its arguments; the topology file is put behind the first two
        std::filesystem::path image;  ///< for the topology; empty: domains need none
        std::filesystem::path folder; ///< topology.toml and stderr.log go here
        bool absent = false;          ///< no domain has Argo
        bool crowd = false;           ///< with the many domains that limits on waiters need
        bool quick = false;
        Wish wish;
        std::filesystem::path known_failures{};
        std::string rules{};                 ///< text of a policy's rules, put in force; empty: none
        std::vector<Variant> environments{}; ///< the first is what runs unless others are asked for
        std::map<std::string, std::string>
            troubles{};                 ///< why an environment cannot be had here; empty: it can
        std::filesystem::path policy{}; ///< where there are no rules: one that the program reads
        std::string label{};            ///< of all domains; empty: each has its role's
    };

    explicit DomainsTarget(Setting setting);
    ~DomainsTarget() override;

    std::string name() const override { return setting_.name; }
    double timeout_factor() const override { return setting_.wish.timeout_factor; }
    bool quick() const override { return setting_.quick; }
    std::filesystem::path known_failures() const override { return setting_.known_failures; }
    std::vector<std::string> environments(bool all) const override;
    void choose(const std::string& environment, const std::string& mechanism,
                const std::string& sample) override;
    void start(const std::string& after) override;
    std::optional<Report> next(Clock::time_point deadline) override;
    bool act(const Ask& ask) override;
    EventCounts counted() const override;
    std::map<std::string, uint64_t> figures() const override;
    void stop() override;

  protected:
    /// Let the program run this topology.
    virtual void launch(const std::string& topology);
    /// A line with a mark that no domain has. False: nothing that this target knows.
    virtual bool hear_mark(std::string_view mark, std::string_view text);
    /// Write rules in the program's form: as they are, `suite`, or with the boolean of that name turned
    /// round.
    virtual void write_policy(const policy::Rules&, const std::string& name);
    /// Throws Unavailable if the chosen environment cannot be had, as far as that is known.
    void require_environment() const;
    /// What the program is told so that these rules are in force.
    virtual std::string policy_command(const std::string& name) const;
    std::filesystem::path policy_file(const std::string& name) const;
    /// Of the program, once its output has ended.
    virtual std::string how_it_ended() const;

    void hear(std::string_view line);
    void over(std::string how); ///< nothing follows until the next launch

    Setting setting_;
    std::unique_ptr<Child> child_;

  private:
    void assemble(); ///< the roles of the next start
    std::string topology(const std::string& after) const;
    void write_policies();
    std::filesystem::path topology_file() const { return setting_.folder / "topology.toml"; }
    std::filesystem::path counters_file() const { return setting_.folder / "counters.json"; }

    std::vector<Role> roles_;
    Variant variant_;                   ///< the chosen one
    std::vector<std::string> policies_; ///< names of the rules that can be asked for
    std::vector<Report> heard_;         ///< not yet given, last first
    bool over_ = false;
};

} // namespace argo::runner
