// SPDX-License-Identifier: Apache-2.0 OR MIT
// Runs a fuzz target without a fuzzer: every file that is named, as it is and with bytes changed, dropped and
// doubled in many ways that are the same in each run.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

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

} // namespace

int main(int argc, char** argv)
{
    constexpr int variants = 2000;
    std::mt19937 random(1);
    size_t inputs = 0;
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(file), {});
        if (!file) return std::fprintf(stderr, "%s: cannot be read\n", argv[i]), 2;
        for (const char kind : {'\0', '\1', '\2'}) {
            run(kind + text);
            for (int n = 0; n < variants; ++n) run(kind + changed(text, random));
            inputs += variants + 1;
        }
    }
    std::printf("%zu inputs\n", inputs);
    return inputs == 0 ? 2 : 0;
}
