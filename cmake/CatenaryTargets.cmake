# Functions that make Catenary's libraries and programs.

# catenary_export(<target> RuntimeTargets|CompilerTargets): alias Catenary::x in the tree, the same name once installed.
# RuntimeTargets is what a deployed program needs, without LLVM; CompilerTargets is the rest.
function(catenary_export target set)
  string(REGEX REPLACE "^catenary_" "" name ${target})
  add_library(Catenary::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT Catenary${set}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# catenary_sources(<variable> [folder...]): every .cpp of this folder and of the named folders below it.
function(catenary_sources variable)
  set(patterns *.cpp)
  foreach(folder IN LISTS ARGN)
    list(APPEND patterns ${folder}/*.cpp)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  if(NOT sources)  # A library must have a source, and a young layer may have headers alone.
    set(sources ${PROJECT_BINARY_DIR}/generated/empty.cpp)
    if(NOT EXISTS ${sources})
      file(TOUCH ${sources})
    endif()
  endif()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# catenary_program(<name> SOURCES <file...> [LIBRARIES <target...>]): a program in build/bin.
function(catenary_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
endfunction()

# catenary_tablegen(<target> <folder/file.td> <flag=output...>): each output is mlir-tblgen's answer to -gen-<flag>, and lies in
# build/generated under the same folders as the .td file, so that both are included as <catenary/...>.
function(catenary_tablegen target td)
  cmake_path(ABSOLUTE_PATH td)
  if(NOT EXISTS ${td})
    return()
  endif()
  cmake_path(RELATIVE_PATH td BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE output_folder)
  cmake_path(REMOVE_FILENAME output_folder)
  cmake_path(ABSOLUTE_PATH output_folder BASE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/catenary)
  file(MAKE_DIRECTORY ${output_folder})
  foreach(entry IN LISTS ARGN)
    string(REGEX MATCH "^(.*)=(.*)$" entry ${entry})
    separate_arguments(flags UNIX_COMMAND "-gen-${CMAKE_MATCH_1}")
    set(name ${CMAKE_MATCH_2})
    set(output ${output_folder}${name})
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${LLVM_TOOLS_BINARY_DIR}/mlir-tblgen ${flags} -I ${MLIR_INCLUDE_DIRS} -I ${PROJECT_BINARY_DIR}/include
              -d ${output}.d -o ${output} ${td}
      DEPENDS ${td}
      DEPFILE ${output}.d
      COMMENT "mlir-tblgen ${name}"
      VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endforeach()
endfunction()
