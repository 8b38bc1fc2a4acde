// How much a kernel says that it does: what calls are shared among threads by.
#include <catch2/catch.hpp>

#include <catenary/catenary.h>
#include <catenary/tests/targets/device_bodies.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

int64_t work_of(const Kept<Process>& process, Question question) {
  Joint joint("joint", 8);
  joint.add("x", process);
  return DeviceBodies(joint, question).kernels()[0].work;
}

}  // namespace

TEST_CASE("a point's operations are counted, of its share of a group") {
  // A pair of words, 64, is a pair of normals, 48: half of that a number, and little arithmetic.
  int64_t one = work_of(Brownian(Euclidean({}), 1.0), Question::forward);
  CHECK(one >= 56);
  CHECK(one < 66);
  CHECK(work_of(Brownian(CenteredEuclidean({8, 2}), 1.0), Question::forward) == Approx(16 * double(one)).epsilon(0.1));
  CHECK(work_of(Brownian(Euclidean({16}), 1.0), Question::forward) == one);  // A point is one of the numbers.
  // A covariance is a product and a sum, and the load of its element, for each pair of numbers.
  std::vector<double> covariance(64 * 64, 0.5);
  for (size_t i = 0; i < 64; ++i) covariance[i * 65] = 1;
  const int64_t pairs = work_of(Brownian(Euclidean({64}), 1.0, Covariance(covariance)), Question::forward) - 64 * one;
  CHECK(pairs > 64 * 64);
  CHECK(pairs < 3 * 64 * 64);
  // Loops count by their trips.
  auto walk = [](int steps) { return work_of(GeodesicWalk(Circle(), {.rate = 1, .steps = steps}), Question::forward); };
  CHECK(walk(64) == Approx(8 * double(walk(8))).epsilon(0.1));
}
