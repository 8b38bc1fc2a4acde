// Conversions of rotations, rigid motions and lattices against closed forms, by the evaluator and compiled.
#include <cmath>
#include <numbers>
#include <random>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/conversions.h>
#include <catenary/tests/laws/draws.h>

using namespace catenary;
using namespace catenary::testing;
using namespace catenary::conversions;

namespace {

constexpr double pi = std::numbers::pi;
const double half = std::sqrt(0.5);

Points converted(Engine engine, const Conversion& conversion, const Points& points) {
  auto elements = size_t(element_count(conversion.from().shape));
  if (engine == Engine::evaluator) {
    Evaluator evaluator({conversion.result()});
    Points all;
    for (auto at = points.begin(); at != points.end(); at += int64_t(elements)) {
      Values value = evaluator({{"source", Values(at, at + int64_t(elements))}})[0];
      all.insert(all.end(), value.begin(), value.end());
    }
    return all;
  }
  std::vector<float> memory(points.begin(), points.end());
  Shape shape = conversion.from().shape;
  shape.insert(shape.begin(), int64_t(points.size() / elements));
  Tensor made = compile(conversion)(TensorView(memory.data(), shape));
  auto values = made.values<const float>();
  return {values.begin(), values.end()};
}

// What rounding may do to numbers of about 1.
double rounding(Engine engine) { return engine == Engine::evaluator ? 1e-13 : 2e-6; }

double greatest_difference(const Points& a, const Points& b) {
  REQUIRE(a.size() == b.size());
  double greatest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(std::isfinite(a[i]));
    greatest = std::max(greatest, std::abs(a[i] - b[i]));
  }
  return greatest;
}

// Rows of `elements` numbers, each divided by its length.
Points directions(size_t count, size_t elements, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  Points all;
  for (size_t i = 0; i < count; ++i) {
    Values v;
    double square = 0;
    for (size_t e = 0; e < elements; ++e) square += std::pow(v.emplace_back(normal(engine)), 2);
    for (double x : v) all.push_back(x / std::sqrt(square));
  }
  return all;
}

// Canonical, and away from half turns, whose sign rounding chooses.
Points rotations(size_t count, unsigned seed) {
  Points all, some = directions(2 * count, 4, seed);
  for (size_t i = 0; all.size() < 4 * count; i += 4)
    if (std::abs(some[i]) > 0.01)
      for (size_t e = 0; e < 4; ++e) all.push_back(some[i] < 0 ? -some[i + e] : some[i + e]);
  return all;
}

Points frames(size_t count, unsigned seed) {
  Points turns = rotations(count, seed), places = directions(count, 3, seed + 1), all;
  for (size_t i = 0; i < count; ++i) {
    for (size_t e = 0; e < 3; ++e) all.push_back(3 * places[3 * i + e]);
    all.insert(all.end(), &turns[4 * i], &turns[4 * i] + 4);
  }
  return all;
}

double length(const double* v, size_t elements) {
  double square = 0;
  for (size_t e = 0; e < elements; ++e) square += v[e] * v[e];
  return std::sqrt(square);
}

double angle_between(const double* a, const double* b) {
  double less = 0, more = 0;
  for (int e = 0; e < 4; ++e) less += std::pow(a[e] - b[e], 2), more += std::pow(a[e] + b[e], 2);
  return 4 * std::asin(std::min(1.0, std::sqrt(std::min(less, more)) / 2));
}

}  // namespace

