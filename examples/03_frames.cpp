// Lesson 3: a protein's backbone as frames. Atoms become frames, frames are noised, and frames become atoms again.
//
// A residue's N, alpha carbon and C make a rigid triangle, so diffusion models of proteins move the triangle as a
// whole: a position and a rotation. Data come as atoms. Conversions are compiled as laws are, and run over whole
// batches.
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <catenary/catenary.h>
#include <fmt/format.h>

using namespace catenary;

namespace {

using Point = std::array<double, 3>;

Point operator-(const Point& a, const Point& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
double dot(const Point& a, const Point& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double distance(const Point& a, const Point& b) { return std::sqrt(dot(a - b, a - b)); }
Point cross(const Point& a, const Point& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
Point unit(const Point& a) { return {a[0] / distance(a, {}), a[1] / distance(a, {}), a[2] / distance(a, {})}; }

// The atom at a distance from c, at an angle with b, turned about the bond from b to c away from a; degrees.
Point next_atom(const Point& a, const Point& b, const Point& c, double length, double angle, double torsion) {
  constexpr double degree = std::numbers::pi / 180;
  Point along = unit(c - b), normal = unit(cross(b - a, along)), beside = cross(normal, along);
  double back = -length * std::cos(angle * degree), out = length * std::sin(angle * degree);
  Point d;
  for (size_t e = 0; e < 3; ++e)
    d[e] = c[e] + back * along[e] +
           out * (std::cos(torsion * degree) * beside[e] + std::sin(torsion * degree) * normal[e]);
  return d;
}

// An alpha helix, bond by bond; angstroms.
std::vector<Point> helix(size_t residues) {
  constexpr double phi = -57.8, psi = -47.0, omega = 180;
  std::vector<Point> atoms = {{0, 0, 0}, {1.459, 0, 0}};
  atoms.push_back(next_atom({0, 1, 0}, atoms[0], atoms[1], 1.525, 111.0, 0));
  for (size_t i = 1; i < residues; ++i) {
    auto last = [&](size_t k) { return atoms[atoms.size() - k]; };
    atoms.push_back(next_atom(last(3), last(2), last(1), 1.336, 117.2, psi));
    atoms.push_back(next_atom(last(3), last(2), last(1), 1.459, 121.7, omega));
    atoms.push_back(next_atom(last(3), last(2), last(1), 1.525, 111.0, phi));
  }
  return atoms;
}

Point atom(const Tensor& atoms, size_t i) {
  auto x = atoms.values<const float>().subspan(3 * i, 3);
  return {x[0], x[1], x[2]};
}

}  // namespace

int main() {
  constexpr int64_t residues = 12;
  std::vector<float> data;  // As a file of structures has them: residue by residue N, alpha carbon, C.
  for (const Point& p : helix(residues)) data.insert(data.end(), p.begin(), p.end());
  Tensor atoms = TensorView(data.data(), {1, residues, 3, 3});

  Converter to_frames = compile(conversions::frames_from_backbones());
  Converter to_atoms = compile(conversions::backbones_from_frames());
  Tensor frames = to_frames(atoms);  // [1, residues, 7]

  Joint protein("protein");
  protein.add("frames", Brownian(RigidMotions(), {.position_rate = 25, .rotation_rate = 8}), {.sites = "residues"});
  Sampler sampler = compile(protein, Target::host(), {.questions = {Question::forward}});

  fmt::print("An alpha helix of {} residues, noised as frames:\n\n", residues);
  fmt::print("   time   alpha carbons moved by   bond N-CA   residue 1 to 5\n");
  double moved_at_start = 0;
  for (double t : {0.0, 0.001, 0.01, 0.1, 1.0}) {
    Tensor noisy = to_atoms(sampler.forward({{"frames", frames}}, t, Seed(1))["frames"]);
    double moved = 0;
    for (size_t i = 0; i < 3 * residues; ++i) {
      double by = distance(atom(noisy, i), atom(atoms, i));
      if (t == 0) moved_at_start = std::max(moved_at_start, by);
      if (i % 3 == 1) moved += by / residues;
    }
    fmt::print("  {:5}   {:18.2f} A     {:7.3f} A   {:10.2f} A\n", t, moved, distance(atom(noisy, 0), atom(noisy, 1)),
               distance(atom(noisy, 1), atom(noisy, 13)));
  }
  fmt::print(
      "\nNoise moves residues and leaves their bonds as they are. Without noise every atom is back in its place,\n"
      "to {:.0e} A.\n",
      moved_at_start);
  return moved_at_start < 1e-4 ? 0 : 1;
}
