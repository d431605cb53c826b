// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// argo-bench: the benchmarks, with Google Benchmark's command line. ./argo bench runs it and reads its JSON.
#include "cases.hpp"

#include <benchmark/benchmark.h>

int main(int count, char** arguments)
{
    argo::bench::add_send_cases();
    argo::bench::add_receive_cases();
    argo::bench::add_travel_cases();
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