TEST_CASE("known rotations as quaternions, matrices and vectors") {
  struct Known {
    Points matrix, rotation, vector;
  };
  const std::vector<Known> all = {
      {{1, 0, 0, 0, 1, 0, 0, 0, 1}, {1, 0, 0, 0}, {0, 0, 0}},
      {{0, -1, 0, 1, 0, 0, 0, 0, 1}, {half, 0, 0, half}, {0, 0, pi / 2}},
      {{0, 0, 1, 0, 1, 0, -1, 0, 0}, {half, 0, half, 0}, {0, pi / 2, 0}},
      {{1, 0, 0, 0, 0, -1, 0, 1, 0}, {half, half, 0, 0}, {pi / 2, 0, 0}},
      {{0, 0, 1, 1, 0, 0, 0, 1, 0},
       {0.5, 0.5, 0.5, 0.5},
       {2 * pi / std::sqrt(27), 2 * pi / std::sqrt(27), 2 * pi / std::sqrt(27)}},
      {{1, 0, 0, 0, -1, 0, 0, 0, -1}, {0, 1, 0, 0}, {pi, 0, 0}},
      {{-1, 0, 0, 0, 1, 0, 0, 0, -1}, {0, 0, 1, 0}, {0, pi, 0}},
      {{-1, 0, 0, 0, -1, 0, 0, 0, 1}, {0, 0, 0, 1}, {0, 0, pi}},
      {{0, 1, 0, 1, 0, 0, 0, 0, -1}, {0, half, half, 0}, {pi * half, pi * half, 0}},
  };
  Engine engine = GENERATE(from_range(engines()));
  for (const auto& [matrix, rotation, vector] : all) {
    CAPTURE(rotation);
    CHECK(greatest_difference(converted(engine, rotations_from_matrices(), matrix), rotation) < rounding(engine));
    CHECK(greatest_difference(converted(engine, matrices_from_rotations(), rotation), matrix) < rounding(engine));
    CHECK(greatest_difference(converted(engine, vectors_from_rotations(), rotation), vector) < rounding(engine));
    // Of the two quaternions of a half turn rounding chooses one.
    Points turned = converted(engine, rotations_from_vectors(), vector);
    CHECK(angle_between(turned.data(), rotation.data()) < 4 * rounding(engine));
    CHECK(turned[0] >= 0);
  }
}

TEST_CASE("matrices of rotations are orthogonal with determinant 1, and go back to them") {
  Engine engine = GENERATE(from_range(engines()));
  Points q = rotations(200, 1), m = converted(engine, matrices_from_rotations(), q);
  for (size_t i = 0; i < m.size(); i += 9) {
    auto at = [&](int row, int column) { return m[i + size_t(3 * row + column)]; };
    double determinant = 0;
    for (int a = 0; a < 3; ++a) {
      determinant += at(0, a) * (at(1, (a + 1) % 3) * at(2, (a + 2) % 3) - at(1, (a + 2) % 3) * at(2, (a + 1) % 3));
      for (int b = 0; b < 3; ++b)
        CHECK(std::abs(at(0, a) * at(0, b) + at(1, a) * at(1, b) + at(2, a) * at(2, b) - (a == b)) < rounding(engine));
    }
    CHECK(std::abs(determinant - 1) < rounding(engine));
  }
  CHECK(greatest_difference(converted(engine, rotations_from_matrices(), m), q) < rounding(engine));
  // The other quaternion has the same matrix and the same vector.
  Points other = q;
  for (double& v : other) v = -v;
  CHECK(greatest_difference(converted(engine, matrices_from_rotations(), other), m) == 0);
  CHECK(greatest_difference(converted(engine, vectors_from_rotations(), other),
                            converted(engine, vectors_from_rotations(), q)) == 0);
}

TEST_CASE("rotation vectors: every angle, and the shortest of those that are one rotation") {
  Engine engine = GENERATE(from_range(engines()));
  Points axes = directions(50, 3, 2);
  for (double angle : {1e-30, 1e-12, 1e-4, 0.5, 3.0, 3.14, 3.2, 6.0, 7.0, 100.0}) {
    CAPTURE(angle);
    double shortest = std::remainder(angle, 2 * pi);
    Points vectors = axes, wanted = axes;
    for (double& v : vectors) v *= angle;
    for (double& v : wanted) v *= shortest;
    Points q = converted(engine, rotations_from_vectors(), vectors);
    for (size_t i = 0; i < q.size(); i += 4) {
      CHECK(std::abs(length(&q[i], 4) - 1) < rounding(engine));
      CHECK(q[i] >= 0);
    }
    CHECK(greatest_difference(converted(engine, vectors_from_rotations(), q), wanted) < angle * rounding(engine));
  }
}

