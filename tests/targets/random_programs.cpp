// Programs of random nodes on integers, whose every bit the evaluator tells: loops in loops, draws in and beside them,
// branches, points of few and of many numbers. The compiled kernels of every width and a GPU's agree with it.
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <random>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/tests/targets/against_evaluator.h>
#include <catenary/tests/targets/device_bodies.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

struct Numbers final : Space {
  explicit Numbers(Shape point) : Space("numbers", Type::i32, std::move(point)) {}
};

/// Writes a program node by node, each made of what is there.
class Writer {
 public:
  /// Of a point of `numbers`; there are vectors of `numbers` and of `others`, and numbers.
  Writer(uint64_t seed, int64_t numbers, int64_t others)
      : random_(seed), point_{numbers}, shapes_{{}, {numbers}, {others}, {}} {}

  Expr program(const Expr& x, const Expr& t) {
    known_ = {x, to_int(1024.0 * t), sum(x)};
    const size_t given = known_.size();
    for (int k = 0; k < 12; ++k) add();
    Expr result = x;
    for (size_t k = given; k < known_.size(); ++k) {
      Expr e = known_[k].type() == Type::boolean ? to_int(known_[k]) : known_[k];
      result = 31 * result + (e.shape() == point_ ? e : splat(e.shape().empty() ? e : sum(e), point_));
    }
    return result;
  }

 private:
  int any(int below) { return int(random_() % uint64_t(below)); }
  Shape shape() { return shapes_[size_t(any(int(shapes_.size())))]; }
  static Expr word(int64_t value) { return constant(double(int32_t(value)), Type::i32); }
  Expr bits_of(const Shape& shape) { return any(3) ? bits(shape) : to_int(1024.0 * uniform(shape)); }

  // Of what is there, rather what came last.
  std::optional<Expr> found(Type type, const Shape& shape) {
    std::vector<Expr> fitting;
    for (const Expr& e : known_)
      if (e.type() == type && e.shape() == shape) fitting.push_back(e);
    if (fitting.empty()) return std::nullopt;
    const int from_last = any(2) ? any(std::min(4, int(fitting.size()))) : any(int(fitting.size()));
    return fitting[fitting.size() - 1 - size_t(from_last)];
  }

  Expr integer(const Shape& shape) {
    if (any(8))
      if (auto e = found(Type::i32, shape)) return *e;
    if (draws_ && any(4) == 0) return bits_of(shape);
    if (!shape.empty() && any(2)) return splat(integer({}), shape);
    return splat(word(any(2) ? any(7) - 2 : int64_t(random_())), shape);
  }

  Expr flag(const Shape& shape) {
    if (any(3))
      if (auto e = found(Type::boolean, shape)) return *e;
    Expr a = integer(shape), b = integer(shape);
    return any(3) == 0 ? equal(a & 3, b & 3) : any(2) ? a < b : below(a, b);
  }

  Expr value(Type type, const Shape& shape) { return type == Type::boolean ? flag(shape) : integer(shape); }
  Expr vector() { return integer(shapes_[size_t(1 + any(2))]); }

  void add() {
    const Shape of = shape();
    // Arguments are made in an order of their own, which a call would leave to the C++ compiler.
    auto with_two = [&](const std::function<Expr(Expr, Expr)>& make) {
      Expr a = integer(of), b = integer(of);
      known_.push_back(make(a, b));
    };
    switch (any(18)) {
      case 0: return with_two([](Expr a, Expr b) { return a + b; });
      case 1: return with_two([](Expr a, Expr b) { return a - b; });
      case 2: return with_two([](Expr a, Expr b) { return a * b; });
      case 3: return with_two([](Expr a, Expr b) { return a ^ b; });
      case 4: return with_two([](Expr a, Expr b) { return min(a, b) + 3 * max(b, 7); });
      case 5: return with_two([](Expr a, Expr b) { return (a << (b & 63)) + (a >> 5); });
      case 6: return with_two([](Expr a, Expr b) { return multiply_high(a, b); });
      case 7: {
        Expr flags = flag(any(2) ? of : Shape{});
        return with_two([&](Expr a, Expr b) { return select(flags, a, b); });
      }
      case 8: {
        Expr a = flag(of), b = flag(of);
        return known_.push_back(any(2) ? a && !b : a || b);
      }
      case 9: {
        Expr v = vector();
        return known_.push_back(any(3) == 0 ? sum(v) : any(2) ? min_of(v) : max_of(v));
      }
      case 10: {
        Expr v = vector(), place = integer({}) & 15;
        return known_.push_back(at(v, place));
      }
      case 11: {
        Expr v = vector(), place = integer({}) & 15;
        return known_.push_back(sum(dynamic_slice(v, place, std::min<int64_t>(3, v.shape()[0]))));
      }
      case 12: {
        std::vector<double> table(size_t(3 + any(30)));
        for (double& element : table) element = double(int32_t(random_()));
        const auto size = int64_t(table.size());
        Expr place = integer({}) & 31;
        return known_.push_back(at(constant(std::move(table), {size}, Type::i32), place));
      }
      case 13: {
        // Small whole numbers, of which floats lose nothing.
        Expr v = to_float(vector() & 7);
        const int64_t size = v.shape()[0];
        std::vector<double> table(size_t(size * size));
        for (double& element : table) element = any(8) - 3;
        Expr product = matmul(constant(std::move(table), {size, size}), v);
        return known_.push_back(to_int(any(2) ? product : splat(dot(product, v), {size})));
      }
      case 14:
        if (draws_) known_.push_back(bits_of(of));
        return;
      case 15:
      case 16: return loop(/*counted=*/true);
      default: return loop(/*counted=*/false);
    }
  }

