// Every node kind: compiled code against the reference evaluator, at special values and at random ones.
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>
#include <catenary/tests/targets/device_bodies.h>
#include <catenary/tests/targets/node_cases.h>
#include <catenary/tests/targets/ptx.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
constexpr int32_t lowest = std::numeric_limits<int32_t>::min(), highest = std::numeric_limits<int32_t>::max();

struct Any final : Space {
  Any(Type type, Shape point) : Space("any", type, std::move(point)) {}
};

/// A process whose `step` to s = 0 is the result of a case: estimate and point may have any type and shape.
class Answer final : public Process {
 public:
  Answer(const Case& c, const Expr& sample)
      : Process(Any(sample.type(), sample.shape())),
        estimate_{"endpoint", shape_of(c.input), type_of(c.input)},
        result_(c.result) {}
  Expr prior(Expr) const override { return splat(constant(0, space().type()), space().point()); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  std::vector<Estimate> estimates() const override { return {estimate_}; }
  Expr endpoint(const Estimate&, Expr estimate, Expr, Expr t) const override { return result_(estimate, t); }

 private:
  Estimate estimate_;
  std::function<Expr(Expr, Expr)> result_;
};

Expr result_of(const Case& c) {
  return c.result(parameter("x", type_of(c.input), shape_of(c.input)), parameter("t", Type::f32, {}));
}

// ---- points -------------------------------------------------------------------------------------

const std::vector<float> special = {0.0f,
                                    -0.0f,
                                    0x1p-149f,
                                    -0x1p-149f,
                                    0x1.8p-130f,
                                    0x1p-126f,
                                    -0x1p-126f,
                                    0x1p-25f,
                                    0.5f,
                                    -0.5f,
                                    1.0f,
                                    -1.0f,
                                    1.5f,
                                    -2.5f,
                                    3.0f,
                                    8388607.5f,
                                    -0x1p24f,
                                    0x1p30f,
                                    0x1p31f,
                                    -0x1p31f,
                                    0x1.fffffep30f,
                                    -0x1.000002p31f,
                                    0x1.fffffep127f,
                                    -0x1.8p127f,
                                    inf,
                                    -inf,
                                    nan};

/// Where the polynomials change piece or the results change kind, with two floats on either side.
std::vector<float> cut_points() {
  const double ln2 = std::log(2.0), quarter = std::acos(-1.0) / 4;
  std::vector<double> centres = {88.7228, 89,      87.3366, 103.973, 104,      25,     0x1p-25, 2.0 / 3,
                                 4.0 / 3, 1.0 / 3, 1,       2,       0x1p-126, 0x1p30, 0x1p23,  0x1p31};
  for (int k : {0, 1, 2, 125, 126, 127, 148, 149}) centres.push_back((k + 0.5) * ln2);
  for (int k : {-126, -100, -1, 1, 100, 127}) centres.push_back(std::ldexp(2.0 / 3, k));
  for (int k : {1, 2, 3, 4, 5, 6, 7, 8, 1000, 1000003}) centres.push_back(k * quarter);
  std::vector<float> points;
  for (double centre : centres)
    for (int32_t away = -2; away <= 2; ++away) {
      float x = std::bit_cast<float>(std::bit_cast<int32_t>(float(centre)) + away);
      points.push_back(x), points.push_back(-x);
    }
  return points;
}

/// The same points for every case: pairs of special values, cut points, and random bits.
struct Points {
  std::map<Input, Tensor> of;
  std::vector<float> times;
  int64_t count = 0;
};

constexpr int32_t special_words[] = {0,  1,      -1,      2,          3,     31,       32,         33,      -32,
                                     77, lowest, highest, lowest + 1, 65536, 16777217, 0x55555555, 33554431};

Points points(size_t random_points) {
  std::mt19937 engine(7);
  auto word = [&] { return uint32_t(engine()); };
  auto any_float = [&] { return std::bit_cast<float>(word()); };
  std::vector<float> floats;
  for (float a : special)
    for (float b : special) floats.insert(floats.end(), {a, b, special[word() % special.size()]});
  for (float a : cut_points()) floats.insert(floats.end(), {a, any_float(), any_float()});
  for (size_t k = 0; k < random_points; ++k) {
    // Of nearly the same size, or of any.
    float a = any_float();
    auto near = [&] { return k % 2 ? any_float() : a * float(1 + double(word()) * 0x1p-32) * (word() & 1 ? -1 : 1); };
    float b = near(), c = near();
    floats.insert(floats.end(), {a, b, k % 4 ? c : float(-double(a) * b)});
  }
  Points p;
  p.count = int64_t(floats.size() / 3);

  std::vector<int32_t> words;
  for (int32_t a : special_words)
    for (int32_t b : special_words) words.insert(words.end(), {a, b, special_words[word() % std::size(special_words)]});
  while (words.size() < floats.size()) {
    bool shift = word() & 1;
    words.insert(words.end(), {int32_t(word()), shift ? int32_t(word() % 40) : int32_t(word()), int32_t(word())});
  }
  words.resize(floats.size());

  // Integers whose products add up exactly, and now and then something else; numbers in [-1, 1).
  std::vector<float> integral, unit;
  for (int64_t k = 0; k < 6 * p.count; ++k) {
    bool odd = word() % 16 == 0;
    integral.push_back(odd ? std::array{-0.0f, inf, -inf, nan}[word() % 4] : float(int32_t(word() % 2001) - 1000));
    unit.push_back(float(int32_t(word()) * 0x1p-31));
  }
  std::fill_n(integral.begin(), 6, -0.0f);
  for (int64_t k = 0; k < p.count; ++k) p.times.push_back(float(1 + k % 1023) / 1024);

  auto tensor = [&]<class T>(const std::vector<T>& values, int64_t size) {
    Tensor made = Tensor::empty(dtype_of<T>, {p.count, size});
    std::copy(values.begin(), values.end(), made.values<T>().begin());
    return made;
  };
  p.of = {{Input::floats, tensor(floats, 3)},
          {Input::integral, tensor(integral, 6)},
          {Input::unit, tensor(unit, 6)},
          {Input::words, tensor(words, 3)}};
  return p;
}

Values values_at(const Tensor& tensor, int64_t point, int64_t size) {
  auto list = [&](auto values) { return Values(values.begin() + point * size, values.begin() + (point + 1) * size); };
  return tensor.dtype() == Dtype::f32 ? list(tensor.values<const float>()) : list(tensor.values<const int32_t>());
}

// ---- comparison ---------------------------------------------------------------------------------

/// |got - expected| in units in the last place of `expected`; infinite where a special value or a zero's sign differs.
/// Where the evaluator's double lies beyond the greatest float, infinity stands for 2^128.
double ulp_error(float got, double expected) {
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) && std::isnan(got) ? 0 : inf;
  if (float(expected) == got) return std::signbit(expected) == std::signbit(got) ? 0 : inf;
  if (std::isinf(expected)) return inf;
  double finite = std::isinf(got) ? std::copysign(0x1p128, got) : got;
  return std::abs(finite - expected) / std::ldexp(1.0, std::max(std::ilogb(expected), -126) - 23);
}

