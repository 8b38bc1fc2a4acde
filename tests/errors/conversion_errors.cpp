// The text of every error of a conversion: its declaration, and its calls.
#include <catch2/catch.hpp>

#include <limits>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/conversions.h>
#include <catenary/stdlib/euclidean.h>
#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/tests/message_of.h>

using namespace catenary;
using namespace catenary::testing;
using Catch::Matchers::EndsWith;

namespace {

/// What is said of a conversion of vectors of 2 by that function.
std::string say(const std::function<Expr(Expr)>& function) {
  return message_of([&] { Conversion("c", {"pairs", {2}}, "things", function); });
}

}  // namespace

TEST_CASE("conversions that cannot be declared") {
  auto same = [](Expr x) { return x; };
  CHECK(message_of([&] { Conversion("to frames", {"pairs", {2}}, "things", same); }) ==
        "a conversion is named by letters, digits and underscores; found 'to frames'");
  CHECK(message_of([&] { Conversion("c", {"pairs", {1, 1, 1, 1, 1}}, "things", same); }) ==
        "conversion 'c': pairs have shape [1, 1, 1, 1, 1]; a shape has up to 4 axes, each of at least 1");
  CHECK(message_of([&] { Conversion("c", {"flags", {2}, Type::boolean}, "things", same); }) ==
        "conversion 'c': flags are booleans; tensors hold f32 or i32, which to_float and to_int give");
  CHECK(say([](Expr x) { return x < 0.0; }) ==
        "conversion 'c': things are booleans; tensors hold f32 or i32, which to_float and to_int give");
  CHECK(say([](Expr x) { return reshape(x, {1, 1, 1, 1, 2}); }) ==
        "conversion 'c': things have shape [1, 1, 1, 1, 2]; a shape has up to 4 axes, each of at least 1");
  CHECK(say([](Expr x) { return x + normal({2}); }) == "conversion 'c': it draws, and a conversion must not");
  CHECK_THAT(say([](Expr x) { return x + parameter("y", Type::f32, {2}); }),
             EndsWith("the law reads a parameter 'y'; it is given source"));
  // What an expression itself refuses, at its line.
  std::string told = say([](Expr x) { return x + constant({1, 2, 3}, {3}); });
  CHECK_THAT(told, Catch::Matchers::StartsWith("conversion 'c': ") && Catch::Matchers::Contains("[2]"));
}

TEST_CASE("processes and conversions do not answer for each other") {
  Joint joint("toy");
  joint.add("x", Brownian(Euclidean({2}), 1.0));
  CHECK(message_of([&] { compile(joint, Target::host(), {.questions = {Question::convert}}); }) ==
        "joint 'toy', component 'x', convert: a process converts nothing; declare a Conversion, and compile it by "
        "itself");
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior}});
  CHECK(message_of([&] { Converter{sampler}; }) == "'toy' is a joint process, not a conversion; ask its sampler");
  Sampler converts = compile(conversions::vectors_from_rotations()).sampler();
  CHECK(converts.answers(Question::convert));
  CHECK(message_of([&] { converts.prior(1, Seed(1)); }) ==
        "prior: joint 'vectors_from_rotations' was compiled without the pipeline 'prior'; compile it with that one "
        "(CompileOptions::questions)");
}

TEST_CASE("conversions that cannot be called so") {
  Converter convert = compile(conversions::vectors_from_rotations());
  std::vector<float> numbers(12, 0.5f);
  auto say = [&](const Tensor& source) { return message_of([&] { convert(source); }); };
  const std::string whose = "convert: component 'vectors_from_rotations' of the source ";
  CHECK(say(TensorView(numbers.data(), {4, 3})) ==
        whose + "has shape [4, 3]; its points are [4] (space 'rotations'), so the shape must be [batch, sites..., 4]");
  CHECK(say(TensorView(numbers.data(), {4})) ==
        whose + "has shape [4]; its points are [4] (space 'rotations'), so the shape must be [batch, sites..., 4]");
  CHECK(say(TensorView(numbers.data(), {0, 4})) ==
        whose + "has shape [0, 4], which is zero samples; there must be at least one");
  CHECK(say(TensorView(numbers.data(), Dtype::f32, {2, 4}, {1, 2})) ==
        whose + "is not contiguous (shape [2, 4], strides [1, 2]); pass contiguous(view), a dense copy");
  CHECK(say(TensorView(numbers.data(), Dtype::i32, {3, 4})) == whose + "is a tensor of i32; it must be of f32");
  CHECK(say(TensorView(numbers.data(), Dtype::f32, {3, 4}, {}, {DeviceKind::cuda, 0})) ==
        whose + "is on cuda:0; this sampler runs on the CPU, so copy it to host memory first");
  numbers[6] = std::numeric_limits<float>::quiet_NaN();
  CHECK(say(TensorView(numbers.data(), {3, 4})) ==
        whose + "holds nan at sample 1, element [2]; every number must be finite");
  CHECK(convert(TensorView(numbers.data(), {3, 4}), {.check_data = false}).shape() == Shape{3, 3});

  std::vector<float> more(12, 0.5f);
  auto into = [&](const Tensor& out) { return message_of([&] { convert(TensorView(more.data(), {3, 4}), out); }); };
  CHECK(into(TensorView(numbers.data(), {3, 4})) ==
        "convert: component 'vectors_from_rotations' of the output has shape [3, 4]; its points are [3] (space "
        "'rotation_vectors'), so the shape must be [batch, sites..., 3]");
  CHECK(into(TensorView(numbers.data(), {4, 3})) ==
        "convert: component 'vectors_from_rotations' of the output has 4 samples and component "
        "'vectors_from_rotations' of the source has 3; the batch must be the same");
  CHECK(into(TensorView(more.data(), {3, 3})) ==
        "convert: component 'vectors_from_rotations' of the output overlaps component 'vectors_from_rotations' of the "
        "source in memory; give the output memory of its own");
}
