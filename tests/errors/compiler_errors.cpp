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
  Expr endpoint(const Estimate&, Expr estimate, Expr, Expr) const override {
    return question_ == "step" ? answer_(estimate) : estimate;
  }

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
  CHECK(message_of([&] { compile(nothing, Target::host(), {.questions = {Question::score}}); }) == expected);
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

TEST_CASE("compiler messages: architectures of GPUs") {
  Joint joint("noise");
  joint.add("x", Brownian(Euclidean({}), 1.0));
  for (const char* name : {"sm_9", "sm_75", "sm_999", "sm_90a", "gfx1", "spirv", "90"}) {
    const std::string expected = fmt::format(
        "target: '{}' is no GPU's architecture that code can be made for; name one of NVIDIA's from sm_80 "
        "on (`llc -march=nvptx64 -mcpu=help` lists them), such as sm_90; `catenary kernels` also takes "
        "AMD's (`llc -march=amdgcn -mcpu=help`), such as gfx90a, and spirv64",
        name);
    CHECK(refusal(Target::cuda(name)) == expected);
    CHECK(message_of([&] { gpu_kernels(to_mlir(joint), "noise", name); }) == expected);
  }
  for (const char* name : {"gfx942", "spirv64"})
    CHECK(refusal(Target::cuda(name)) ==
          fmt::format("target: the runtime drives NVIDIA's GPUs alone, and '{}' is another's; `catenary kernels` "
                      "writes its kernels to files",
                      name));
  CHECK(refusal(Target::cuda("")) == "no error");  // No code for GPUs is asked.
}

TEST_CASE("compiler messages: more tensors than a GPU's kernel takes") {
  Joint joint("wide");
  for (int k = 0; k < 253; ++k) joint.add(fmt::format("x{}", k), Brownian(Euclidean({}), 1.0), {.sites = "atoms"});
  CHECK(
      message_of([&] { compile(joint, Target::cuda("sm_80"), {.questions = {Question::forward}}); }) ==
      "target: forward on sites 'atoms' would read and write 506 tensors in one kernel, and a GPU's kernel is given at "
      "most 504; put some of the components on sites of another name");
}

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
        "'toy' was to be written to '/dev/null/x/toy.a', which cannot be written; name a folder that can");
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
  CHECK(without_place(refusal("forward", [](Expr x) { return x * parameter("rate", Type::f32, {}); })) ==
        "joint 'odd', component 'b', forward: the law reads a parameter 'rate'; it is given x0, t");
  CHECK(refusal("step", [](Expr x) { return stack({x, x}); }) ==
        "joint 'odd', component 'b', step: the endpoint returns f32 [2]; a point of its space 'euclidean' is f32 []");
}

TEST_CASE("compiler messages: questions that nobody asks or a component does not answer") {
  CHECK(message_of([] { compile(toy(), Target::host(), {.questions = {}}); }) ==
        "joint 'toy' was to be compiled for no questions; list some in CompileOptions::questions");
  Joint joint("odd");
  joint.add("a", Brownian(Euclidean({}), 1.0));
  joint.add("b", Odd("", {}));
  CHECK(
      message_of([&] { compile(joint, Target::host(), {.questions = {Question::log_density}}); }) ==
      "joint 'odd', component 'b', log_density: the process on space 'euclidean' has no density; override log_density "
      "in it");
}

namespace {

/// What compile_mlir says of a text.
std::string refusal_of_text(const std::string& text) {
  return message_of([&] { compile_mlir(text, "toy.mlir"); });
}

/// A declaration with one process @x of f32 points, the first on sites "", and `rest` on lines from the 4th on.
std::string declaration(const std::string& rest, const std::string& attributes = "catenary.horizon = 1.0 : f64") {
  return "module @toy attributes {" + attributes + "} {\n" +
         "catenary.process @x 0 on \"euclidean\" points f32 estimates \"endpoint\" f32 {\n}\n" + rest + "\n}";
}

}  // namespace