TEST_CASE("tangents of rotations from rotation vectors in the frame that is turned, and back") {
  Engine engine = GENERATE(from_range(engines()));
  Points q = rotations(100, 8), axes = directions(100, 3, 9), with_vectors, with_tangents;
  for (size_t i = 0; i < 100; ++i) {
    for (size_t e = 0; e < 3; ++e) axes[3 * i + e] *= 0.03 * double(i);
    with_vectors.insert(with_vectors.end(), &q[4 * i], &q[4 * i] + 4);
    with_vectors.insert(with_vectors.end(), &axes[3 * i], &axes[3 * i] + 3);
  }
  Points tangents = converted(engine, tangents_from_vectors(), with_vectors),
         turns = converted(engine, rotations_from_vectors(), axes), reached, wanted;
  for (size_t i = 0; i < 100; ++i) {
    const double *x = &q[4 * i], *v = &tangents[4 * i], *r = &turns[4 * i];
    with_tangents.insert(with_tangents.end(), x, x + 4);
    with_tangents.insert(with_tangents.end(), v, v + 4);
    CHECK(std::abs(x[0] * v[0] + x[1] * v[1] + x[2] * v[2] + x[3] * v[3]) < 2 * rounding(engine));
    CHECK(std::abs(2 * length(v, 4) - length(&axes[3 * i], 3)) < 4 * rounding(engine));
    // Along it the geodesic comes to x times the turn, as quaternions are multiplied.
    const double angle = length(v, 4), along = angle > 0 ? std::sin(angle) / angle : 1;
    for (size_t e = 0; e < 4; ++e) reached.push_back(std::cos(angle) * x[e] + along * v[e]);
    wanted.insert(
        wanted.end(),
        {x[0] * r[0] - x[1] * r[1] - x[2] * r[2] - x[3] * r[3], x[0] * r[1] + x[1] * r[0] + x[2] * r[3] - x[3] * r[2],
         x[0] * r[2] - x[1] * r[3] + x[2] * r[0] + x[3] * r[1], x[0] * r[3] + x[1] * r[2] - x[2] * r[1] + x[3] * r[0]});
  }
  CHECK(greatest_difference(reached, wanted) < 2 * rounding(engine));
  CHECK(greatest_difference(converted(engine, vectors_from_tangents(), with_tangents), axes) < 8 * rounding(engine));
}

TEST_CASE("a matrix off a rotation by e gives one within 2 e of it, and any matrix some rotation") {
  Engine engine = GENERATE(from_range(engines()));
  Points q = rotations(500, 3), exact = converted(Engine::evaluator, matrices_from_rotations(), q);
  Points off = directions(500, 9, 4);
  for (double e : {1e-4, 1e-3, 1e-2, 0.1}) {
    Points noisy = exact;
    for (size_t i = 0; i < noisy.size(); ++i) noisy[i] += e * off[i];
    Points found = converted(engine, rotations_from_matrices(), noisy);
    double farthest = 0;
    for (size_t i = 0; i < q.size(); i += 4) {
      CHECK(std::abs(length(&found[i], 4) - 1) < rounding(engine));
      farthest = std::max(farthest, angle_between(&found[i], &q[i]));
    }
    CHECK(farthest < 2 * e + rounding(engine));
    CHECK(farthest > 0.5 * e);  // What is stated is not far from what there is.
  }
  Points odd = {0, 0, 0, 0,  0, 0, 0, 0, 0, 1, 0, 0, 0, 1,   0, 0, 0,  -1,  -1, 0, 0, 0,   -1,
                0, 0, 0, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1e9, 2, 3, -4, 5e8, 6,  7, 8, -9e9};
  Points found = converted(engine, rotations_from_matrices(), odd);
  for (size_t i = 0; i < found.size(); i += 4) {
    CHECK(std::abs(length(&found[i], 4) - 1) < rounding(engine));
    CHECK(found[i] >= 0);
  }
}

