// The benchmarks' program. Each file beside this one measures one thing and says in its head what
// its numbers are to be compared with.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
