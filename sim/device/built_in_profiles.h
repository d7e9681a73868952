// The built-in device profiles, as the JSON texts that a file would hold.
//
// Numbers of `default` are rounded from public measurements on several cards (launch 3 us, alloc
// 60 us, free 15 us, context 300 ms, cubin load 50 us, PTX 65 ms, event query 0.3 us); what nobody
// published is a guess and kept small. `h200` is predicted from data sheets, not measured.
#pragma once

#include <string_view>

namespace thresher::sim {

inline constexpr std::string_view default_profile_text = R"json({
  "name": "default",
  "origin": "public measurements, rounded",
  "device": {
    "name": "Simulated GPU", "memory_bytes": 17179869184, "multiprocessors": 48,
    "compute_major": 8, "compute_minor": 6,
    "threads_per_block_max": 1024, "shared_bytes_per_block_max": 49152
  },
  "context_bytes": 268435456,
  "copy_engines": 2,
  "kernels_per_context": 4,
  "stream_depth_max": 1024,
  "contains_errors": true,
  "ptx_compile_ns": 65000000,
  "calls_ns": {
    "device_count": 100, "device_properties": 100,
    "context_create": 300000000, "context_destroy": 50000000,
    "primary_context_retain": 200, "primary_context_release": 200,
    "primary_context_reset": 300000000, "context_synchronize": 3000,
    "memory_info": 20000, "memory_allocate": 60000, "memory_free": 15000,
    "host_allocate": 100000, "host_free": 100000,
    "copy_to_device": 3000, "copy_to_host": 3000, "copy_on_device": 3000, "memory_set": 3000,
    "stream_create": 5000, "stream_destroy": 5000, "stream_query": 300,
    "stream_synchronize": 300, "stream_wait_event": 500,
    "event_create": 434, "event_destroy": 434, "event_record": 250, "event_query": 300,
    "module_load": 50000, "module_unload": 20000, "module_function": 200,
    "launch_kernel": 3000, "notify": 0
  },
  "kernel": { "fixed_ns": 2000, "instructions_per_us": 10000000 },
  "copy": {
    "fixed_ns": 1500, "bytes_to_device_per_us": 12000, "bytes_to_host_per_us": 12000,
    "bytes_on_device_per_us": 400000
  }
})json";

inline constexpr std::string_view h200_profile_text = R"json({
  "name": "h200",
  "origin": "predicted from data sheets, not measured",
  "device": {
    "name": "Simulated H200", "memory_bytes": 150323855360, "multiprocessors": 132,
    "compute_major": 9, "compute_minor": 0,
    "threads_per_block_max": 1024, "shared_bytes_per_block_max": 49152
  },
  "context_bytes": 629145600,
  "copy_engines": 2,
  "kernels_per_context": 16,
  "kernel": { "fixed_ns": 1500, "instructions_per_us": 28000000 },
  "copy": {
    "fixed_ns": 1200, "bytes_to_device_per_us": 50000, "bytes_to_host_per_us": 50000,
    "bytes_on_device_per_us": 2000000
  }
})json";

}  // namespace thresher::sim
