// SPDX-License-Identifier: Apache-2.0 OR MIT
// argo-vmm as its users run it: arguments, input, output, exit code.
#pragma once

#include "kvm/resource.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace argo::kvm {

struct Result
{
    int exit_code; ///< negative: the signal that ended it; -1000: it did not end
    std::string output;
    std::string errors;
};

/// A running argo-vmm. Killed when the object goes.
class Program
{
  public:
    enum class User
    {
        same,
        nobody,
    };

    explicit Program(const std::vector<std::string>& arguments, User user = User::same);
    Program(const Program&) = delete;
    ~Program();

    void write(const std::string& input);
    void close_input();
    void close_output();
    void signal(int number) const;

    /// Reads until the output holds this text. False when that does not happen for long.
    bool expect(const std::string& text);
    /// Reads to the end and waits for the program.
    Result finish();

    /// All at once.
    static Result run(const std::vector<std::string>& arguments, User user = User::same);

  private:
    bool read_more(std::chrono::steady_clock::time_point deadline);

    pid_t process_ = -1;
    FileDescriptor input_;
    FileDescriptor output_;
    FileDescriptor errors_;
    std::string output_text_;
    std::string errors_text_;
};

} // namespace argo::kvm
