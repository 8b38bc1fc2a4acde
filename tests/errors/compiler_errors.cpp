// The text of every error of the compiler, but for LLVM's having no code generator for this machine.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/message_of.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace catenary;
using namespace catenary::testing;

namespace {

/// The message without the place in the source that it names.
std::string without_place(std::string message) {
  size_t end = message.find(".cpp:"), begin = message.rfind(' ', end) + 1;
  if (end == std::string::npos) return message + " (without a place in the source)";
  return message.erase(begin, message.find(' ', end) + 1 - begin);
}

Joint toy() {
  Joint joint("toy");
  joint.add("x", Brownian(Euclidean({}), 1.0));
  return joint;
}

Target with(const std::function<void(Target&)>& change) {
  Target target = Target::host();
  change(target);
  return target;
}

std::string refusal(const Target& target) {
  return message_of([&] { compile(toy(), target); });
}

using Law1 = std::function<Expr(Expr)>;

/// A process on numbers, one of whose questions is answered in a way of the test's own.
class Odd final : public Process {
 public:
  Odd(std::string question, Law1 answer)
      : Process(Euclidean({})), question_(std::move(question)), answer_(std::move(answer)) {}
  Expr prior(Expr horizon) const override { return question_ == "prior" ? answer_(horizon) : normal(); }
  Expr forward(Expr x0, Expr) const override { return question_ == "forward" ? answer_(x0) : x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return question_ == "bridge" ? answer_(x0) : x0; }
  Expr endpoint(Expr estimate, Expr, Expr) const override { return question_ == "step" ? answer_(estimate) : estimate; }

 private:
  std::string question_;
  Law1 answer_;
};

/// What compile says of a joint process 'odd' whose component 'b' answers so.
std::string refusal(const std::string& question, const Law1& answer) {
  Joint joint("odd");
  joint.add("a", Brownian(Euclidean({}), 1.0));
  joint.add("b", Odd(question, answer));
  return message_of([&] { compile(joint); });
}

Expr twice_while(Expr x, const std::function<Expr(Expr)>& step) {
  return loop_while(
      {x}, [](const std::vector<Expr>& c) { return c[0] < 1.0; },
      [&](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{step(c[0])}; })[0];
}

}  // namespace

TEST_CASE("compiler messages: a joint process of nothing") {
  const std::string expected = "joint 'nothing' has no components; add one before compiling it";
  Joint nothing("nothing");
  CHECK(message_of([&] { compile(nothing); }) == expected);
  CHECK(message_of([&] { to_mlir(nothing); }) == expected);
  CHECK(message_of([&] { compile_to_files(nothing, "never_written"); }) == expected);
}

TEST_CASE("compiler messages: lanes") {
  for (int lanes : {-4, 0, 2, 3, 12, 32}) {
    CHECK(refusal(with([&](Target& t) { t.lanes = lanes; })) ==
          fmt::format("target: lanes must be 4, 8 or 16; found {}", lanes));
  }
  CHECK(refusal(Target{}) == "target: lanes must be 4, 8 or 16; found 0");
}

TEST_CASE("compiler messages: processors and features, and LLVM prints nothing") {
  // What goes to standard error meanwhile.
  std::FILE* printed = std::tmpfile();
  int before = dup(STDERR_FILENO);
  std::fflush(stderr);
  dup2(fileno(printed), STDERR_FILENO);
  std::string unknown = refusal(with([](Target& t) { t.cpu = "pentium9"; }));
  std::string nameless = refusal(with([](Target& t) { t.cpu = ""; }));
  std::string misspelt = refusal(with([](Target& t) { t.features += ",+avx2048"; }));
  std::string unsigned_one = refusal(with([](Target& t) { t.features = "fma"; }));
  dup2(before, STDERR_FILENO);
  close(before);
  long bytes = std::ftell(printed);
  std::fseek(printed, 0, SEEK_END);
  bytes = std::ftell(printed);
  std::fclose(printed);

  CHECK(unknown ==
        "target: LLVM knows no processor 'pentium9'; name one that `llc -mcpu=help` lists, such as x86-64-v3");
  CHECK(nameless == "target: LLVM knows no processor ''; name one that `llc -mcpu=help` lists, such as x86-64-v3");
  CHECK(misspelt ==
        "target: LLVM knows no feature '+avx2048'; give those that `llc -mattr=help` lists, as '+name' or '-name'");
  CHECK(unsigned_one ==
        "target: LLVM knows no feature 'fma'; give those that `llc -mattr=help` lists, as '+name' or '-name'");
  CHECK(bytes == 0);
}

