// SPDX-License-Identifier: Apache-2.0 OR MIT
// Runs a fuzz target without a fuzzer: every file of the folders and files that are named, as it is; and
// changed ones, bytes altered, dropped and doubled, which are the same ones in each run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t changed_inputs = 2000;

void run(const std::string& input)
{
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
    std::vector<std::string> inputs;
    for (int i = 1; i < argc; ++i) {
        for (const auto& path : files(argv[i])) {
            std::ifstream file(path, std::ios::binary);
            inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
            if (!file) return std::fprintf(stderr, "%s: cannot be read\n", path.c_str()), 2;
        }
    }
    if (inputs.empty()) return std::fprintf(stderr, "no inputs; name files, or folders of them\n"), 2;
    for (const std::string& input : inputs) run(input);
    std::mt19937 random(1);
    for (size_t n = 0; n < changed_inputs; ++n) run(changed(inputs[n % inputs.size()], random));
    std::printf("%zu inputs, %zu changed ones\n", inputs.size(), changed_inputs);
}
