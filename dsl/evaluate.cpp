// The meaning of every node, plain: each value has its place in one array, and instructions fill the places in order.
#include <catenary/dsl/evaluate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include <catenary/dsl/schedule.h>
#include <catenary/support/philox.h>

namespace catenary {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

int32_t wrapped(int64_t v) { return int32_t(uint32_t(uint64_t(v))); }
uint32_t word(double v) { return uint32_t(int32_t(v)); }

// -0 lies below 0.
double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return nan;
  return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
}
double maximum(double a, double b) { return -minimum(-a, -b); }

// Where sums start: unlike 0, it leaves the sign of a zero alone.
constexpr double nothing = -0.0;

double saturated(double v) {
  if (std::isnan(v)) return 0;
  return std::clamp(std::trunc(v), -0x1p31, 0x1p31 - 1) + 0.0;  // An integer zero has no sign.
}

bool holds_an_angle(double x) { return std::abs(x) < 0x1p30; }

double unary(Op op, double x) {
  switch (op) {
    case Op::Neg: return -x;
    case Op::Abs: return std::abs(x);
    case Op::Floor: return std::floor(x);
    case Op::Sqrt: return std::sqrt(x);
    case Op::Exp: return std::exp(x);
    case Op::Expm1: return std::expm1(x);
    case Op::Log: return std::log(x);
    case Op::Log1p: return std::log1p(x);
    case Op::Sin: return holds_an_angle(x) ? std::sin(x) : nan;
    case Op::Cos: return holds_an_angle(x) ? std::cos(x) : nan;
    case Op::Not: return x == 0;
    case Op::ToInt: return saturated(x);
    case Op::ToBits: return std::bit_cast<int32_t>(float(x));
    case Op::FromBits: return std::bit_cast<float>(int32_t(x));
    default: throw Bug(fmt::format("evaluate: '{}' is not unary", name_of(op)));
  }
}

double float_binary(Op op, double a, double b) {
  switch (op) {
    case Op::Add: return a + b;
    case Op::Sub: return a - b;
    case Op::Mul: return a * b;
    case Op::Div: return a / b;
    case Op::Min: return minimum(a, b);
    case Op::Max: return maximum(a, b);
    case Op::Atan2: return std::atan2(a, b);
    case Op::Less: return a < b;
    case Op::LessEqual: return a <= b;
    case Op::Equal: return a == b;
    default: throw Bug(fmt::format("evaluate: '{}' takes no floats", name_of(op)));
  }
}

double int_binary(Op op, double x, double y) {
  int64_t a = int64_t(x), b = int64_t(y);
  uint32_t ua = word(x), ub = word(y);
  switch (op) {
    case Op::Add: return wrapped(a + b);
    case Op::Sub: return wrapped(a - b);
    case Op::Mul: return wrapped(a * b);
    case Op::Min: return double(std::min(a, b));
    case Op::Max: return double(std::max(a, b));
    case Op::MulHigh: return int32_t(uint32_t(uint64_t(ua) * ub >> 32));
    case Op::And: return int32_t(ua & ub);
    case Op::Or: return int32_t(ua | ub);
    case Op::Xor: return int32_t(ua ^ ub);
    case Op::Shl: return ub < 32 ? int32_t(ua << ub) : 0;
    case Op::Shr: return ub < 32 ? int32_t(ua >> ub) : 0;
    case Op::Less: return a < b;
    case Op::LessEqual: return a <= b;
    case Op::Equal: return a == b;
    case Op::Below: return ua < ub;
    default: throw Bug(fmt::format("evaluate: '{}' takes no integers", name_of(op)));
  }
}

// A run of elements copied from one place to another.
struct Move {
  size_t from, to, size;
};

struct Instruction;
using Block = std::vector<Instruction>;

// What a loop needs besides its values, which lie together at the place of its node.
struct Loop {
  int64_t trips;
  size_t trip;               // where the trip number is bound
  std::vector<Move> enter;   // first values to the loop's values
  std::vector<Move> bind;    // the loop's values to bound ones
  std::vector<Move> finish;  // next ones to the loop's values
  std::optional<size_t> condition;
  Block conditions, body;
};

