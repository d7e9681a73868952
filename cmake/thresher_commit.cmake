# Tells the program which commit it was built from, without building anything else anew when that
# changes: one small source is rewritten at each build, and only if its text differs.
set(THRESHER_COMMIT_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/write_commit.cmake")

function(thresher_add_commit library)
  find_package(Git QUIET)
  set(source "${PROJECT_BINARY_DIR}/generated/build_info.cc")
  add_custom_target(thresher_commit
    COMMAND ${CMAKE_COMMAND} -D "GIT=${GIT_EXECUTABLE}" -D "SOURCE_DIR=${PROJECT_SOURCE_DIR}"
            -D "BUILD_TYPE=$<CONFIG>" -D "OUT=${source}" -P "${THRESHER_COMMIT_SCRIPT}"
    BYPRODUCTS "${source}"
    COMMENT "" VERBATIM)
  target_sources(${library} PRIVATE "${source}")
  add_dependencies(${library} thresher_commit)
endfunction()
