# Finds LLVM and MLIR 22 and no other version, or says in one sentence what to install.
# Afterwards: the shared targets MLIR and LLVM, MLIR_INCLUDE_DIRS, LLVM_INCLUDE_DIRS, LLVM_TOOLS_BINARY_DIR.
set(debian_prefix /usr/lib/llvm-22)
set(debian_packages
  libmlir-22-dev=lib/cmake/mlir/MLIRConfig.cmake
  mlir-22-tools=bin/mlir-tblgen
  llvm-22-dev=lib/cmake/llvm/LLVMConfig.cmake
  llvm-22-tools=bin/FileCheck
  libpolly-22-dev=lib/libPolly.a)

# Debian's package files stop with an unreadable error where one of these packages is missing, so look first.
set(missing_packages "")
foreach(entry IN LISTS debian_packages)
  string(REPLACE "=" ";" entry ${entry})
  list(GET entry 0 package)
  list(GET entry 1 file)
  if(NOT EXISTS ${debian_prefix}/${file})
    string(APPEND missing_packages " ${package}")
  endif()
endforeach()

if(NOT missing_packages OR MLIR_DIR OR CMAKE_PREFIX_PATH)
  find_package(MLIR 22.1 CONFIG QUIET HINTS ${debian_prefix}/lib/cmake/mlir)
endif()
if(NOT MLIR_FOUND)
  message(FATAL_ERROR
    "Catenary needs LLVM and MLIR 22, which were not found. On Debian 12 install the packages libmlir-22-dev mlir-22-tools "
    "llvm-22-dev llvm-22-tools libpolly-22-dev (missing here:${missing_packages}); elsewhere give "
    "-DMLIR_DIR=<prefix>/lib/cmake/mlir.")
endif()
if(NOT TARGET MLIR OR NOT TARGET LLVM)
  message(FATAL_ERROR
    "The MLIR at ${MLIR_DIR} has no shared libraries MLIR and LLVM, and Catenary links these alone: static MLIR libraries beside "
    "them would duplicate type ids. Build LLVM with -DLLVM_BUILD_LLVM_DYLIB=ON -DLLVM_LINK_LLVM_DYLIB=ON -DMLIR_BUILD_MLIR_C_DYLIB=OFF.")
endif()
message(STATUS "Found MLIR ${MLIR_VERSION}: ${MLIR_DIR}")
