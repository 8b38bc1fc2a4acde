// Conversions as they are declared.
#include <catch2/catch.hpp>

#include <catenary/dsl/conversion.h>
#include <catenary/dsl/evaluate.h>

using namespace catenary;

TEST_CASE("a conversion tells what it takes, and finds out what it gives") {
  int calls = 0;
  Conversion sums("sums", {"rows", {2, 3}, Type::i32}, "totals", [&](const Expr& rows) {
    ++calls;
    return to_float(stack({sum(index(rows, 0)), sum(index(rows, 1))})) / 2;
  });
  CHECK(calls == 1);
  CHECK(sums.name() == "sums");
  CHECK(sums.from().name == "rows");
  CHECK(sums.from().shape == Shape{2, 3});
  CHECK(sums.from().type == Type::i32);
  CHECK(sums.to().name == "totals");
  CHECK(sums.to().shape == Shape{2});
  CHECK(sums.to().type == Type::f32);
  CHECK(sums.source()->name == "source");
  CHECK(evaluate({sums.result()}, {{"source", {1, 2, 3, 10, 20, 31}}}) == std::vector<Values>{{3, 30.5}});
}

TEST_CASE("a conversion may have loops") {
  Conversion powers("powers", {"numbers", {}}, "numbers", [](const Expr& x) {
    return fold(3, 1.0, [&](const Expr&, const Expr& carried) { return carried * x; });
  });
  CHECK(evaluate({powers.result()}, {{"source", {2}}}) == std::vector<Values>{{8}});
}