  // A fold; or a while, in which draws have no place where it stands in a loop, and no loop that draws anywhere.
  void loop(bool counted) {
    if (depth_ == 3) return;
    std::vector<Operand> first;
    std::vector<std::pair<Type, Shape>> kinds;
    if (!counted) {
      kinds.emplace_back(Type::i32, Shape{});
      first.emplace_back(integer({}) & 7);
    }
    for (int k = 1 + any(3); k > 0; --k) {
      kinds.emplace_back(any(3) ? Type::i32 : Type::boolean, shape());
      first.emplace_back(value(kinds.back().first, kinds.back().second));
    }
    const bool draws_before = draws_, draws_inside = draws_ && (counted || depth_ == 0) && any(3) != 0;
    const size_t known_before = known_.size();
    ++depth_;
    auto inside = [&](const std::vector<Expr>& bound, bool draws, const std::function<void()>& write) {
      draws_ = draws;
      known_.insert(known_.end(), bound.begin(), bound.end());
      write();
      known_.erase(known_.begin() + std::ptrdiff_t(known_before), known_.end());
      draws_ = draws_before;
    };
    auto body = [&](const Expr& trip, const std::vector<Expr>& carried) {
      std::vector<Expr> bound = carried, next;
      bound.push_back(trip);
      inside(bound, draws_inside, [&] {
        const bool loops_draw = draws_inside && counted;
        for (int k = 1 + any(5); k > 0; --k) {
          const int depth = depth_;
          if (draws_inside && !loops_draw) depth_ = 3;  // No loops.
          add();
          depth_ = depth;
        }
        if (!counted) next.push_back(carried[0] - 1 - (integer({}) & any(2)));
        while (next.size() < kinds.size()) next.push_back(value(kinds[next.size()].first, kinds[next.size()].second));
      });
      return next;
    };
    auto goes_on = [&](const std::vector<Expr>& carried) {
      Expr more = carried[0] > 0;
      inside(carried, false, [&] {
        if (any(3) == 0) more = more && flag({});
      });
      return more;
    };
    std::vector<Expr> results =
        counted ? fold(any(8) == 0 ? 0 : 1 + any(5), first, body) : loop_while(first, goes_on, body);
    --depth_;
    known_.insert(known_.end(), results.begin(), results.end());
  }

  std::mt19937_64 random_;
  Shape point_;
  std::vector<Shape> shapes_;
  std::vector<Expr> known_;  // In reach: those of loops around, too.
  bool draws_ = true;
  int depth_ = 0;
};

/// Forward draws by a program of integers.
using Program = std::function<Expr(Expr x0, Expr t)>;
struct Programmed final : Process {
  Programmed(int64_t numbers, Program p) : Process(Numbers({numbers})), program(std::move(p)) {}
  Expr prior(Expr) const override { return splat(constant(0, Type::i32), space().point()); }
  Expr forward(Expr x0, Expr t) const override { return program(x0, t); }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  Program program;
};

void check(const Joint& joint, std::mt19937_64& random, int64_t lanes, bool on_device) {
  Arguments a;
  const auto samples = int64_t(1 + random() % 300), first_sample = int64_t(random() % (uint64_t{1} << 34));
  for (const Joint::Component& component : joint.components()) {
    const int64_t numbers = component.process->space().point()[0];
    Tensor x0 = Tensor::empty(Dtype::i32, {samples, numbers});
    for (int32_t& v : x0.values<int32_t>()) v = random() % 2 ? int32_t(random()) : int32_t(random() % 9) - 1;
    a.x0.set(component.name, std::move(x0));
  }
  for (int64_t i = 0; i < samples; ++i) a.t.push_back(float(1 + random() % 1023) / 1024);
  a.s = a.t;
  const Seed key(random(), 3);
  Target target = Target::host();
  target.lanes = int(lanes);
  State made = compile(joint, target, {.questions = {Question::forward}})
                   .forward(a.x0, a.t, key, {.first_sample = first_sample});
  agrees_with_evaluator(joint, Question::forward, made, a, key, first_sample, /*tolerance=*/0);
  if (!on_device) return;
  const Asked asked{{{CATENARY_X0, &a.x0}}, {a.t}, key, first_sample, samples};
  State device = DeviceBodies(joint, Question::forward).answer(asked, made, {3, 32}, int64_t(random() % 4));
  CHECK(same_bytes(made, device));
}

