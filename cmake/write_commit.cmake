# Writes OUT, the source behind runtime/base/build_info.h, if its text would change. Called at build
# time with GIT, SOURCE_DIR and BUILD_TYPE. A tree that is no clone, or that lies in somebody
# else's, is "unknown".
set(commit "unknown")
set(dirty "false")
if(GIT)
  execute_process(COMMAND "${GIT}" rev-parse --show-toplevel HEAD
                  WORKING_DIRECTORY "${SOURCE_DIR}" OUTPUT_VARIABLE answer ERROR_QUIET
                  RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT failed AND answer MATCHES "^(.*)\n([0-9a-f]+)$")
    set(top "${CMAKE_MATCH_1}")
    set(head "${CMAKE_MATCH_2}")
    file(REAL_PATH "${SOURCE_DIR}" here)
    file(REAL_PATH "${top}" top)
    if(top STREQUAL here)
      set(commit "${head}")
      execute_process(COMMAND "${GIT}" --no-optional-locks status --porcelain --
                              cmake CMakeLists.txt runtime gpu faults sim scenarios reports cli
                      WORKING_DIRECTORY "${SOURCE_DIR}" OUTPUT_VARIABLE changes ERROR_QUIET)
      if(changes)
        set(dirty "true")
      endif()
    endif()
  endif()
endif()

set(text "// Generated at build time: what runtime/base/build_info.h promises.
#include \"thresher/runtime/base/build_info.h\"

namespace thresher::runtime {

std::string_view build_commit() { return \"${commit}\"; }
bool build_dirty() { return ${dirty}; }
std::string_view build_type() { return \"${BUILD_TYPE}\"; }

}  // namespace thresher::runtime
")
set(old "")
if(EXISTS "${OUT}")
  file(READ "${OUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUT}" "${text}")
endif()