struct Instruction {
  const Node* node;
  Op op;
  bool floats;                 // Its first argument is f32.
  size_t out, size;            // The place of its value.
  std::array<size_t, 3> args;  // The places of its first arguments.
  std::vector<Move> parts;     // Concat
  DrawSite site;               // draws
  std::shared_ptr<Loop> loop;  // loops
};

}  // namespace

struct Evaluator::Program {
  explicit Program(std::vector<Expr> o) : outputs(std::move(o)) {
    Schedule order = schedule(outputs);
    sites = number_draws(order);
    block = translate(order);
    for (const Expr& e : outputs) {
      results.push_back({at(e), result_size, size_of(e)});
      result_size += size_of(e);
    }
  }

  std::vector<Expr> outputs;  // Keep the nodes alive.
  std::vector<Expr> parameters;
  std::vector<size_t> parameter_places;
  Values memory;  // Constants in their places.
  Block block;
  std::vector<Move> results;
  size_t result_size = 0;

  static size_t size_of(const Expr& e) { return size_t(element_count(e.shape())); }

 private:
  std::map<const Node*, DrawSite> sites;
  std::unordered_map<const Node*, size_t> places;

  size_t at(const Expr& e) const { return places.at(e.get()); }

  size_t reserve(size_t size) {
    memory.resize(memory.size() + size);
    return memory.size() - size;
  }

  Block translate(const Schedule& s) {
    Block result;
    for (const Node* n : s.nodes) {
      size_t size = size_t(element_count(n->shape));
      // A value is computed again where a while's condition and its body share it, in the same place.
      bool known = places.count(n) != 0;
      if (auto place = lies_in(*n)) {
        places.emplace(n, *place);
        continue;
      }
      size_t out = known ? places.at(n) : reserve(n->body ? size_of_carried(*n) : size);
      places.emplace(n, out);
      if (n->op == Op::Constant) {
        // Compiled code holds constants in float: so does the evaluator, that both speak of the same numbers.
        for (size_t i = 0; i < size; ++i) {
          double v = n->values[n->values.size() == size ? i : 0];
          memory[out + i] = n->type == Type::f32 ? double(float(v)) : v;
        }
      } else if (n->op == Op::Parameter) {
        parameter_places.push_back(out);
        parameters.push_back(parameter(n->name, n->type, n->shape));  // The node itself, as an Expr.
      } else if (n->op != Op::Bound) {
        result.push_back(instruction(*n, s, out, size));
      }
    }
    return result;
  }

  // Where the value of n lies if it is part of another, in the same order.
  std::optional<size_t> lies_in(const Node& n) const {
    switch (n.op) {
      case Op::Reshape:
      case Op::ToFloat: return at(n.args[0]);
      case Op::Slice:
        return at(n.args[0]) + size_t(n.values[0]) * (size_t(element_count(n.shape)) / size_t(n.values[1]));
      case Op::Item: {
        size_t place = at(n.args[0]);
        for (size_t i = 0; i < size_t(n.values[0]); ++i) place += size_of(n.args[0]->args[i]);
        return place;
      }
      default: return std::nullopt;
    }
  }

  static size_t size_of_carried(const Node& n) {
    size_t size = 0;
    for (const Expr& e : n.args) size += size_of(e);
    return size;
  }

  Instruction instruction(const Node& n, const Schedule& s, size_t out, size_t size) {
    Instruction i{.node = &n,
                  .op = n.op,
                  .floats = !n.args.empty() && n.args[0].type() == Type::f32,
                  .out = out,
                  .size = size,
                  .args = {},
                  .parts = {},
                  .site = {},
                  .loop = {}};
    for (size_t k = 0; k < std::min(n.args.size(), i.args.size()); ++k) i.args[k] = at(n.args[k]);
    if (auto site = sites.find(&n); site != sites.end()) i.site = site->second;
    if (n.op == Op::Concat)
      for (size_t to = out; const Expr& a : n.args) {
        i.parts.push_back({at(a), to, size_of(a)});
        to += size_of(a);
      }
    if (n.body) i.loop = loop(n, s, out);
    return i;
  }