constexpr std::array widths = {4, 8, 16};

void check_program(const std::string& name, int64_t numbers, const Program& program) {
  INFO(name);
  std::mt19937_64 random(7);
  Joint joint("program");
  joint.add("x", Programmed(numbers, program));
  for (int lanes : widths) check(joint, random, lanes, lanes == 4);
}

void check_programs(uint64_t first_seed, int count, const std::function<int64_t(std::mt19937_64&)>& numbers_of) {
  for (uint64_t seed = first_seed; seed < first_seed + uint64_t(count); ++seed) {
    INFO("program " << seed);
    std::mt19937_64 random(seed);
    Joint joint("programs");
    for (const char* name : {"one", "other"}) {
      const int64_t numbers = numbers_of(random), others = int64_t(1 + random() % 6);
      const uint64_t text = random();
      joint.add(name, Programmed(numbers, [=](const Expr& x0, const Expr& t) {
                  return Writer(text, numbers, others).program(x0, t);
                }));
      if (random() % 2) break;
    }
    check(joint, random, widths[seed % 3], seed % 3 == 0);
  }
}

}  // namespace

TEST_CASE("random programs on points of few numbers agree with the evaluator to the bit") {
  check_programs(1, 24, [](std::mt19937_64& random) { return int64_t(1 + random() % 5); });
}

TEST_CASE("random programs on points of many numbers agree with the evaluator to the bit") {
  check_programs(1001, 12, [](std::mt19937_64& random) {
    return int64_t(random() % 3 ? 33 + random() % 20 : 17 + random() % 10);
  });
}

TEST_CASE("programs that were compiled wrongly once") {
  auto rejected = [](const std::function<Expr()>& more) {
    auto goes_on = [](const std::vector<Expr>& c) { return c[0] > 0.25; };
    auto body = [&](const Expr&, const std::vector<Expr>& c) { return std::vector<Expr>{uniform(), c[1] + more()}; };
    return loop_while({1.0, constant(0, Type::i32)}, goes_on, body)[1];
  };
  check_program("a rejection beside a point that is drawn in strips", 38, [&](const Expr& x, const Expr&) {
    return x + bits({38}) + splat(rejected([] { return constant(1, Type::i32); }), {38});
  });
  check_program("a loop that fills an array, and what reads it, between sums over another point", 40,
                [](const Expr& x, const Expr&) {
                  Expr drawn = bits({40}), total = sum(drawn);
                  Expr tripled =
                      fold(1, x ^ splat(total, {40}), [](const Expr&, const Expr& carried) { return 3 * carried; });
                  return x + splat(sum(tripled) ^ max_of(drawn), {40});
                });
  check_program("the upper half of a product before, in and behind a rejection", 2, [&](const Expr& x, const Expr&) {
    Expr one = index(x, 0), before = multiply_high(one, 12345);
    Expr inside = rejected([&] { return multiply_high(one, bits()); });
    return x + splat(before + inside + multiply_high(one, inside), {2});
  });
  check_program("a loop of many trips around one of none that draws", 2, [](const Expr& x, const Expr&) {
    return fold(70000, x, [](const Expr&, const Expr& carried) {
      return 3 * carried + fold(0, carried, [](const Expr&, const Expr& c) { return c + bits({2}); });
    });
  });
  auto down = [](const Expr&, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] - 1}; };
  auto positive = [](const std::vector<Expr>& c) { return c[0] > 0; };
  auto until_one = [](const std::vector<Expr>& c) { return !equal(c[0], 1); };
  check_program("a while in one, in which points that are through want trips without end", 2,
                [&](const Expr& x, const Expr&) {
                  auto less = [&](const Expr&, const std::vector<Expr>& c) {
                    return std::vector<Expr>{c[0] - loop_while({c[0]}, until_one, down)[0]};
                  };
                  return x + splat(loop_while({index(x, 0) & 7}, positive, less)[0], {2});
                });
  check_program("and in one in one", 2, [&](const Expr& x, const Expr&) {
    auto inner = [&](const Expr&, const std::vector<Expr>& c) {
      return std::vector<Expr>{c[0] - loop_while({c[1]}, until_one, down)[0], c[1]};
    };
    auto outer = [&](const Expr&, const std::vector<Expr>& c) {
      return std::vector<Expr>{loop_while({c[0], c[0]}, positive, inner)[0] + c[0] - 1};
    };
    return x + splat(loop_while({index(x, 0) & 7}, positive, outer)[0], {2});
  });
  check_program("a while in the condition of one", 2, [&](const Expr& x, const Expr&) {
    auto goes_on = [&](const std::vector<Expr>& c) {
      auto above_two = [](const std::vector<Expr>& d) { return d[0] > 2; };
      return loop_while({c[0]}, above_two, down)[0] + c[0] > 3;
    };
    return x + splat(loop_while({index(x, 0) & 15}, goes_on, down)[0], {2});
  });
}