#ifdef __x86_64__
TEST_CASE("compiler messages: processors without fma") {
  CHECK(refusal({.cpu = "x86-64", .features = "", .lanes = 8}) ==
        "target: processor 'x86-64' has no avx2 and fma; the least is x86-64-v3");
  CHECK(refusal({.cpu = "x86-64-v3", .features = "-fma", .lanes = 8}) ==
        "target: processor 'x86-64-v3' has no avx2 and fma; the least is x86-64-v3");
  CHECK(refusal({.cpu = "x86-64", .features = "+avx2,+fma", .lanes = 4}) == "no error");
}
#endif

TEST_CASE("compiler messages: folders that cannot be written") {
  // Below a file there is no folder, whoever asks.
  const std::string stages =
      "the compiler's stages were to be written to '/dev/null/x/prior', and '/dev/null/x/prior/00-import.mlir' cannot "
      "be "
      "written; name a folder that can (CATENARY_DUMP or CompileOptions::dump)";
  CHECK(message_of([] { compile(toy(), Target::host(), {.dump = "/dev/null/x"}); }) == stages);
  setenv("CATENARY_DUMP", "/dev/null/x", 1);
  CHECK(message_of([] { compile(toy()); }) == stages);
  unsetenv("CATENARY_DUMP");
  CHECK(message_of([] { compile_to_files(toy(), "/dev/null/x"); }) ==
        "joint 'toy' was to be written to '/dev/null/x/toy.a', which cannot be written; name a folder that can");
}

TEST_CASE("compiler messages: draws that the counter layout cannot hold, by joint, component and question") {
  auto say = [](const std::string& question, const Law1& answer) { return without_place(refusal(question, answer)); };
  CHECK(say("prior", [](Expr x) {
          for (int k = 0; k < 256; ++k) x = fold(2, x, [](Expr, Expr c) { return c + normal(); });
          return x;
        }) == "joint 'odd', component 'b', prior: a law may have at most 255 loops that draw");
  CHECK(say("forward",
            [](Expr x) {
              return fold(257, x, [](Expr, Expr c) { return fold(256, c, [](Expr, Expr d) { return d + normal(); }); });
            }) ==
        "joint 'odd', component 'b', forward: this loop draws on 65792 trips in all (its own times those of the loops "
        "around it); at most 65,536 are allowed");
  const std::string nested =
      "a loop inside another draws, and one of the two is a while; take the draws out of the inner loop";
  CHECK(say("bridge", [](Expr x) {
          return fold(2, x, [](Expr, Expr c) { return twice_while(c, [](Expr d) { return d + normal(); }); });
        }) == "joint 'odd', component 'b', bridge: " + nested);
  CHECK(say("step", [](Expr x) {
          return twice_while(x, [](Expr c) { return fold(2, c, [](Expr, Expr d) { return d + normal(); }); });
        }) == "joint 'odd', component 'b', step: " + nested);
  CHECK(say("forward",
            [](Expr x) {
              return loop_while(
                  {x}, [](const std::vector<Expr>& c) { return c[0] < normal(); },
                  [](Expr, const std::vector<Expr>& c) { return c; })[0];
            }) ==
        "joint 'odd', component 'b', forward: the condition of a while must not draw; draw in its step and carry the "
        "value");
}

TEST_CASE("compiler messages: mistakes in a law come with joint, component and question") {
  std::string escaped = refusal("forward", [](Expr x) {
    Expr kept = x;
    fold(2, x, [&](Expr, Expr c) { return kept = c + 1.0; });
    return kept;
  });
  CHECK(without_place(escaped) ==
        "joint 'odd', component 'b', forward: the value of this 'add' belongs to one trip of a loop and is used "
        "outside of it; "
        "carry it out as one of the loop's values");
  CHECK(escaped.find("compiler_errors.cpp:") != std::string::npos);  // Where the user wrote it.
  CHECK(without_place(refusal("bridge", [](Expr x) { return x + to_int(x); })) ==
        "joint 'odd', component 'b', bridge: add takes values of one type; found f32 [] and i32 []; convert one with "
        "to_float or "
        "to_int");
  CHECK(refusal("step", [](Expr x) { return stack({x, x}); }) ==
        "joint 'odd', component 'b', step: the endpoint returns f32 [2]; a point of its space 'euclidean' is f32 []");
}
