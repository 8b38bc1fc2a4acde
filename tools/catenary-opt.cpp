// catenary-opt: runs each pass, or the whole list, on .mlir text.
#include <mlir/Tools/mlir-opt/MlirOptMain.h>

#include <catenary/compiler/pipeline.h>

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  catenary::register_dialects(registry);
  catenary::register_pipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "catenary-opt: passes of the Catenary compiler\n", registry));
}
