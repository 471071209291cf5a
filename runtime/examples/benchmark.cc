/*
 * Google Benchmark with hardware events beside the times: kpep_benchmark.h is the plug-in.
 *
 *     c++ -o benchmark benchmark.cc $(pkg-config --cflags --libs kplive benchmark)
 *     sudo ./benchmark
 *
 * Two arguments, KPERF and KPERFDATA, are libraries to load in place of Apple's frameworks.
 */
#include "kpep_benchmark.h"

#include <algorithm>
#include <random>

static kplive_options libraries; /* none: Apple's own */

static std::vector<int> numbers(bool sorted)
{
    std::vector<int> values(1 << 15);
    std::minstd_rand random(1);

    for (int &value : values)
        value = static_cast<int>(random() % 256);
    if (sorted)
        std::sort(values.begin(), values.end());
    return values;
}

/* The same instructions over the same numbers; only the order, and so the branches, differ. */
static void sum_large(benchmark::State &state)
{
    const std::vector<int> values = numbers(state.range(0) != 0);
    kpep::BenchmarkCounters counters(state, {"cycles", "instructions", "branch-misses"},
                                     &libraries);

    for (auto _ : state) {
        long sum = 0;

        for (int value : values)
            if (value >= 128)
                benchmark::DoNotOptimize(sum += value);
    }
}
BENCHMARK(sum_large)->ArgName("sorted")->Arg(0)->Arg(1);
BENCHMARK(sum_large)->ArgName("sorted")->Arg(0)->Threads(4);

int main(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv); /* takes the arguments that are its own */
    if (argc > 2) {
        libraries.kperf = argv[1];
        libraries.kperfdata = argv[2];
    }
    kplive_catch_signals(nullptr); /* Ctrl-C gives the counters back too */
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
