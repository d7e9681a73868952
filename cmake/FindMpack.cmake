# Finds libmpack, whose Debian package brings no CMake configuration: makes the target Mpack::mpack.
# The static archive comes first, so that the portable program needs no shared one.
find_path(MPACK_INCLUDE_DIR mpack.h)
find_library(MPACK_LIBRARY NAMES libmpack.a mpack)
mark_as_advanced(MPACK_INCLUDE_DIR MPACK_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Mpack REQUIRED_VARS MPACK_LIBRARY MPACK_INCLUDE_DIR)

if(Mpack_FOUND AND NOT TARGET Mpack::mpack)
  add_library(Mpack::mpack UNKNOWN IMPORTED)
  set_target_properties(Mpack::mpack PROPERTIES
                        IMPORTED_LOCATION "${MPACK_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${MPACK_INCLUDE_DIR}")
endif()
