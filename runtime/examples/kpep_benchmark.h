/*
 * Hardware events as user counters of Google Benchmark, per iteration. The last thing before the
 * loop of a benchmark:
 *
 *     kpep::BenchmarkCounters counters(state, {"instructions", "branch-misses"});
 *     for (auto _ : state)
 *         ...
 *
 * Everything from there to the end of the benchmark's function is counted, paused timing too. The
 * threads of a benchmark with ->Threads(n) each count their own iterations. What cannot be counted
 * is said once on stderr, and the counter is nan: the benchmark itself runs all the same.
 */
#ifndef KPEP_BENCHMARK_H
#define KPEP_BENCHMARK_H

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <kplive.h>

namespace kpep
{

class BenchmarkCounters
{
  public:
    /* Up to KPDB_EVENTS_MAX events that fit at once, by any name; options as of kplive_open(). */
    BenchmarkCounters(benchmark::State &state, std::vector<std::string> events,
                      const kplive_options *options = nullptr)
        : state_(state), events_(std::move(events))
    {
        std::vector<kpdb_request> requests;
        kplive_error error;

        for (const std::string &event : events_)
            requests.push_back({event.c_str(), event.size(), false});
        if (kplive_open(options, &sampler_, &error) != KPLIVE_OK ||
            kplive_program(sampler_, requests.data(), static_cast<unsigned>(requests.size()),
                           &error) != KPLIVE_OK ||
            kplive_start(sampler_, &error) != KPLIVE_OK)
            complain(error);
        else
            counting_ = read(before_);
    }

    ~BenchmarkCounters()
    {
        uint64_t after[KPDB_EVENTS_MAX];
        bool counted = counting_ && read(after);

        for (size_t i = 0; i < events_.size(); i++)
            state_.counters[events_[i]] =
                counted ? benchmark::Counter(static_cast<double>(after[i] - before_[i]),
                                             benchmark::Counter::kAvgIterations)
                        : benchmark::Counter(std::nan(""));
        kplive_close(sampler_);
    }

    BenchmarkCounters(const BenchmarkCounters &) = delete;
    BenchmarkCounters &operator=(const BenchmarkCounters &) = delete;

  private:
    bool read(uint64_t *values) const
    {
        int status = kplive_read(sampler_, values);

        if (status != KPLIVE_OK)
            say(kplive_strerror(status));
        return status == KPLIVE_OK;
    }

    static void complain(const kplive_error &error)
    {
        char text[600];

        say(kplive_describe(&error, text, sizeof text));
    }

    /* A benchmark is run many times over, in many threads. */
    static void say(const std::string &what)
    {
        static std::mutex mutex;
        static std::set<std::string> said;
        std::lock_guard<std::mutex> lock(mutex);

        if (said.insert(what).second)
            std::fprintf(stderr, "kpep: no counters: %s\n", what.c_str());
    }

    benchmark::State &state_;
    std::vector<std::string> events_;
    kplive *sampler_ = nullptr;
    bool counting_ = false;
    uint64_t before_[KPDB_EVENTS_MAX] = {};
};

} // namespace kpep

#endif
