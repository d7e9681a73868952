# Compiler flags, as two interface targets.
#
# thresher_contract holds what code that includes our headers must be compiled with as well: C++20,
# no fusing of floating-point operations (a fused and an unfused build would give different traces),
# and the sanitizers. thresher_flags holds what concerns our own sources alone, the warnings above
# all.
add_library(thresher_contract INTERFACE)
target_compile_features(thresher_contract INTERFACE cxx_std_20)
target_compile_options(thresher_contract INTERFACE -ffp-contract=off)
set_target_properties(thresher_contract PROPERTIES EXPORT_NAME contract)

add_library(thresher_flags INTERFACE)
target_link_libraries(thresher_flags INTERFACE thresher_contract)
target_compile_options(thresher_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                                -Wswitch-enum)
if(THRESHER_WERROR)
  target_compile_options(thresher_flags INTERFACE -Werror)
endif()
if(THRESHER_OPTIMISE)
  target_compile_options(thresher_flags INTERFACE ${THRESHER_OPTIMISE})
endif()

if(THRESHER_SANITIZE)
  set(sanitize -fsanitize=${THRESHER_SANITIZE} -fno-omit-frame-pointer)
  if(THRESHER_SANITIZE MATCHES "undefined")
    list(APPEND sanitize -fno-sanitize-recover=all)
  endif()
  target_compile_options(thresher_contract INTERFACE ${sanitize})
  target_link_options(thresher_contract INTERFACE ${sanitize})
  target_compile_definitions(thresher_contract INTERFACE THRESHER_SANITIZED=1)
  # The instrumentation makes the compiler see uninitialised paths and overflows that are not there.
  target_compile_options(thresher_flags INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow
                                                  -Wno-array-bounds)
  if(THRESHER_SANITIZE MATCHES "thread")
    target_compile_options(thresher_flags INTERFACE -Wno-tsan)
  endif()
endif()

# Names of files in messages and records are those within the project, wherever it was built.
file(RELATIVE_PATH source_from_build "${CMAKE_BINARY_DIR}" "${PROJECT_SOURCE_DIR}")
string(REGEX REPLACE "/$" "" source_from_build "${source_from_build}")
target_compile_options(thresher_flags INTERFACE
  "-fmacro-prefix-map=${PROJECT_BINARY_DIR}/include/thresher/="
  -fmacro-prefix-map=include/thresher/=
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=" "-fmacro-prefix-map=${source_from_build}/=")

if(THRESHER_PORTABLE)
  target_link_options(thresher_flags INTERFACE -static-libstdc++ -static-libgcc)
endif()

# ccache sees paths relative to the project, so that two clones of it share what they compiled.
find_program(THRESHER_CCACHE_PROGRAM ccache)
mark_as_advanced(THRESHER_CCACHE_PROGRAM)
if(THRESHER_CCACHE AND THRESHER_CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER /usr/bin/env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
                                  "${THRESHER_CCACHE_PROGRAM}")
endif()
