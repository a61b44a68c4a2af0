# Checks of the shape that every build runs: includes stay within the layers, and each header
# compiles alone.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB_RECURSE kipu_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  base/*.h schema/*.h storage/*.h cluster/*.h bus/*.h broker/*.h worker/*.h client/*.h)
file(GLOB_RECURSE kipu_all_sources CONFIGURE_DEPENDS
  base/*.h schema/*.h storage/*.h cluster/*.h bus/*.h broker/*.h worker/*.h client/*.h bench/*.h
  examples/*.h tests/*.h base/*.cc schema/*.cc storage/*.cc cluster/*.cc bus/*.cc broker/*.cc
  worker/*.cc client/*.cc bench/*.cc examples/*.cc tests/*.cc)
set(kipu_layers_stamp ${PROJECT_BINARY_DIR}/layers.stamp)
add_custom_command(
  OUTPUT ${kipu_layers_stamp}
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/check_layers
  COMMAND ${CMAKE_COMMAND} -E touch ${kipu_layers_stamp}
  DEPENDS ${kipu_all_sources} scripts/check_layers cmake/layers.txt
  COMMENT "Checking that includes stay within the layers")
add_custom_target(kipu_layers ALL DEPENDS ${kipu_layers_stamp})

set(kipu_alone)
foreach(header ${kipu_headers})
  string(REPLACE "/" "_" flat ${header})
  set(source ${PROJECT_BINARY_DIR}/headers/${flat}.cc)
  string(REGEX REPLACE "^client/include/" "" named ${header})
  set(text "#include \"${named}\"  // first, so that it brings what it needs\n")
  if(EXISTS ${source})
    file(READ ${source} before)
  else()
    set(before "")
  endif()
  if(NOT before STREQUAL text)
    file(WRITE ${source} "${text}")
  endif()
  list(APPEND kipu_alone ${source})
endforeach()
add_library(kipu_headers_alone OBJECT ${kipu_alone})
target_include_directories(kipu_headers_alone PRIVATE
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/client/include)
# Headers that are private to schema/ include what Cap'n Proto generates.
target_include_directories(kipu_headers_alone SYSTEM PRIVATE ${PROJECT_BINARY_DIR})
add_dependencies(kipu_headers_alone kipu_schema_generated)
if(KIPU_SANITIZE)
  # A hundred compilations that no sanitizer can say anything about.
  set_target_properties(kipu_headers_alone PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
target_link_libraries(kipu_headers_alone PRIVATE kipu_flags tl::expected)
