// The memory pool against a model: who owns each byte, and which blocks may be given to whom.
//
// A state machine without a world: the source is memory that the model makes up, events happen when
// a command says so. Commands name blocks by their ordinal among those that are there.
#include "thresher/gpu/memory_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace thresher::gpu {
namespace {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

constexpr std::uint64_t capacity = 64 * 1024;

struct Source final : MemorySource {
  Result<DevicePointer> allocate(std::uint64_t bytes) override {
    if (bytes > capacity - used) return fail(Errc::capacity);
    used += bytes;
    next.value += 1 << 20;
    sizes[next] = bytes;
    return next;
  }
  Result<void> release(DevicePointer at) override {
    if (stuck) return fail(Errc::timeout);
    RC_ASSERT(sizes.contains(at));
    used -= sizes[at];
    sizes.erase(at);
    return {};
  }
  Result<bool> passed(EventHandle event) override { return happened.contains(event); }
  void recycle(EventHandle) noexcept override {}

  std::uint64_t used = 0;
  bool stuck = false;
  DevicePointer next{};
  std::map<DevicePointer, std::uint64_t> sizes;
  std::set<EventHandle> happened;
};

struct Sut {
  MemoryPool pool{MemoryPoolOptions{}};
  Source source;
  std::vector<PoolBlock> in_use;
  std::set<DevicePointer> quarantined;
  /// Unfinished last uses: block -> (stream, event).
  std::map<DevicePointer, std::pair<StreamHandle, EventHandle>> fences;
  std::uint64_t last_event = 0;

  /// The last event's number and the number in use are all that preconditions need.
  void check() const {
    const MemoryPoolStatistics now = pool.statistics();
    std::uint64_t owned = 0;
    for (const PoolBlock& block : in_use) owned += block.bytes;
    RC_ASSERT(now.in_use_bytes == owned);
    RC_ASSERT(now.blocks_in_use == in_use.size());
    RC_ASSERT(now.moving_bytes == 0u);
    RC_ASSERT(now.allocated_bytes == source.used);
    RC_ASSERT(now.allocated_bytes == now.in_use_bytes + now.cached_bytes + now.quarantined_bytes);
  }
};

struct Model {
  std::size_t in_use = 0;
};

using Command = rc::state::Command<Model, Sut>;

struct Allocate final : Command {
  std::uint64_t bytes = *rc::gen::inRange<std::uint64_t>(1, 20000);
  StreamHandle stream{*rc::gen::inRange<std::uint64_t>(1, 4)};

  void apply(Model&) const override {}
  void run(const Model&, Sut& sut) const override {
    const auto block = sut.pool.allocate(sut.source, bytes, stream);
    if (!block) {
      // Only when the source is full even after the idle part of the cache was given back.
      RC_ASSERT(block.error().code == (sut.source.stuck ? block.error().code : Errc::capacity));
      return sut.check();
    }
    RC_ASSERT(block->bytes >= bytes);
    RC_ASSERT(!sut.quarantined.contains(block->at));
    for (const PoolBlock& other : sut.in_use) RC_ASSERT(other.at != block->at);
    const auto fence = sut.fences.find(block->at);
    if (fence != sut.fences.end()) {
      const auto [used_on, event] = fence->second;
      RC_ASSERT(used_on == stream || sut.source.happened.contains(event));
      sut.fences.erase(fence);
    }
    sut.in_use.push_back(*block);
    sut.check();
  }
  void show(std::ostream& os) const override { os << "allocate(" << bytes << ")"; }
};

struct GiveBack final : Command {
  std::size_t index = *rc::gen::inRange<std::size_t>(0, 100);
  bool busy = *rc::gen::arbitrary<bool>();
  StreamHandle stream{*rc::gen::inRange<std::uint64_t>(1, 4)};

  void apply(Model&) const override {}
  void run(const Model&, Sut& sut) const override {
    if (sut.in_use.empty()) return;
    const auto at = sut.in_use.begin() + static_cast<std::ptrdiff_t>(index % sut.in_use.size());
    std::vector<Fence> fences;
    if (busy) {
      const EventHandle event{++sut.last_event};
      fences.push_back({stream, event});
      sut.fences[at->at] = {stream, event};
    }
    sut.pool.give_back(at->at, std::move(fences));
    sut.in_use.erase(at);
    sut.check();
  }
  void show(std::ostream& os) const override { os << "give_back(" << index << ")"; }
};

struct Quarantine final : Command {
  std::size_t index = *rc::gen::inRange<std::size_t>(0, 100);

  void apply(Model&) const override {}
  void run(const Model&, Sut& sut) const override {
    if (sut.in_use.empty()) return;
    const auto at = sut.in_use.begin() + static_cast<std::ptrdiff_t>(index % sut.in_use.size());
    RC_ASSERT(sut.pool.quarantine(at->at) == at->bytes);
    sut.quarantined.insert(at->at);
    sut.in_use.erase(at);
    sut.check();
  }
  void show(std::ostream& os) const override { os << "quarantine(" << index << ")"; }
};

struct Happen final : Command {
  void apply(Model&) const override {}
  void run(const Model&, Sut& sut) const override {
    for (std::uint64_t i = 1; i <= sut.last_event; ++i) sut.source.happened.insert({i});
  }
  void show(std::ostream& os) const override { os << "all events happen"; }
};

struct Trim final : Command {
  std::uint64_t keep = *rc::gen::inRange<std::uint64_t>(0, 8192);
  bool stuck = *rc::gen::weightedElement<bool>({{4, false}, {1, true}});

  void apply(Model&) const override {}
  void run(const Model&, Sut& sut) const override {
    const std::uint64_t before = sut.source.used;
    sut.source.stuck = stuck;
    const auto freed = sut.pool.trim(sut.source, keep);
    sut.source.stuck = false;
    if (freed) RC_ASSERT(before - sut.source.used == *freed);
    sut.check();
  }
  void show(std::ostream& os) const override { os << "trim(" << keep << ")"; }
};

struct Forget final : Command {
  void apply(Model&) const override {}
  void run(const Model&, Sut& sut) const override {
    RC_ASSERT(sut.pool.forget() == sut.source.used);
    sut.source.used = 0;
    sut.source.sizes.clear();
    sut.in_use.clear();
    sut.quarantined.clear();
    sut.fences.clear();
    sut.check();
  }
  void show(std::ostream& os) const override { os << "forget"; }
};

RC_GTEST_PROP(MemoryPoolModel, gives_each_byte_to_one_owner_and_balances, ()) {
  Sut sut;
  rc::state::check(Model{}, sut,
                   rc::state::gen::execOneOfWithArgs<Allocate, Allocate, Allocate, GiveBack,
                                                     GiveBack, Quarantine, Happen, Trim,
                                                     Forget>());
}

}  // namespace
}  // namespace thresher::gpu