TEST_CASE("compiler messages: texts that are no declarations") {
  auto not_one = [](const std::string& fact) { return "'toy.mlir' is not a declaration: " + fact; };
  auto prior = [](const std::string& body, const std::string& border = "") {
    return "catenary.pipeline @p asks \"prior\" " + border + "{\n" + body + "\n}";
  };
  const std::string good = "%c = arith.constant 1.0 : f32\ncatenary.output %c of @x : f32";
  CHECK(refusal_of_text(declaration(prior(good))) == "no error");

  CHECK(refusal_of_text("nonsense") ==
        not_one("line 1, column 1: custom op 'nonsense' is unknown (tried 'builtin.nonsense' as well)"));
  const std::string horizon =
      "the module must have an attribute catenary.horizon, the time of pure noise, a finite number above 0";
  CHECK(refusal_of_text("") == not_one(horizon));
  CHECK(refusal_of_text(declaration(prior(good), "")) == not_one("line 1, column 1: " + horizon));
  CHECK(refusal_of_text(declaration(prior(good), "catenary.horizon = 0.0 : f64")) ==
        not_one("line 1, column 1: " + horizon));
  const std::string rounds =
      "the attribute catenary.rounds is 7 : i32, or there is none and draws take 10 rounds of Philox";
  for (std::string other : {"8 : i32", "10 : i32", "\"7\"", "7.0 : f32"})
    CHECK(refusal_of_text(declaration(prior(good), "catenary.horizon = 1.0 : f64, catenary.rounds = " + other)) ==
          not_one("line 1, column 1: " + rounds));
  CHECK(refusal_of_text(declaration(prior(good), "catenary.horizon = 1.0 : f64, catenary.rounds = 7 : i32")) ==
        "no error");
  CHECK(refusal_of_text(declaration("")) ==
        not_one("line 1, column 1: no question has a pipeline on every set of sites"));
  CHECK(refusal_of_text(declaration(prior("catenary.output %c of @x : f32"))) ==
        not_one("line 5, column 17: use of undeclared SSA value name"));
  CHECK(refusal_of_text(declaration(prior(good) + "\nfunc.func private @f()")) ==
        not_one(
            "line 8, column 1: 'func.func' op stands beside processes and pipelines; a declaration has nothing else"));
  CHECK(refusal_of_text(declaration(prior(good, "group 2 "))) ==
        not_one("line 4, column 1: 'catenary.pipeline' op has a group; in a declaration it has none"));
  CHECK(refusal_of_text(declaration(prior(good, "numbers 3 "))) ==
        not_one("line 4, column 1: 'catenary.pipeline' op has split points; in a declaration they are whole"));
  CHECK(refusal_of_text(declaration(prior(good, "numbers 0 "))) ==
        not_one("line 4, column 1: 'catenary.pipeline' op has points of 0 numbers"));
  CHECK(refusal_of_text(declaration(prior(good, "draws 3 "))) ==
        not_one("line 4, column 1: 'catenary.pipeline' op has a number of draws; in a declaration it has none"));
  CHECK(
      refusal_of_text(declaration(prior("", "sites \"atoms\" "))) ==
      not_one("line 4, column 1: 'catenary.pipeline' op is on sites \"atoms\", which no process of this module is on"));
  CHECK(refusal_of_text(declaration(prior(""))) ==
        not_one("line 4, column 1: 'catenary.pipeline' op must have one output of @x (has 0)"));
  CHECK(
      refusal_of_text(declaration(prior(good) + "\ncatenary.pipeline @q asks \"prior\" {\n" + good + "\n}")) ==
      not_one("line 8, column 1: 'catenary.pipeline' op asks \"prior\" on sites \"\" once more; each question is asked "
              "once"));
  CHECK(refusal_of_text(declaration(prior("%c = arith.constant 1 : i32\ncatenary.output %c of @x : i32"))) ==
        not_one("line 6, column 1: 'catenary.output' op must be of type 'f32'"));
  CHECK(
      refusal_of_text(declaration(prior("%c = arith.constant 1.0 : f32\ncatenary.output %c of @x element 0 : f32"))) ==
      not_one("line 6, column 1: 'catenary.output' op gives a part of a value; in a declaration it gives the whole"));
  const std::string zero = "%a = arith.constant 0 : i32\n";
  CHECK(refusal_of_text(
            declaration(prior(zero + "%c = arith.constant 1.0 : f32\ncatenary.output %c of @x at %a : f32"))) ==
        not_one("line 7, column 1: 'catenary.output' op gives a part of a value; in a declaration it gives the whole"));
  CHECK(
      refusal_of_text(declaration(prior(zero + "%b = catenary.draw bits at %a : i32\n" + good))) ==
      not_one("line 6, column 6: 'catenary.draw' op has a place in the counter layout; in a declaration it has none"));
  CHECK(refusal_of_text(declaration(
            prior(zero +
                  "%b = arith.constant dense<1.0> : tensor<9xf32>\n%d = catenary.at %b[%a] element 1 : (tensor<9xf32>, "
                  "i32) -> f32\n" +
                  good))) ==
        not_one("line 7, column 6: 'catenary.at' op reads behind its index; in a declaration it reads there"));
  CHECK(refusal_of_text(declaration(prior(zero + "catenary.keep %a in 0 of 1 at %a : i32\n" + good))) ==
        not_one("line 6, column 1: 'catenary.keep' op comes from a pass; a declaration has none"));
  CHECK(refusal_of_text(
            declaration(prior("%a = arith.constant 0 : index\nscf.for %i = %a to %a step %a {\n" + good + "\n}"))) ==
        not_one("line 8, column 1: 'catenary.output' op must stand in a pipeline itself"));
  CHECK(
      refusal_of_text(declaration(prior(good) + "\ncatenary.pipeline @q.0 asks \"forward\" {\n" + good +
                                  "\n}\ncatenary.pipeline @q_0 asks \"bridge\" {\n" + good + "\n}")) ==
      not_one("line 12, column 1: 'catenary.pipeline' op has a name that differs from another's by '.' for '_' alone; "
              "in object code they are one"));
  CHECK(refusal_of_text(declaration(prior("%a = arith.constant 1.0 : f32\n%b = math.tanh %a : f32\n" + good))) ==
        not_one("line 6, column 6: 'math.tanh' op is nothing that a declaration may compute with"));
  CHECK(refusal_of_text(declaration(
            prior("%a = arith.constant 1.0 : f32\n%b = arith.addf %a, %a fastmath<fast> : f32\n" + good))) ==
        not_one("line 6, column 6: 'arith.addf' op has fast-math flags; a declaration has none, so that its bits are "
                "the same everywhere"));
  CHECK(refusal_of_text(declaration(prior("%a = arith.constant dense<> : tensor<0xf32>\n" + good))) ==
        not_one("line 5, column 6: 'arith.constant' op has a tensor without elements, or of no fixed shape"));
  CHECK(refusal_of_text(
            "module attributes {catenary.horizon = 1.0 : f64} {\ncatenary.process @x 0 on \"euclidean\" points f32 "
            "estimates \"endpoint\" f32 {\ncatenary.law @f() -> f32 {\n%v = catenary.input x0 of @nobody : "
            "f32\ncatenary.yield %v : f32\n}\n}\n}") ==
        not_one("line 4, column 6: 'catenary.input' op must stand in a pipeline itself"));
  CHECK(refusal_of_text(declaration(prior("catenary.sample {\ncatenary.yield\n}\n" + good))) ==
        not_one("line 5, column 1: 'catenary.sample' op comes from a pass; a declaration has none"));
  auto forward = [](const std::string& input) {
    return "catenary.pipeline @f asks \"forward\" {\n%v = catenary.input x0 of @x " + input +
           "\n%c = arith.constant 1.0 : f32\ncatenary.output %c of @x : f32\n}";
  };
  CHECK(refusal_of_text(declaration(forward(": tensor<9xf32>"))) ==
        not_one("line 5, column 6: 'catenary.input' op must be of type 'f32'"));
  CHECK(refusal_of_text(declaration(forward("element 7 : f32"))) ==
        not_one("line 5, column 6: 'catenary.input' op takes a part of a value; in a declaration it takes the whole"));
  CHECK(refusal_of_text(declaration(prior(good) + "\ncatenary.process @y 0 on \"euclidean\" points f32 estimates "
                                                  "\"endpoint\" f32 sites \"others\" {\n}")) ==
        not_one("line 8, column 1: 'catenary.process' op has number 0; processes have numbers of their own, from 0 to "
                "65535"));
  CHECK(
      refusal_of_text(declaration(prior(good) + "\ncatenary.process @k 1 on \"c\" points i32 estimates \"logits\" "
                                                "tensor<3xf32> categories 3 forbids [1, 3] sites \"others\" {\n}")) ==
      not_one("line 8, column 1: 'catenary.process' op forbids category 3 (has 3); leave out what is not a category"));
  for (std::string point : {"f64", "tensor<1x1x1x1x1xf32>", "tensor<?xf32>", "tensor<0xf32>", "memref<3xf32>"})
    CHECK(
        refusal_of_text(declaration(prior(good) + "\ncatenary.process @y 1 on \"s\" points " + point +
                                    " estimates \"endpoint\" f32 sites \"others\" {\n}")) ==
        not_one(
            "line 8, column 1: 'catenary.process' op must have points and estimates of f32 or i32, numbers or tensors "
            "of up to 4 axes"));
  CHECK(refusal_of_text("module attributes {catenary.horizon = 1.0 : f64} {\ncatenary.process @k 0 on \"c\" points i32 "
                        "estimates \"logits\" f32 {\n}\ncatenary.pipeline @p asks \"score\" {\n%c = arith.constant 1 : "
                        "i32\ncatenary.output %c of @k : i32\n}\n}") ==
        not_one("line 6, column 1: 'catenary.output' op must be of type 'f32'"));
  CHECK(refusal_of_text("module attributes {catenary.horizon = 1.0 : f64} {\ncatenary.process @k 0 on \"c\" points i32 "
                        "estimates \"endpoint\" i32 {\n}\ncatenary.pipeline @p asks \"loss_gradient\" {\n%c = "
                        "arith.constant 1 : i32\ncatenary.output %c of @k : i32\n}\n}") ==
        not_one("line 6, column 1: 'catenary.output' op gives a gradient by estimates that are not f32"));
}