TEST_CASE("two vectors are the first columns of a matrix, whatever their lengths and the angle between them") {
  Engine engine = GENERATE(from_range(engines()));
  Points q = rotations(200, 7), m = converted(Engine::evaluator, matrices_from_rotations(), q), axes;
  for (size_t i = 0; i < 200; ++i) {
    for (size_t row = 0; row < 3; ++row) axes.push_back(0.3 * m[9 * i + 3 * row]);
    for (size_t row = 0; row < 3; ++row) axes.push_back(5 * m[9 * i + 3 * row + 1] - 4 * m[9 * i + 3 * row]);
  }
  CHECK(greatest_difference(converted(engine, rotations_from_axes(), axes), q) < 2 * rounding(engine));
}

TEST_CASE("backbones of frames have ideal geometry, and their frames are those") {
  Engine engine = GENERATE(from_range(engines()));
  Points x = frames(200, 5), atoms = converted(engine, backbones_from_frames(), x);
  const double allowed = 1e-7 + 2 * rounding(engine);  // Constants are floats.
  for (size_t i = 0; i < 200; ++i) {
    Points to_n, to_c;
    double dot = 0;
    for (size_t e = 0; e < 3; ++e) {
      CHECK(atoms[9 * i + 3 + e] == Approx(x[7 * i + e]).margin(rounding(engine)));
      to_n.push_back(atoms[9 * i + e] - atoms[9 * i + 3 + e]);
      to_c.push_back(atoms[9 * i + 6 + e] - atoms[9 * i + 3 + e]);
      dot += to_n[e] * to_c[e];
    }
    CHECK(std::abs(length(to_n.data(), 3) - 1.459) < allowed);
    CHECK(std::abs(length(to_c.data(), 3) - 1.525) < allowed);
    CHECK(std::abs(std::acos(dot / 1.459 / 1.525) - 111 * pi / 180) < allowed);
  }
  CHECK(greatest_difference(converted(engine, frames_from_backbones(), atoms), x) < 4 * rounding(engine));
}

TEST_CASE("the frame of a residue that lies as the convention says") {
  Engine engine = GENERATE(from_range(engines()));
  // C along x from the alpha carbon, N beside it towards y.
  CHECK(greatest_difference(converted(engine, frames_from_backbones(), {0.5, 3.5, 3, 1, 2, 3, 2.5, 2, 3}),
                            {1, 2, 3, 1, 0, 0, 0}) < rounding(engine));
  // The same, turned by a quarter about z.
  CHECK(greatest_difference(converted(engine, frames_from_backbones(), {-0.5, 1.5, 3, 1, 2, 3, 1, 3.5, 3}),
                            {1, 2, 3, half, 0, 0, half}) < rounding(engine));
}

