"""The program in README.md is examples/00_hello.cpp to the letter."""
import pathlib
import sys

root = pathlib.Path(__file__).resolve().parent.parent
program = (root / "examples/00_hello.cpp").read_text()
if "```cpp\n" + program + "```" not in (root / "README.md").read_text():
    sys.exit("README.md does not show examples/00_hello.cpp as it is; copy the file into its first code block")
