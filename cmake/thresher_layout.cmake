# How a top folder becomes a library, and how its headers are found by `thresher/<folder>/...`.

set(THRESHER_INCLUDE_DIR "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${THRESHER_INCLUDE_DIR}/thresher")

# Makes the headers of a folder known as thresher/<folder>/...
function(thresher_link_headers folder)
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${folder}" "${THRESHER_INCLUDE_DIR}/thresher/${folder}"
       SYMBOLIC)
endfunction()

# Sets `out` to the C++ sources of a folder: KIND is `product` or `test`. Without the CUDA Toolkit
# gpu/cuda/ is left out.
function(thresher_sources folder kind out)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cc")
  if(kind STREQUAL "test")
    list(FILTER sources INCLUDE REGEX "_test[.]cc$")
  else()
    list(FILTER sources EXCLUDE REGEX "_test[.]cc$")
  endif()
  if(NOT THRESHER_CUDA_FOUND)
    list(FILTER sources EXCLUDE REGEX "/gpu/cuda/")
  endif()
  list(FILTER sources EXCLUDE REGEX "/cli/main[.]cc$")
  set(${out} "${sources}" PARENT_SCOPE)
endfunction()

# Makes `thresher_<folder>`, a static library, or an interface one as long as the folder has no
# source.
function(thresher_add_folder folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
  thresher_link_headers(${folder})
  thresher_sources(${folder} product sources)
  set(library thresher_${folder})
  if(sources OR folder STREQUAL "runtime")
    set(scope PUBLIC)
    add_library(${library} STATIC ${sources})
    target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:thresher_flags>)
  else()
    set(scope INTERFACE)
    add_library(${library} INTERFACE)
  endif()
  if(scope STREQUAL "PUBLIC")
    thresher_add_kernel_texts(${folder} ${library})
  endif()
  target_link_libraries(${library} ${scope} thresher_contract ${arg_LINKS})
  target_include_directories(${library} ${scope} $<BUILD_INTERFACE:${THRESHER_INCLUDE_DIR}>
                                                 $<INSTALL_INTERFACE:include>)
  if(folder STREQUAL "gpu" AND THRESHER_CUDA_FOUND AND sources)
    target_include_directories(${library} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
    target_compile_definitions(${library} PUBLIC THRESHER_HAVE_CUDA=1)
  endif()
  set_target_properties(${library} PROPERTIES EXPORT_NAME ${folder})
  add_library(thresher::${folder} ALIAS ${library})
endfunction()

# The `thresher` program: cli/main.cc over the cli library. Only at the top is it part of `all`.
function(thresher_add_program)
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/cli/main.cc")
    return()
  endif()
  add_executable(thresher_program cli/main.cc)
  set_target_properties(thresher_program PROPERTIES OUTPUT_NAME thresher)
  target_link_libraries(thresher_program PRIVATE thresher_flags thresher_cli)
  if(NOT PROJECT_IS_TOP_LEVEL)
    set_target_properties(thresher_program PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()