bool agrees(const Case& c, Type type, double got, double expected) {
  if (type == Type::i32) return got == expected;
  return ulp_error(float(got), expected) <= c.ulp || (c.absolute > 0 && std::abs(got - expected) <= c.absolute);
}

constexpr uint64_t seed = 0x9E3779B97F4A7C15;
constexpr uint32_t step = 12345;

/// The same bits, but for those of NaN: which NaN an operation gives is the processor's choice.
bool same_numbers(const Tensor& a, const Tensor& b) {
  if (a.dtype() != Dtype::f32) return std::memcmp(a.data(), b.data(), size_t(a.bytes())) == 0;
  return std::ranges::equal(a.values<const float>(), b.values<const float>(), [](float x, float y) {
    return (std::isnan(x) && std::isnan(y)) || std::bit_cast<int32_t>(x) == std::bit_cast<int32_t>(y);
  });
}

/// Compiles all cases as one joint process and compares each of them with the evaluator at every point.
void compare(const std::vector<Case>& cases, const Points& points, int64_t first_sample) {
  Joint joint("nodes");
  for (const Case& c : cases) joint.add(c.name, Answer(c, result_of(c)), {.sites = c.sites});
  Sampler sampler = compile(joint, Target::cuda("sm_80"));
  check_exact(sampler.module()->kernels[sampler.module()->kernel_count - 1].device->ptx);
  State estimate, xt;
  for (const Case& c : cases) {
    Expr result = result_of(c);
    Shape shape = result.shape();
    shape.insert(shape.begin(), points.count);
    Tensor zeros = Tensor::empty(result.type() == Type::f32 ? Dtype::f32 : Dtype::i32, shape);
    std::fill_n(static_cast<int32_t*>(zeros.data()), zeros.size(), 0);
    estimate.set(c.name, points.of.at(c.input));
    xt.set(c.name, zeros);
  }
  State made = sampler.step(estimate, xt, 0.0, points.times, Seed(seed, step),
                            {.first_sample = first_sample, .check_data = false});
  Asked asked{{{CATENARY_ESTIMATE, &estimate}, {CATENARY_XT, &xt}},
              {{0.0f}, points.times},
              Seed(seed, step),
              first_sample,
              points.count};
  State on_device = DeviceBodies(joint, Question::step).answer(asked, made, {3, 32}, 0);
  for (const Case& c : cases) {
    INFO(c.name << ", by the GPU's kernel");
    CHECK(same_numbers(on_device[c.name], made[c.name]));
  }

  for (size_t k = 0; k < cases.size(); ++k) {
    const Case& c = cases[k];
    const Joint::Component& component = joint.components()[k];
    Law law = derive(joint, component, Question::step);
    int64_t size = element_count(law.result.shape());
    std::string wrong;
    int64_t count = 0;
    for (int64_t i = 0; i < points.count; ++i) {
      Values x = values_at(points.of.at(c.input), i, shape_of(c.input)[0]), got = values_at(made[c.name], i, size);
      Values expected = evaluate(
          {law.result}, {{"estimate", x}, {"xt", Values(size_t(size))}, {"s", {0}}, {"t", {points.times[size_t(i)]}}},
          {seed, step, uint32_t(k), Question::step, uint64_t(first_sample + i)})[0];
      for (int64_t e = 0; e < size; ++e) {
        if (agrees(c, law.result.type(), got[size_t(e)], expected[size_t(e)]) || ++count > 3) continue;
        wrong += fmt::format("point {}, element {}: {:a}, not {:a}; x =", i, e, got[size_t(e)], expected[size_t(e)]);
        for (double v : x) wrong += fmt::format(" {:a}", v);
        wrong += "\n";
      }
    }
    INFO(fmt::format("{}: {} elements of {} points differ\n{}", c.name, count, points.count, wrong));
    CHECK(count == 0);
  }
}

