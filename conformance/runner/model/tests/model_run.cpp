// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Running a model and listening to it.
#include "model_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

namespace argo::runner {

ModelOptions domains_for(const std::string& words, bool others, int crowd)
{
    ModelOptions options;
    std::string lead = "role=lead " + words;
    if (others) lead += " peer=2 third=3";
    if (crowd > 0) lead += " crowd=10-" + std::to_string(9 + crowd);
    options.domains.push_back({"lead", 1, lead});
    if (others) options.domains.push_back({"peer", 2, "role=peer lead=1"});
    if (others) options.domains.push_back({"third", 3, "role=third lead=1"});
    for (int i = 0; i < crowd; i++)
        options.domains.push_back(
            {"crowd" + std::to_string(i), static_cast<uint16_t>(10 + i), "role=crowd lead=1"});
    return options;
}

bool ModelRun::has(const std::string& line) const { return std::ranges::find(lines, line) != lines.end(); }

size_t ModelRun::count(const std::string& part) const
{
    return static_cast<size_t>(
        std::ranges::count_if(lines, [&](const auto& line) { return line.find(part) != std::string::npos; }));
}

namespace {

void note_verdict(ModelRun& run, const std::string& line)
{
    // [lead] argo-ct 1 <seq> <VERDICT> <case> <requirements> <detail>
    std::istringstream words(line);
    std::string mark, protocol, version, sequence, verdict, id, requirements, detail;
    words >> mark >> protocol >> version >> sequence >> verdict >> id >> requirements >> std::ws;
    if (mark != "[lead]" || protocol != "argo-ct" || !std::isupper(static_cast<unsigned char>(verdict[0])))
        return;
    std::getline(words, detail);
    run.verdicts[id] = verdict;
    run.details[id] = detail;
}

} // namespace

ModelRun run_to_end(ModelOptions options, const std::function<std::string(const std::string&)>& hear)
{
    int to_model[2], from_model[2];
    if (pipe(to_model) != 0 || pipe(from_model) != 0) throw std::runtime_error("no pipe");
    options.input = to_model[0];
    options.output = fdopen(from_model[1], "w");
    std::FILE* const reader = fdopen(from_model[0], "r");

    ModelRun run;
    std::thread model([&] {
        run.exit = run_model(options);
        std::fclose(options.output);
    });
    char* buffer = nullptr;
    size_t capacity = 0;
    while (getline(&buffer, &capacity, reader) > 0) {
        std::string line(buffer);
        EXPECT_EQ(line.back(), '\n');
        line.pop_back();
        run.lines.push_back(line);
        note_verdict(run, line);
        const std::string answer = hear ? hear(line) : "";
        if (!answer.empty()) {
            EXPECT_GT(dprintf(to_model[1], "%s\n", answer.c_str()), 0);
        }
    }
    model.join();
    free(buffer);
    std::fclose(reader);
    close(to_model[0]);
    close(to_model[1]);
    return run;
}

std::string obliging_host(const std::string& line)
{
    const size_t ask = line.find(" ask ");
    return line.starts_with("[lead] argo-ct 1 ") && ask != std::string::npos ? line.substr(ask + 5) : "";
}

} // namespace argo::runner
