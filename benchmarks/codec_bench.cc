// What a small request and its response cost to copy, to encode by position and to encode by tag.
//
// The request has two integers and a short string, the response one of each. The bodies do what a
// call does: the remote one encodes at one side and decodes at the other, both ways; the local one
// copies; the simulated local one encodes, decodes and compares.
#include "thresher/runtime/codec/copy.h"
#include "thresher/runtime/codec/encode.h"
#include "thresher/runtime/codec/positional.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <tuple>

namespace thresher::benchmarks {
namespace {

using runtime::field;

struct Request {
  std::int64_t account = 0;
  std::int32_t amount = 0;
  std::string reference;
  static constexpr auto fields = runtime::fields(field<1>("account", &Request::account),
                                                 field<2>("amount", &Request::amount),
                                                 field<3>("reference", &Request::reference));
};

struct Response {
  std::int64_t balance = 0;
  std::string note;
  static constexpr auto fields = runtime::fields(field<1>("balance", &Response::balance),
                                                 field<2>("note", &Response::note));
};

using Args = std::tuple<Request>;

const Args request{Request{7'000'000'123, -250, "order 42"}};
const Response response{1'000'250, "accepted"};

void value_copy(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(runtime::copy_value(request));
    benchmark::DoNotOptimize(runtime::copy_value(response));
  }
}
BENCHMARK(value_copy);

void positional_round_trip(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(runtime::round_trip(request));
    benchmark::DoNotOptimize(runtime::round_trip(response));
  }
}
BENCHMARK(positional_round_trip);

void positional_round_trip_of_one_integer(benchmark::State& state) {
  const std::tuple<std::int64_t> argument{5};
  for (auto _ : state) {
    benchmark::DoNotOptimize(runtime::round_trip(argument));
    benchmark::DoNotOptimize(runtime::round_trip(std::get<0>(argument)));
  }
}
BENCHMARK(positional_round_trip_of_one_integer);

template <typename T>
void tagged_there(const T& value) {
  runtime::ByteWriter out;
  runtime::encode_to(out, value);
  benchmark::DoNotOptimize(runtime::decode<T>(out.bytes()));
}

void tagged_encode_and_decode(benchmark::State& state) {
  for (auto _ : state) {
    tagged_there(request);
    tagged_there(response);
  }
}
BENCHMARK(tagged_encode_and_decode);

void tagged_encode(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(runtime::encode(request));
    benchmark::DoNotOptimize(runtime::encode(response));
  }
}
BENCHMARK(tagged_encode);

}  // namespace
}  // namespace thresher::benchmarks