  std::shared_ptr<Loop> loop(const Node& n, const Schedule& s, size_t out) {
    auto l = std::make_shared<Loop>();
    l->trips = n.op == Op::Fold ? int64_t(n.values[0]) : most_trips;
    for (const Expr& b : n.body->bound)
      if (!places.count(b.get())) places.emplace(b.get(), reserve(size_of(b)));
    l->trip = at(n.body->bound[0]);
    if (n.op == Op::While) {
      l->conditions = translate(s.conditions.at(&n));
      l->condition = at(n.body->condition[0]);
    }
    l->body = translate(s.bodies.at(&n));
    for (size_t k = 0, place = out; k < n.args.size(); ++k) {
      size_t size = size_of(n.args[k]);
      l->enter.push_back({at(n.args[k]), place, size});
      l->bind.push_back({place, at(n.body->bound[k + 1]), size});
      l->finish.push_back({at(n.body->next[k]), place, size});
      place += size;
    }
    return l;
  }
};

namespace {

// One point.
class Evaluation {
 public:
  Evaluation(double* memory, const DrawAddress& address) : memory_(memory), address_(address) {}

  void run(const Block& block, uint32_t trip) {
    for (const Instruction& i : block) run(i, trip);
  }

  void move(const std::vector<Move>& moves) {
    for (const Move& m : moves) std::copy_n(memory_ + m.from, m.size, memory_ + m.to);
  }

 private:
  void run(const Instruction& in, uint32_t trip) {
    const Node& n = *in.node;
    size_t size = in.size;
    double* out = memory_ + in.out;
    const double *a = memory_ + in.args[0], *b = memory_ + in.args[1], *c = memory_ + in.args[2];
    auto elements = [&n](size_t i) { return size_t(element_count(n.args[i].shape())); };
    switch (in.op) {
      case Op::Normal:
      case Op::Uniform:
      case Op::Bits: return draw(in, trip);
      case Op::Select:
        for (size_t i = 0; i < size; ++i) out[i] = a[i] != 0 ? b[i] : c[i];
        return;
      case Op::Fma:
        for (size_t i = 0; i < size; ++i) out[i] = a[i] * b[i] + c[i];
        return;
      case Op::Splat: std::fill_n(out, size, *a); return;
      case Op::Transpose: {
        size_t rows = size_t(n.shape[0]), cols = size_t(n.shape[1]);
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < cols; ++j) out[i * cols + j] = a[j * rows + i];
        return;
      }
      case Op::Concat: return move(in.parts);
      case Op::At: std::copy_n(a + std::clamp<int64_t>(int64_t(*b), 0, int64_t(elements(0) - size)), size, out); return;
      case Op::Sum: {
        double total = std::accumulate(a, a + elements(0), nothing);
        *out = in.floats ? total : wrapped(int64_t(total));
        return;
      }
      case Op::MinOf: *out = std::accumulate(a, a + elements(0), *a, minimum); return;
      case Op::MaxOf: *out = std::accumulate(a, a + elements(0), *a, maximum); return;
      case Op::Dot: *out = std::inner_product(a, a + elements(0), b, nothing); return;
      case Op::MatMul: {
        size_t inner = size_t(n.args[0].shape()[1]), rows = size_t(n.shape[0]), cols = size / rows;
        std::fill_n(out, size, nothing);
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < cols; ++j)
            for (size_t k = 0; k < inner; ++k) out[i * cols + j] += a[i * inner + k] * b[k * cols + j];
        return;
      }
      case Op::Fold:
      case Op::While: return loop(*in.loop, trip);
      default: break;
    }
    if (n.args.size() == 1)
      for (size_t i = 0; i < size; ++i) out[i] = unary(in.op, a[i]);
    else if (in.floats)
      for (size_t i = 0; i < size; ++i) out[i] = float_binary(in.op, a[i], b[i]);
    else
      for (size_t i = 0; i < size; ++i) out[i] = int_binary(in.op, a[i], b[i]);
  }

  void draw(const Instruction& in, uint32_t trip) {
    const DrawSite& site = in.site;
    double* out = memory_ + in.out;
    DrawKind kind = in.op == Op::Normal ? DrawKind::normal : DrawKind::word;
    uint32_t stream = stream_word(address_.component, site.loop, address_.question, kind);
    uint32_t iteration = site.loop ? trip : 0;
    auto value_of = [&](uint64_t index) {
      return stream_value(address_.seed, address_.step, stream, iteration, index, address_.rounds);
    };
    uint64_t first = address_.point * uint64_t(site.per_point) + uint64_t(site.first);
    std::array<double, 2> pair{};
    for (uint64_t i = 0, index = first; i < in.size; ++i, ++index) {
      if (in.op == Op::Bits) {
        out[i] = double(int32_t(value_of(index)));
      } else if (in.op == Op::Uniform) {
        out[i] = uniform_of(value_of(index));
      } else {
        if (i == 0 || index % 2 == 0) pair = box_muller(value_of(index & ~uint64_t{1}), value_of(index | 1));
        out[i] = pair[index & 1];
      }
    }
  }

  void loop(const Loop& l, uint32_t outer_trip) {
    move(l.enter);
    uint32_t before = l.condition ? 0 : outer_trip * uint32_t(l.trips);
    for (int64_t trip = 0; trip < l.trips; ++trip) {
      memory_[l.trip] = double(trip);
      move(l.bind);
      if (l.condition) {
        run(l.conditions, 0);
        if (memory_[*l.condition] == 0) return;
      }
      run(l.body, before + uint32_t(trip));
      move(l.finish);
    }
  }

  double* memory_;
  const DrawAddress& address_;
};

}  // namespace

