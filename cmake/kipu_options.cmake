# Language, warnings and sanitizers: the same for every target.
option(KIPU_TESTS "Build the tests" ON)
option(KIPU_BENCH "Build the benchmarks" OFF)
option(KIPU_FUZZ "Build the fuzz targets (clang only)" OFF)
set(KIPU_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them: address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET default)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(KIPU_CCACHE ccache)
if(KIPU_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KIPU_CCACHE})
endif()

add_library(kipu_flags INTERFACE)
target_compile_options(kipu_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-qual -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these where nothing is wrong, in std::string and std::variant once inlined.
  target_compile_options(kipu_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(KIPU_SANITIZE)
  add_compile_options(-fsanitize=${KIPU_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KIPU_SANITIZE} -fuse-ld=lld)
endif()
if(KIPU_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
