// One evaluator for many points: parameters by place, threads, and what it keeps alive.
#include <thread>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>

using namespace catenary;

namespace {

std::vector<Expr> outputs() {
  Expr x = parameter("x", Type::f32, {2}), n = parameter("n", Type::i32, {});
  auto walked = fold(3, {x, 0.0}, [&](Expr k, const std::vector<Expr>& c) {
    return std::vector<Expr>{c[0] + normal({2}), c[1] + to_float(k * n)};
  });
  // Parts of other values: slices, shapes and items lie where those do.
  return {index(reshape(walked[0] + x, {2, 1}), 1), walked[1], constant({1, 2, 3}, {3}), walked[0]};
}

}  // namespace

TEST_CASE("an evaluator gives by place what it gives by name, for every point") {
  Evaluator e(outputs());
  REQUIRE(e.parameters().size() == 2);
  Values x{0.5, -1}, n{7};
  std::vector<const double*> given;
  for (const Expr& p : e.parameters()) given.push_back(p->name == "x" ? x.data() : n.data());
  for (uint64_t point : {0, 1, 1000}) {
    DrawAddress address{.seed = 3, .point = point};
    std::vector<Values> named = e({{"x", x}, {"n", n}}, address);
    CHECK(named == evaluate(outputs(), {{"x", x}, {"n", n}}, address));
    CHECK(named[1] == Values{21});
    Values flat;
    for (const Values& v : named) flat.insert(flat.end(), v.begin(), v.end());
    CHECK(e.run(given, address) == flat);
  }
  CHECK_THROWS_AS(e.run({}), Bug);
}

TEST_CASE("threads share an evaluator") {
  Evaluator e(outputs());
  auto draw = [&](uint64_t point) { return e({{"x", {0, 0}}, {"n", {1}}}, {.point = point})[3]; };
  std::vector<Values> alone, together(400);
  for (uint64_t point = 0; point < 400; ++point) alone.push_back(draw(point));
  std::vector<std::thread> threads;
  for (uint64_t k = 0; k < 4; ++k)
    threads.emplace_back([&, k] {
      for (uint64_t point = k; point < 400; point += 4) together[point] = draw(point);
    });
  for (std::thread& t : threads) t.join();
  CHECK(together == alone);
}
