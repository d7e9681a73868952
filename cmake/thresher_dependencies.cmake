# The libraries Thresher stands on; why these is told in docs/decisions/0001-libraries.md. The
# Debian packages that hold them are listed in .ci/packages. spdlog and fmt are used header-only,
# since Debian has no static archive of either and the portable program must carry them (spdlog's
# own header-only target would still link the shared fmt, so its headers are used directly).
if(NOT DEFINED Boost_USE_STATIC_LIBS)
  set(Boost_USE_STATIC_LIBS ${THRESHER_STATIC_BOOST})
endif()
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS fiber context)
find_package(XxHash REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)

set(THRESHER_CUDA_FOUND OFF)
if(THRESHER_CUDA)
  find_package(CUDAToolkit QUIET)
  set(THRESHER_CUDA_FOUND ${CUDAToolkit_FOUND})
endif()

if(THRESHER_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
if(THRESHER_BENCHMARKS)
  find_package(benchmark QUIET)
  find_library(THRESHER_CAF_LIBRARY caf_core)
  find_path(THRESHER_CAF_INCLUDE caf/all.hpp)
  mark_as_advanced(THRESHER_CAF_LIBRARY THRESHER_CAF_INCLUDE)
endif()
