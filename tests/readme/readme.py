"""The programs in README.md are compiled: the first is examples/00_hello.cpp to the letter, the others stand in
snippets.cpp here, but for the space between words."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent.parent
blocks = re.findall(r"```cpp\n(.*?)```", (root / "README.md").read_text(), re.DOTALL)


def words(text):
    return " ".join(text.split())


if blocks[0] != (root / "examples/00_hello.cpp").read_text():
    sys.exit("README.md does not show examples/00_hello.cpp as it is; copy the file into its first code block")
compiled = words((root / "tests/readme/snippets.cpp").read_text())
for part in "\n\n".join(blocks[1:]).split("\n\n"):
    if words(part) not in compiled:
        sys.exit(f"tests/readme/snippets.cpp does not have what README.md shows, so that nobody compiles it:\n{part}")