TEST_CASE("atoms on a line have a frame, along that line") {
  Engine engine = GENERATE(from_range(engines()));
  struct Line {
    Points n, alpha, c, rotation;
  };
  const double w = std::sqrt(1 + half) / 2;
  const std::vector<Line> all = {
      {{-1, 0, 0}, {0, 0, 0}, {1, 0, 0}, {1, 0, 0, 0}},              // Along x: the plane is that of x and y.
      {{0, 0, -2}, {0, 0, -1}, {0, 0, 3}, {0.5, -0.5, -0.5, -0.5}},  // Along z: that of z and x.
      {{0, 3, 0}, {0, 1, 0}, {0, 2, 0}, {0, half, half, 0}},         // Along y, N on the side of C: that of y and x.
      {{-1, -1, 0}, {0, 0, 0}, {2, 2, 0}, {w, w, half / (4 * w), half / (4 * w)}},  // Between x and y: that of z.
      {{5, 6, 7}, {5, 6, 7}, {5, 6, 7}, {1, 0, 0, 0}},                              // One point.
      {{0, 1, 0}, {0, 0, 0}, {0, 0, 0}, {1, 0, 0, 0}},        // C on the alpha carbon: the line is the x-axis.
      {{1, 1, 1}, {1, 1, 1}, {1, 2, 1}, {0, half, half, 0}},  // N on the alpha carbon.
  };
  for (const auto& [n, alpha, c, rotation] : all) {
    Points atoms = n, wanted = alpha;
    atoms.insert(atoms.end(), alpha.begin(), alpha.end());
    atoms.insert(atoms.end(), c.begin(), c.end());
    wanted.insert(wanted.end(), rotation.begin(), rotation.end());
    CAPTURE(atoms);
    Points found = converted(engine, frames_from_backbones(), atoms);
    CHECK(greatest_difference(found, wanted) < rounding(engine));
  }
  // Nearly on a line, by less than is stated and by more.
  for (double away : {1e-7, 0.9e-3, 1.1e-3, 1e-2}) {
    CAPTURE(away);
    Points found = converted(engine, frames_from_backbones(), {-1, 0, away, 0, 0, 0, 1.5, 0, 0});
    bool plane_of_n = away > 1e-3;
    CHECK(greatest_difference(found, plane_of_n ? Points{0, 0, 0, half, half, 0, 0} : Points{0, 0, 0, 1, 0, 0, 0}) <
          rounding(engine));
  }
}

TEST_CASE("homogeneous matrices of frames, and back") {
  Engine engine = GENERATE(from_range(engines()));
  CHECK(greatest_difference(converted(engine, matrices_from_frames(), {1, 2, 3, half, 0, 0, half}),
                            {0, -1, 0, 1, 1, 0, 0, 2, 0, 0, 1, 3, 0, 0, 0, 1}) < rounding(engine));
  Points x = frames(200, 6), matrices = converted(engine, matrices_from_frames(), x);
  CHECK(greatest_difference(converted(engine, frames_from_matrices(), matrices), x) < rounding(engine));
  Points odd = matrices;
  for (size_t i = 12; i < odd.size(); i += 16) odd[i] = 5, odd[i + 3] = -7;
  CHECK(converted(engine, frames_from_matrices(), odd) == converted(engine, frames_from_matrices(), matrices));
}

TEST_CASE("known lattices by their lengths and angles") {
  struct Known {
    Points parameters, vectors;
  };
  const double root3 = std::sqrt(3.0), third = std::sqrt(2.0 / 3);
  const std::vector<Known> all = {
      {{4, 4, 4, pi / 2, pi / 2, pi / 2}, {4, 0, 0, 0, 4, 0, 0, 0, 4}},                            // cubic
      {{2, 2, 5, pi / 2, pi / 2, 2 * pi / 3}, {2, 0, 0, -1, root3, 0, 0, 0, 5}},                   // hexagonal
      {{3, 5, 2, pi / 2, 2 * pi / 3, pi / 2}, {3, 0, 0, 0, 5, 0, -1, 0, root3}},                   // monoclinic
      {{1, 1, 1, pi / 3, pi / 3, pi / 3}, {1, 0, 0, 0.5, root3 / 2, 0, 0.5, 0.5 / root3, third}},  // face-centred
  };
  Engine engine = GENERATE(from_range(engines()));
  for (const auto& [parameters, vectors] : all) {
    CHECK(greatest_difference(converted(engine, lattices_from_parameters(), parameters), vectors) <
          5 * rounding(engine));
    CHECK(greatest_difference(converted(engine, parameters_from_lattices(), vectors), parameters) <
          5 * rounding(engine));
  }
}

