# kipu_library(NAME SOURCES … DEPS … PRIVATE_DEPS …): a static library of one layer.
function(kipu_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE kipu_flags ${ARG_PRIVATE_DEPS})
endfunction()

# kipu_program(NAME SOURCES … DEPS …): an executable.
function(kipu_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE kipu_flags ${ARG_DEPS})
  # Side by side, as when installed: `kipu up` looks for the daemons beside itself.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# kipu_label_target(NAME LABELS…): builds NAME with the target kipu_LABEL_tests, too.
function(kipu_label_target name)
  foreach(label ${ARGN})
    if(NOT TARGET kipu_${label}_tests)
      add_custom_target(kipu_${label}_tests)
    endif()
    add_dependencies(kipu_${label}_tests ${name})
  endforeach()
endfunction()

# Seconds after which CTest gives a test up: sanitizers make it several times slower.
set(kipu_case_timeout 300)
set(kipu_together_timeout 600)
if(KIPU_SANITIZE)
  set(kipu_case_timeout 1200)
  set(kipu_together_timeout 2400)
endif()

# kipu_test(NAME DEPS …): one GoogleTest program of every *_test.cc in the current folder.
# Each case is a CTest test of its own, with LABELS: `tsan` for what runs under the thread sanitizer.
# TOGETHER: one CTest test of them all, because they share something that takes long to make.
function(kipu_test name)
  cmake_parse_arguments(ARG "TOGETHER" "LABELS" "SOURCES;DEPS" ${ARGN})
  file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  add_executable(${name} ${found} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE kipu_flags ${ARG_DEPS} GTest::gmock_main)
  kipu_label_target(${name} ${ARG_LABELS})
  set_property(GLOBAL APPEND PROPERTY KIPU_TESTED_FOLDERS ${CMAKE_CURRENT_SOURCE_DIR})
  if(ARG_TOGETHER)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${kipu_together_timeout} LABELS "${ARG_LABELS}")
    return()
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${kipu_case_timeout} LABELS "${ARG_LABELS}")
endfunction()
