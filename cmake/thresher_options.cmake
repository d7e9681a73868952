# What can be chosen when Thresher is configured. A project that takes Thresher in with
# add_subdirectory or FetchContent gets the libraries alone; at the top everything is on.
option(THRESHER_TESTS "Build the unit and property tests" ${PROJECT_IS_TOP_LEVEL})
option(THRESHER_BENCHMARKS "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(THRESHER_INSTALL "Make install rules and the CMake package" ${PROJECT_IS_TOP_LEVEL})
option(THRESHER_CUDA "Build gpu/cuda/ where the CUDA Toolkit is found" ON)
option(THRESHER_STATIC_BOOST "Link Boost statically" ON)
option(THRESHER_PORTABLE "Link all but the C library statically" OFF)
option(THRESHER_CCACHE "Compile through ccache where it is found" ON)
set(THRESHER_SANITIZE "" CACHE STRING "Sanitizers: empty, address,undefined or thread")
set(THRESHER_OPTIMISE "" CACHE STRING "A flag that overrules the build type's, such as -O0")

# Warnings are errors with the compiler the project is written for; another one may warn of other
# things.
set(werror_default OFF)
if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
   AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12[.]")
  set(werror_default ON)
endif()
option(THRESHER_WERROR "Treat warnings as errors" ${werror_default})

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT multi_config)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