TEST_CASE("compiler messages: declarations that cannot be compiled") {
  CHECK(refusal_of_text(declaration("catenary.pipeline @p asks \"prior\" {\n%t = arith.constant dense<1.0> : "
                                    "tensor<2xf32>\n%i = arith.constant 2 : index\n%c = tensor.extract %t[%i] : "
                                    "tensor<2xf32>\ncatenary.output %c of @x : f32\n}")) ==
        "'toy.mlir' cannot be compiled: 'tensor.extract' op reads element 2 of 2");
  CHECK(refusal_of_text(declaration("catenary.pipeline @p asks \"prior\" {\n%c = catenary.draw normal : "
                                    "f32\ncatenary.output %c of @x : f32\n}")) ==
        "'toy.mlir' cannot be compiled: 'catenary.draw' op belongs to no component; inline-laws gives it one");
  // FMA4 was in a few processors of 2011 to 2017, none of which has AVX2.
  CHECK_THAT(message_of([] { compile(toy(), with([](Target& t) { t.features += ",+fma4"; })); }),
             Catch::Matchers::Contains("does not run on this one, which has no fma4; compile it to files, or take "
                                       "Target::host()"));
  CHECK(message_of([] { compile_mlir(to_mlir(toy()), "toy.mlir", with([](Target& t) { t.lanes = 3; })); }) ==
        "target: lanes must be 4, 8 or 16; found 3");
}

TEST_CASE("a walk tells of an estimate that is no point, before the model sees what it makes of the state") {
  Joint joint("turning", 8);
  joint.add("turn", Brownian(Rotations(), 1.0));
  int asked = 0;
  auto zeros = [&](const ModelInput&, State& estimate) {
    ++asked;
    for (float& v : estimate["turn"].values<float>()) v = 0;
  };
  CHECK(message_of([&] { compile(joint).reverse(zeros, {8, 4, 0}, 5, Seed(1)); }) ==
        "reverse, step 1 of 2 (time 8): component 'turn' of the output holds nan at sample 0, element [0]; what the "
        "model estimates there is no point of its space, or far beyond one");
  CHECK(asked == 1);
}