TEST_CASE("lattices turned any way keep lengths, angles and dot products, and are found again from either") {
  Engine engine = GENERATE(from_range(engines()));
  Points lattices, some = directions(400, 9, 21);
  for (size_t i = 0; i < some.size(); i += 9) {
    const double* v = &some[i];
    double volume =
        v[0] * (v[4] * v[8] - v[5] * v[7]) - v[1] * (v[3] * v[8] - v[5] * v[6]) + v[2] * (v[3] * v[7] - v[4] * v[6]);
    // Some volume is left; half are of the other hand.
    if (std::abs(volume) < 5e-4) continue;
    for (size_t e = 0; e < 9; ++e) lattices.push_back(10 * v[e]);
  }
  const size_t count = lattices.size() / 9;
  REQUIRE(count > 250);
  Points parameters = converted(engine, parameters_from_lattices(), lattices),
         metrics = converted(engine, metrics_from_lattices(), lattices);
  for (size_t n = 0; n < count; ++n)
    for (size_t i = 0; i < 3; ++i) {
      const double* u = &lattices[9 * n + 3 * i];
      CHECK(std::abs(parameters[6 * n + i] - length(u, 3)) < 10 * rounding(engine));
      for (size_t j = 0; j < 3; ++j) {
        const double* w = &lattices[9 * n + 3 * j];
        double product = u[0] * w[0] + u[1] * w[1] + u[2] * w[2];
        CHECK(std::abs(metrics[9 * n + 3 * i + j] - product) < 100 * rounding(engine));
        if (i == j) continue;
        double angle = std::acos(product / (length(u, 3) * length(w, 3)));
        CHECK(std::abs(parameters[6 * n + 3 + (3 - i - j)] - angle) < 1e-7 + 4 * rounding(engine));
      }
    }
  // A flat cell holds its height to what the numbers say of it: these are held to a thousandth of their size.
  const double known = engine == Engine::evaluator ? 1e-9 : 1e-2;
  Points by_parameters = converted(engine, lattices_from_parameters(), parameters),
         by_metrics = converted(engine, lattices_from_metrics(), metrics);
  CHECK(greatest_difference(by_parameters, by_metrics) < known);
  CHECK(greatest_difference(converted(engine, metrics_from_lattices(), by_parameters), metrics) <
        400 * rounding(engine));
  CHECK(greatest_difference(converted(engine, metrics_from_lattices(), by_metrics), metrics) < 400 * rounding(engine));
  for (size_t i = 0; i < by_parameters.size(); i += 9) {
    CHECK((by_parameters[i + 1] == 0 && by_parameters[i + 2] == 0 && by_parameters[i + 5] == 0));
    CHECK((by_parameters[i] > 0 && by_parameters[i + 4] > 0 && by_parameters[i + 8] > 0));
  }
}

TEST_CASE("what is no lattice is flat, and finite") {
  Engine engine = GENERATE(from_range(engines()));
  // The third angle is more than the others reach; no angle between a and b; a vector of length 0.
  Points flat =
      converted(engine, lattices_from_parameters(), {2, 3, 4, 0.5, 0.5, 2, 2, 3, 4, 1, 1.5, 0, 0, 1, 2, 1, 1, 1});
  for (double v : flat) CHECK(std::isfinite(v));
  CHECK(flat[8] == 0);
  CHECK(length(&flat[6], 3) == Approx(4).epsilon(1e-6));
  Points parameters = converted(engine, parameters_from_lattices(), {0, 0, 0, 1, 2, 0, 3, 0, 0});
  // pi / 2 as a float.
  CHECK(greatest_difference(parameters, {0, std::sqrt(5.0), 3, std::atan2(2, 1), pi / 2, pi / 2}) <
        1e-7 + 3 * rounding(engine));
}
