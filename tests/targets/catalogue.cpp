// Every process of the standard library on every target: compiled, against the reference evaluator; a GPU's kernels,
// run on a processor, against the CPU's bits; and their PTX.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/catalogue.h>
#include <catenary/tests/targets/every_question.h>
#include <catenary/tests/targets/has_gpu.h>
#include <catenary/tests/targets/ptx.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

namespace fs = std::filesystem;

constexpr int64_t samples = 301;
constexpr Seed seed(0x123456789abcdef, 5);

Joint joint_of(const CatalogueEntry& entry) {
  Joint joint(entry.name, entry.horizon);
  joint.add("x", entry.process());
  return joint;
}

std::vector<Question> questions_of(const Joint& joint) {
  std::vector<Question> questions;
  for (size_t q = 0; q < question_names.size(); ++q)
    if (answers(joint.components()[0], Question(q))) questions.push_back(Question(q));
  return questions;
}

/// With a time for each sample: s is 0 or t at some of them.
Arguments arguments_for(const Sampler& sampler, const Joint& joint) {
  Arguments a;
  for (int64_t i = 0; i < samples; ++i) {
    a.t.push_back(float(joint.horizon()) * float(1 + i * 37 % 101) / 101);
    a.s.push_back(a.t.back() * float(i * 17 % 9) / 8);
  }
  a.x0 = sampler.prior(samples, Seed(1));
  a.xt = sampler.forward(a.x0, a.t, Seed(2));
  Estimate e = joint.components()[0].estimate();
  Shape shape = e.shape;
  shape.insert(shape.begin(), samples);
  a.estimate = a.x0;
  if (e.kind == "endpoint") return a;
  Tensor values = Tensor::empty(Dtype::f32, shape);
  for (int64_t i = 0; i < values.size(); ++i) values.values<float>()[size_t(i)] = float(i * 7 % 11) * 0.25f;
  a.estimate.set("x", values);
  return a;
}

/// How many points are not the evaluator's, to a tolerance. Where a draw was accepted by a hair, rounding may have
/// chosen otherwise; among categories also where two are equally likely, of which either may be the one that takes what
/// the others leave.
int64_t unlike_evaluator(const Joint& joint, Question question, const State& got, const Arguments& given) {
  Law law = derive(joint, joint.components()[0], question);
  Evaluator evaluator({law.result});
  auto point = [](const Tensor& tensor, int64_t i, int64_t size) {
    Values values;
    for (int64_t e = i * size; e < (i + 1) * size; ++e)
      values.push_back(tensor.dtype() == Dtype::f32 ? double(tensor.values<const float>()[size_t(e)])
                                                    : double(tensor.values<const int32_t>()[size_t(e)]));
    return values;
  };
  int64_t size = element_count(law.result.shape()), unlike = 0;
  for (int64_t i = 0; i < samples; ++i) {
    std::map<std::string, Values> arguments;
    for (const Expr& p : law.parameters) {
      const std::string& name = p->name;
      int64_t elements = element_count(p.shape());
      if (name == "s" || name == "t")
        arguments[name] = {double((name == "s" ? given.s : given.t)[size_t(i)])};
      else
        arguments[name] = point((name == "xt"         ? given.xt
                                 : name == "estimate" ? given.estimate
                                                      : given.x0)["x"],
                                i, elements);
    }
    Values wanted = evaluator(arguments, {seed.value, seed.step, 0, question, uint64_t(i)})[0];
    Values found = point(got["x"], i, size);
    double scale = 1;
    for (double v : wanted)
      if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
    for (size_t e = 0; e < wanted.size(); ++e)
      if (found[e] != wanted[e] && !(std::abs(found[e] - wanted[e]) <= 1e-3 * scale)) {  // A loss may be infinite.
        ++unlike;
        break;
      }
  }
  return unlike;
}

