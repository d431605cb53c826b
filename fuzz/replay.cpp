// SPDX-License-Identifier: Apache-2.0 OR MIT
// replay [--time S | --changes N] [--current FILE] FILE|FOLDER...
// Runs a fuzz target without a fuzzer: every file of the folders and files that are named, as it is; and
// changed ones, bytes altered, dropped and doubled, the same in each run: 2000 at most, or for S seconds, or
// N.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t changed_inputs = 2000;
constexpr std::chrono::seconds most_time{20}; // where they are slow, as with a sanitizer

/// `current`: where the input is while it runs; null: nowhere.
void run(const std::string& input, const char* current)
{
    if (current != nullptr) std::ofstream(current, std::ios::binary) << input;
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::string changed(std::string input, std::mt19937& random)
{
    for (unsigned changes = random() % 4 + 1; changes != 0 && !input.empty(); --changes) {
        const size_t at = random() % input.size(), size = random() % 16 + 1;
        switch (random() % 4) {
        case 0: input[at] = static_cast<char>(random()); break;
        case 1: input.erase(at, size); break;
        case 2: input.insert(at, input.substr(random() % input.size(), size)); break;
        case 3: input[at] = static_cast<char>(input[at] ^ 1 << random() % 8); break;
        }
    }
    return input;
}

std::vector<std::filesystem::path> files(const std::filesystem::path& path)
{
    if (!std::filesystem::is_directory(path)) return {path};
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(path)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace

int main(int argc, char** argv)
{
    std::chrono::seconds time{0};
    size_t most_changes = 0; // 0: not said
    const char* current = nullptr;
    std::vector<std::string> inputs;
    for (int i = 1; i < argc; ++i) {
        if (argv[i] == std::string_view("--time") && i + 1 < argc) {
            time = std::chrono::seconds(std::strtol(argv[++i], nullptr, 10));
            continue;
        }
        if (argv[i] == std::string_view("--changes") && i + 1 < argc) {
            most_changes = std::strtoul(argv[++i], nullptr, 10);
            continue;
        }
        if (argv[i] == std::string_view("--current") && i + 1 < argc) {
            current = argv[++i];
            continue;
        }
        for (const auto& path : files(argv[i])) {
            std::ifstream file(path, std::ios::binary);
            inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
            if (!file) return std::fprintf(stderr, "%s: cannot be read\n", path.c_str()), 2;
        }
    }
    if (inputs.empty()) return std::fprintf(stderr, "no inputs; name files, or folders of them\n"), 2;
    for (const std::string& input : inputs) run(input, current);
    std::mt19937 random(1);
    const auto end = std::chrono::steady_clock::now() + (time.count() == 0 ? most_time : time);
    size_t changes = 0;
    const auto more = [&] {
        if (most_changes != 0) return changes < most_changes;
        return (time.count() != 0 || changes < changed_inputs) && std::chrono::steady_clock::now() < end;
    };
    for (; more(); ++changes) run(changed(inputs[changes % inputs.size()], random), current);
    std::printf("%zu inputs, %zu changed ones\n", inputs.size(), changes);
}
