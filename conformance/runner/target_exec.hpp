// SPDX-License-Identifier: Apache-2.0 OR MIT
// exec:SCRIPT, anybody's hypervisor. The script is called as
//
//     SCRIPT domid ROLE                  prints the domid that the role will have; fails: no such role here
//     SCRIPT start ROLE IMAGE CMDLINE    runs the domain and prints its console until it ends
//     SCRIPT kill ROLE                   destroys the domain
//
// Without domids the lead runs alone, and what needs more domains is SKIP. See examples/targets/README.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/child.hpp"
#include "runner/target.hpp"

namespace argo::runner {

class ExecTarget : public Target
{
  public:
    /// Throws Unavailable where the script cannot be executed.
    ExecTarget(std::filesystem::path script, std::filesystem::path image, std::filesystem::path folder,
               Wish wish);
    ~ExecTarget() override;

    std::string name() const override { return "exec:" + script_.filename().string(); }
    double timeout_factor() const override { return wish_.timeout_factor; }
    void choose(const std::string& environment, const std::string& mechanism,
                const std::string& sample) override;
    void start(const std::string& after) override;
    std::optional<Report> next(Clock::time_point deadline) override;
    bool act(const Ask& ask) override;
    void stop() override;

  private:
    struct Domain
    {
        Role role;
        std::unique_ptr<Child> console; ///< null: not running
    };

    void find_roles();
    void run(Domain&);
    void kill(Domain&, const char* why);
    Ran call(std::vector<std::string> arguments) const;

    std::filesystem::path script_, image_, folder_;
    Wish wish_;
    std::string after_;
    std::vector<Domain> domains_; ///< the lead last: the others are there when it looks for them
    std::vector<Report> heard_;   ///< not yet given, last first
};

} // namespace argo::runner