/// Compiled once for all that is asked below.
const Sampler& compiled(const CatalogueEntry& entry, const Joint& joint) {
  static std::map<std::string, Sampler> kept;
  auto found = kept.find(entry.name);
  if (found == kept.end())
    found = kept.emplace(entry.name, compile(joint, Target::cuda("sm_80"), {.questions = questions_of(joint)})).first;
  return found->second;
}

}  // namespace

TEST_CASE("every process of the standard library: the evaluator, the CPU, a GPU's kernels and their PTX agree") {
  for (const CatalogueEntry& entry : catalogue()) {
    if (!entry.is_process()) continue;
    DYNAMIC_SECTION(entry.name) {
      Joint joint = joint_of(entry);
      std::vector<Question> questions = questions_of(joint);
      const Sampler& cpu = compiled(entry, joint);
      const Arguments given = arguments_for(cpu, joint);
      for (Question question : questions) {
        INFO(name_of(question));
        State wanted = answer(cpu, question, given, {}, seed);
        int64_t allowed = !is_drawn(question) ? 0 : samples / 50;
        CHECK(unlike_evaluator(joint, question, wanted, given) <= allowed);
        CHECK(same_bytes(DeviceBodies(joint, question).answer(asked(question, given, seed, 0), wanted, {3, 32}, 0),
                         wanted));
      }
      const catenary_module& module = *cpu.module();
      for (int k = 0; k < module.kernel_count; ++k) {
        INFO(module.kernels[k].pipeline);
        REQUIRE(module.kernels[k].device);
        CHECK(std::string(module.kernels[k].device->ptx).find(".version 7.0\n.target sm_80\n") != std::string::npos);
        check_exact(module.kernels[k].device->ptx);
      }
    }
  }
}

TEST_CASE("on a GPU, every process of the standard library gives the CPU's bits", "[gpu]") {
  if (!has_gpu()) return;
  for (const CatalogueEntry& entry : catalogue()) {
    if (!entry.is_process()) continue;
    Joint joint = joint_of(entry);
    const Sampler& cpu = compiled(entry, joint);
    Sampler gpu = cpu.through_gpu(0);
    const Arguments given = arguments_for(cpu, joint);
    for (Question question : questions_of(joint)) {
      INFO(entry.name << " " << name_of(question));
      CHECK(same_bytes(answer(gpu, question, given, {}, seed), answer(cpu, question, given, {}, seed)));
    }
  }
}

// Each law for one of two architectures, from the same PTX, as a driver would: what is noised from data for sm_80 and
// what is noised on for sm_90, which are much alike, as are bridges from data and from what a model returns. PTX made
// for sm_90 is assembled in gpu.cpp.
TEST_CASE("ptxas assembles every process's kernels, and none of them keeps values in local memory") {
  if (std::system("ptxas --version > /dev/null 2>&1") != 0) {
    WARN("SKIP: no ptxas in PATH, so PTX is not assembled here");
    return;
  }
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "ptx_of_catalogue";
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::string local;
  for (const CatalogueEntry& entry : catalogue()) {
    if (!entry.is_process()) continue;
    Joint joint = joint_of(entry);
    const catenary_module& module = *compiled(entry, joint).module();
    for (int k = 0; k < module.kernel_count; ++k) {
      const std::string question = module.kernels[k].pipeline;
      bool earlier = question == "forward" || question == "bridge" || question == "score";
      const char* architecture = earlier ? "sm_80" : "sm_90";
      std::string file = (folder / fmt::format("{}_{}_{}", entry.name, question, architecture)).string();
      std::ofstream(file + ".ptx") << module.kernels[k].device->ptx;
      INFO(file);
      CHECK(std::system(
                fmt::format("ptxas -v -arch={} '{}.ptx' -o '{}.cubin' > '{}.log' 2>&1", architecture, file, file, file)
                    .c_str()) == 0);
      std::ifstream log(file + ".log");
      for (std::string line; std::getline(log, line);)
        if (line.find("bytes stack frame") != std::string::npos &&
            line.find(" 0 bytes stack frame") == std::string::npos)
          local += fmt::format("\n{} {} {}: {}", entry.name, question, architecture, line);
    }
  }
  CHECK(local == "");
}
