# Test programs: `<folder>_tests` of the unit tests beside the code, `property_tests`, and the
# target `check_headers` that compiles headers alone. Tests are listed when CTest runs, so that
# building stays quick.
include(GoogleTest)

function(thresher_discover target prefix)
  gtest_discover_tests(${target} TEST_PREFIX ${prefix}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT 600 ENVIRONMENT "RC_PARAMS=seed=20261122")
endfunction()

function(thresher_add_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
  thresher_sources(${folder} test sources)
  if(NOT sources)
    return()
  endif()
  add_executable(${folder}_tests ${sources})
  target_link_libraries(${folder}_tests PRIVATE thresher_flags ${arg_LINKS} thresher_${folder}
                        rapidcheck rapidcheck_gtest GTest::gmock GTest::gtest GTest::gtest_main)
  if(folder STREQUAL "gpu" AND THRESHER_CUDA_FOUND)
    target_include_directories(gpu_tests SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  endif()
  thresher_discover(${folder}_tests ${folder})
endfunction()

function(thresher_add_property_tests)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/property_tests/*.cc")
  list(FILTER sources EXCLUDE REGEX "/property_tests/determinism/")
  thresher_link_headers(property_tests)
  # Prints the trace hashes of many runs: what the determinism stage compares between processes.
  add_executable(hash_runs property_tests/determinism/hash_runs.cc)
  target_link_libraries(hash_runs PRIVATE thresher_flags thresher_scenarios)
  if(NOT sources)
    return()
  endif()
  add_executable(property_tests ${sources})
  target_link_libraries(property_tests PRIVATE thresher_flags thresher_scenarios rapidcheck
                        rapidcheck_gtest GTest::gmock GTest::gtest GTest::gtest_main)
  thresher_discover(property_tests property)
endfunction()

# Compiles each header alone. One that has a source of its own name is proved self-contained there,
# since the style check makes that source include it first; so only the others are compiled here.
function(thresher_add_header_check)
  set(units)
  set(folders runtime gpu faults sim scenarios reports cli property_tests benchmarks)
  foreach(folder IN LISTS folders)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
         "${PROJECT_SOURCE_DIR}/${folder}/*.h")
    foreach(header IN LISTS headers)
      string(REGEX REPLACE "[.]h$" ".cc" own_source "${header}")
      if(EXISTS "${PROJECT_SOURCE_DIR}/${own_source}"
         OR (header MATCHES "^gpu/cuda/" AND NOT THRESHER_CUDA_FOUND))
        continue()
      endif()
      set(unit "${PROJECT_BINARY_DIR}/generated/headers/${header}.cc")
      file(CONFIGURE OUTPUT "${unit}" CONTENT "#include \"thresher/@header@\"\n" @ONLY)
      list(APPEND units "${unit}")
    endforeach()
  endforeach()
  if(NOT units)
    add_custom_target(check_headers)
    return()
  endif()
  add_library(check_headers OBJECT EXCLUDE_FROM_ALL ${units})
  target_compile_options(check_headers PRIVATE -O0 -g0)
  target_link_libraries(check_headers PRIVATE thresher_flags thresher_cli rapidcheck
                        rapidcheck_gtest GTest::gmock GTest::gtest)
  if(THRESHER_CUDA_FOUND)
    target_include_directories(check_headers SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  endif()
endfunction()
