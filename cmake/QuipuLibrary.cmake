# How every part is built: one static library a folder, its unit tests beside the code in one program.

option(QUIPU_TESTS "Build the unit tests" ON)
option(QUIPU_BENCH "Build the programs that make bench compares" OFF)
option(QUIPU_FUZZ "Build the fuzz targets (needs clang)" OFF)
option(QUIPU_WERROR "Warnings are errors" OFF)
set(QUIPU_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")
set(QUIPU_PLANTED_BUG "" CACHE STRING "Builds one known bug in, so that a test can show that it would be caught (docs/testing.md)")

add_library(quipu_build_flags INTERFACE)
target_include_directories(quipu_build_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(quipu_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  # Designated initializers leave members to their defaults on purpose.
  -Wno-missing-field-initializers
  # GCC 12 sees ghosts in std::string (its bugs 105329 and 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>
  $<$<BOOL:${QUIPU_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Clang names one of fmt's functions differently from the g++ that built Debian's libfmt; with format.h it makes its own.
  target_compile_options(quipu_build_flags INTERFACE "SHELL:-include fmt/format.h")
endif()
if(QUIPU_SANITIZE)
  target_compile_options(quipu_build_flags INTERFACE -fsanitize=${QUIPU_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(quipu_build_flags INTERFACE -fsanitize=${QUIPU_SANITIZE})
endif()

# Only the files that have the bug are compiled differently (so it must not show in a header), and ccache has all others.
function(quipu_plant_bug)
  foreach(source ${ARGN})
    file(READ ${source} text)
    if(text MATCHES "QUIPU_BUG_${QUIPU_PLANTED_BUG}[^A-Z_]")
      set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS QUIPU_BUG_${QUIPU_PLANTED_BUG}=1)
      set_property(GLOBAL PROPERTY QUIPU_BUG_PLANTED TRUE)
    endif()
  endforeach()
endfunction()

# quipu_library(name SOURCES a.cc ... [DEPS part ...] [LINK external ...] [TESTS a_test.cc ...])
function(quipu_library name)
  cmake_parse_arguments(PART "" "" "SOURCES;DEPS;LINK;TESTS" ${ARGN})
  if(QUIPU_PLANTED_BUG)
    quipu_plant_bug(${PART_SOURCES} ${PART_TESTS})
  endif()
  add_library(quipu_${name} STATIC ${PART_SOURCES})
  list(TRANSFORM PART_DEPS PREPEND quipu_)
  target_link_libraries(quipu_${name} PUBLIC quipu_build_flags ${PART_DEPS} fmt::fmt ${PART_LINK})
  if(QUIPU_TESTS AND PART_TESTS)
    add_executable(quipu_${name}_test ${PART_TESTS})
    target_link_libraries(quipu_${name}_test PRIVATE quipu_${name} GTest::gtest_main)
    set_property(GLOBAL APPEND PROPERTY QUIPU_UNIT_TESTS quipu_${name}_test)
  endif()
endfunction()
