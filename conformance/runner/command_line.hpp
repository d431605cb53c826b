// SPDX-License-Identifier: Apache-2.0 OR MIT
// What the command lines of this folder's programs share: a refusal is one sentence and an exit code.
#pragma once

#include <cstdio>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "runner/errors.hpp"
#include "runner/verdict.hpp"

namespace argo::runner {

/// Parses, which runs the command that was given, and says what main() returns. Whatever is refused is told
/// on stderr under the program's name.
inline int run_command_line(CLI::App& app, int argc, char** argv, const Exit& exit)
{
    const auto refused = [&](Exit code, std::string_view what) {
        fmt::print(stderr, "{}: {}\n", app.get_name(), what);
        return static_cast<int>(code);
    };
    try {
        app.parse(argc, argv);
        return static_cast<int>(exit);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        return refused(Exit::usage, fmt::format("{} (--help shows what there is)", error.what()));
    } catch (const UsageError& error) {
        return refused(Exit::usage, error.what());
    } catch (const Unavailable& error) {
        return refused(Exit::unavailable, error.what());
    } catch (const std::exception& error) {
        return refused(Exit::undecided, error.what());
    }
}

} // namespace argo::runner
