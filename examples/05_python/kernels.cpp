// Lesson 5: a model in Python. This program declares the residues of lesson 4 and compiles them ahead of time; train.py
// learns them, calling the kernels through catenary.py, and needs neither LLVM nor C++ for it.
#include <numbers>

#include <catenary/catenary.h>
#include <fmt/format.h>

using namespace catenary;

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FOLDER, to which residue.a and residue.h are written\n", argv[0]);
    return 2;
  }
  constexpr double turn = 2 * std::numbers::pi;
  Joint residue("residue", /*horizon=*/16);
  residue.add("torsions", Brownian(Torus({turn, turn}), /*rate=*/1.0), {.estimate = "score"});
  residue.add("type", UniformJump(Categorical(3), /*rate=*/1.0));
  compile_to_files(
      residue, argv[1], Target::host(),
      {.questions = {Question::prior, Question::forward, Question::step, Question::loss, Question::loss_gradient}});
}