Evaluator::Evaluator(std::vector<Expr> outputs) : program_(std::make_shared<const Program>(std::move(outputs))) {}

const std::vector<Expr>& Evaluator::parameters() const { return program_->parameters; }

Values Evaluator::run(std::span<const double* const> parameters, const DrawAddress& address) const {
  const Program& p = *program_;
  if (parameters.size() != p.parameters.size())
    throw Bug(fmt::format("Evaluator::run: {} parameters are given to {}", parameters.size(), p.parameters.size()));
  Values memory = p.memory;
  for (size_t i = 0; i < parameters.size(); ++i)
    std::copy_n(parameters[i], Program::size_of(p.parameters[i]), memory.data() + p.parameter_places[i]);
  Evaluation(memory.data(), address).run(p.block, 0);
  Values result(p.result_size);
  for (const Move& m : p.results) std::copy_n(memory.data() + m.from, m.size, result.data() + m.to);
  return result;
}

std::vector<Values> Evaluator::operator()(const std::map<std::string, Values>& parameters,
                                          const DrawAddress& address) const {
  const Program& p = *program_;
  std::vector<const double*> given;
  for (const Expr& e : p.parameters) {
    auto found = parameters.find(e->name);
    if (found == parameters.end()) throw Error(fmt::format("evaluate: no value is given for parameter '{}'", e->name));
    if (found->second.size() != Program::size_of(e))
      throw Error(fmt::format("evaluate: parameter '{}' has {} elements; {} were given", e->name, Program::size_of(e),
                              found->second.size()));
    given.push_back(found->second.data());
  }
  Values all = run(given, address);
  std::vector<Values> results;
  for (const Move& m : p.results)
    results.emplace_back(all.begin() + int64_t(m.to), all.begin() + int64_t(m.to + m.size));
  return results;
}

std::vector<Values> evaluate(const std::vector<Expr>& outputs, const std::map<std::string, Values>& parameters,
                             const DrawAddress& address) {
  return Evaluator(outputs)(parameters, address);
}

}  // namespace catenary
