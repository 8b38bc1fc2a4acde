# The target `tidy`: clang-tidy over the layers without MLIR (whose headers take minutes), each file again only after a change.
find_program(CLANG_TIDY_PROGRAM clang-tidy-22)
if(CLANG_TIDY_PROGRAM)
  set(tidy_headers .clang-tidy)
  set(tidy_sources "")
  foreach(folder support dsl stdlib runtime verify examples)
    file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${folder}/*.h ${folder}/*.def)
    file(GLOB_RECURSE sources RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${folder}/*.cpp)
    list(APPEND tidy_headers ${headers})
    list(APPEND tidy_sources ${sources})
  endforeach()
  list(TRANSFORM tidy_headers PREPEND ${PROJECT_SOURCE_DIR}/)

  set(stamps "")
  foreach(source IN LISTS tidy_sources)
    set(stamp ${PROJECT_BINARY_DIR}/tidy/${source}.stamp)
    cmake_path(GET stamp PARENT_PATH stamp_folder)
    file(MAKE_DIRECTORY ${stamp_folder})
    add_custom_command(
      OUTPUT ${stamp}
      COMMAND ${CLANG_TIDY_PROGRAM} --quiet -p ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/${source}
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${PROJECT_SOURCE_DIR}/${source} ${tidy_headers}
      COMMENT "clang-tidy ${source}"
      VERBATIM)
    list(APPEND stamps ${stamp})
  endforeach()
  add_custom_target(tidy DEPENDS ${stamps})
endif()
