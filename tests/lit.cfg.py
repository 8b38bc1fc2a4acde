"""lit over tests/dialect and tests/passes: lit -D build=<build folder> [-D llvm=<folder of FileCheck>] tests/passes"""

import os

import lit.formats

build = os.path.abspath(lit_config.params["build"])
llvm = lit_config.params.get("llvm", "/usr/lib/llvm-22/bin")

config.name = "Catenary"
config.suffixes = [".mlir"]
config.test_format = lit.formats.ShTest(execute_external=False)
config.test_source_root = os.path.dirname(os.path.abspath(__file__))
config.test_exec_root = os.path.join(build, "tests", "lit")
config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), llvm, config.environment["PATH"]])
