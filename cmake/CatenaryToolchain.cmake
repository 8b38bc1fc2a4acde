# How every file of Catenary is compiled and linked.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

# The compiler must not contract a * b + c: a fused product rounds differently, and the same bits are promised everywhere.
# For the same reason neither -ffast-math nor -march=native belongs here.
add_compile_options(-Wall -Wextra -ffp-contract=off)
# Options are structs with named fields, and naming some of them is the point.
add_compile_options(-Wno-missing-field-initializers)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)  # GCC 12 warns of std::string's own copies.
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  # What it asks of those who precompile headers (compiler/CMakeLists.txt).
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()

# A fast linker where there is one. Debian's lld-22 lies outside PATH; -B shows it to the compiler.
include(CheckLinkerFlag)
check_linker_flag(CXX "-fuse-ld=mold" CATENARY_HAS_MOLD)
if(CATENARY_HAS_MOLD)
  add_link_options(-fuse-ld=mold)
else()
  check_linker_flag(CXX "-B/usr/lib/llvm-22/bin;-fuse-ld=lld" CATENARY_HAS_LLD)
  if(CATENARY_HAS_LLD)
    add_link_options(-B/usr/lib/llvm-22/bin -fuse-ld=lld)
  endif()
endif()
