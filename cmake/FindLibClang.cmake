# Finds libclang, version 19 first, and defines the target LibClang::LibClang.
# An installation in a place of its own is named with -DLibClang_ROOT=PREFIX.
set(LibClang_HINTS /usr/lib/llvm-19 /usr/local/lib/llvm-19)
find_path(LibClang_INCLUDE_DIR NAMES clang-c/Index.h HINTS ${LibClang_HINTS}
  PATH_SUFFIXES include)
find_library(LibClang_LIBRARY NAMES clang-19 libclang-19.so.19 clang HINTS ${LibClang_HINTS}
  PATH_SUFFIXES lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibClang
  REQUIRED_VARS LibClang_LIBRARY LibClang_INCLUDE_DIR)
if(LibClang_FOUND AND NOT TARGET LibClang::LibClang)
  add_library(LibClang::LibClang UNKNOWN IMPORTED GLOBAL)
  set_target_properties(LibClang::LibClang PROPERTIES
    IMPORTED_LOCATION ${LibClang_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LibClang_INCLUDE_DIR})
endif()
mark_as_advanced(LibClang_INCLUDE_DIR LibClang_LIBRARY)
