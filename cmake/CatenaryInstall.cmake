# Headers, libraries and the package files of find_package(Catenary [COMPONENTS Runtime|Compiler]).
set(include_folder ${CMAKE_INSTALL_INCLUDEDIR}/catenary)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Catenary)

install(DIRECTORY support dsl stdlib runtime DESTINATION ${include_folder}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(FILES compiler/compile.h DESTINATION ${include_folder}/compiler)
install(FILES verify/report.h verify/verify.h DESTINATION ${include_folder}/verify)
install(FILES catenary.h DESTINATION ${include_folder})

foreach(set RuntimeTargets CompilerTargets)
  install(EXPORT Catenary${set} NAMESPACE Catenary:: DESTINATION ${package_folder})
endforeach()
configure_package_config_file(cmake/CatenaryConfig.cmake.in ${PROJECT_BINARY_DIR}/CatenaryConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/CatenaryConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/CatenaryConfig.cmake ${PROJECT_BINARY_DIR}/CatenaryConfigVersion.cmake
  DESTINATION ${package_folder})
