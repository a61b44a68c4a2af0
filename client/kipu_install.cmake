# What other projects build against: libkipu.so, its headers, and two ways to find them.
include(CMakePackageConfigHelpers)

# All layers in one library, so that users link one thing, and see none of what it is built from.
set(kipu_layers_in_library kipu_base kipu_schema kipu_storage kipu_cluster kipu_bus
  kipu_broker_machine kipu_broker kipu_worker_machine kipu_worker
  kipu_client_machine kipu_client kipu_embedded)
set(kipu_objects)
foreach(layer ${kipu_layers_in_library})
  list(APPEND kipu_objects $<TARGET_OBJECTS:${layer}>)
endforeach()
add_library(kipu_shared SHARED ${kipu_objects})
target_link_libraries(kipu_shared
  PUBLIC tl::expected
  PRIVATE cppzmq CapnProto::capnp leveldb::leveldb PkgConfig::xxhash fmt::fmt Threads::Threads)
# Only what is Kipu's own is exported: not what Cap'n Proto generates, nor what templates leave.
set(kipu_exports ${CMAKE_CURRENT_SOURCE_DIR}/libkipu.map)
target_link_options(kipu_shared PRIVATE -Wl,--version-script=${kipu_exports})
if(NOT KIPU_SANITIZE)  # whose runtime comes with the program
  target_link_options(kipu_shared PRIVATE -Wl,-z,defs)
endif()
# Before 1.0 every minor version may change the interface.
set_target_properties(kipu_shared PROPERTIES
  OUTPUT_NAME kipu
  EXPORT_NAME kipu
  LINKER_LANGUAGE CXX
  LINK_DEPENDS ${kipu_exports}
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
# Public headers name each other as "base/…" and "kipu/…".
target_include_directories(kipu_shared INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/kipu>)
target_compile_features(kipu_shared INTERFACE cxx_std_20)

set(kipu_component COMPONENT library)
set(kipu_package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/kipu)
install(TARGETS kipu_shared EXPORT kipuTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ${kipu_component} NAMELINK_COMPONENT library)
install(DIRECTORY include/kipu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${kipu_component})
# What the public headers include; a test compiles them from an install tree.
foreach(header bucket digest entry error ids limits log random result stamp standard_streams status
    time values)
  install(FILES ${PROJECT_SOURCE_DIR}/base/${header}.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kipu/base ${kipu_component})
endforeach()

install(EXPORT kipuTargets NAMESPACE kipu:: DESTINATION ${kipu_package_directory} ${kipu_component})
configure_package_config_file(kipuConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/kipuConfig.cmake
  INSTALL_DESTINATION ${kipu_package_directory})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/kipuConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kipuConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/kipuConfigVersion.cmake
  DESTINATION ${kipu_package_directory} ${kipu_component})

# Relative to itself, so that the tree may be moved.
file(RELATIVE_PATH kipu_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" kipu_pc_to_prefix ${kipu_pc_to_prefix})
configure_file(kipu.pc.in ${CMAKE_CURRENT_BINARY_DIR}/kipu.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kipu.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${kipu_component})