std::vector<Case> all(std::initializer_list<std::vector<Case>> parts) {
  std::vector<Case> cases;
  for (const auto& part : parts) cases.insert(cases.end(), part.begin(), part.end());
  return cases;
}

void collect(const Schedule& s, std::set<Op>& ops) {
  for (const Node* n : s.nodes) ops.insert(n->op);
  for (const auto& [n, body] : s.bodies) collect(body, ops);
  for (const auto& [n, condition] : s.conditions) collect(condition, ops);
}

}  // namespace

TEST_CASE("every node kind is compared with the evaluator") {
  std::set<Op> compared;
  for (const Case& c : all({elementwise(), shapes(), loops(), sample_part(), draws()})) {
    std::set<Op> inside;
    collect(schedule({result_of(c)}), inside);
    INFO(c.name);
    CHECK(inside.count(c.op));
    compared.insert(c.op);
  }
#define CATENARY_OP(kind, text, arity, family) \
  CHECKED_ELSE(compared.count(Op::kind)) { FAIL_CHECK("no case compares " text); }
#include <catenary/dsl/ops.def>
#undef CATENARY_OP
}

TEST_CASE("nodes without draws agree with the evaluator") {
  compare(all({elementwise(), shapes(), loops(), sample_part(), composed()}), points(1001), 0);
}

TEST_CASE("draws agree with the evaluator, in loops too") {
  Points few = points(0);
  auto words = few.of.at(Input::words).values<int32_t>();
  few.count = 301, few.times.resize(301);
  // The loop without end goes on at one point alone.
  for (size_t k = 0; k < words.size(); k += 3)
    if (words[k] == 77) words[k] = 78;
  words[3 * 200] = 77;
  few.of[Input::words] = Tensor(TensorView(words.data(), {few.count, 3}), few.of.at(Input::words).owner());
  compare(draws(), few, 3);
}

TEST_CASE("fma is rounded once") {
  Joint joint("fused");
  Case fused = {Op::Fma, "fma", Input::floats, [](Expr x, Expr) { return fma(index(x, 0), index(x, 1), index(x, 2)); }};
  joint.add("fma", Answer(fused, result_of(fused)));
  Points many = points(20000);
  const Tensor& x = many.of.at(Input::floats);
  Tensor zeros = Tensor::empty(Dtype::f32, {many.count});
  std::ranges::fill(zeros.values<float>(), 0.0f);
  State made = compile(joint).step({{"fma", x}}, {{"fma", zeros}}, 0.0, 1.0, Seed(1), {.check_data = false});
  auto in = x.values<const float>(), out = made["fma"].values<const float>();
  int64_t wrong = 0;
  for (size_t i = 0; i < size_t(many.count); ++i)
    wrong += ulp_error(out[i], std::fma(in[3 * i], in[3 * i + 1], in[3 * i + 2])) != 0;
  CHECK(wrong == 0);
}
