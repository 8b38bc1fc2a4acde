// The meaning of every node, slow and plain.
#include <catenary/dsl/evaluate.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/dsl/schedule.h>

namespace catenary {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t most_trips = 65536;

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

double unary(const Node& n, double x) {
  switch (n.op) {
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
    case Op::ToFloat: return x;
    case Op::ToInt: return saturated(x);
    default: throw Bug(fmt::format("evaluate: '{}' is not unary", name_of(n.op)));
  }
}

double float_binary(const Node& n, double a, double b) {
  switch (n.op) {
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
    default: throw Bug(fmt::format("evaluate: '{}' takes no floats", name_of(n.op)));
  }
}

double int_binary(const Node& n, double x, double y) {
  int64_t a = int64_t(x), b = int64_t(y);
  uint32_t ua = word(x), ub = word(y);
  switch (n.op) {
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
    default: throw Bug(fmt::format("evaluate: '{}' takes no integers", name_of(n.op)));
  }
}

class Evaluation {
 public:
  Evaluation(const std::map<std::string, Values>& parameters, const DrawAddress& address)
      : parameters_(parameters), address_(address) {}

  void run(const Schedule& s, uint32_t trip) {
    for (const Node* n : s.nodes) value_[n] = compute(*n, s, trip);
  }
  const Values& at(const Expr& e) { return value_.at(e.get()); }
  std::map<const Node*, DrawSite> sites;

 private:
  Values compute(const Node& n, const Schedule& s, uint32_t trip) {
    auto arg = [&](size_t i) -> const Values& { return value_.at(n.args[i].get()); };
    size_t size = size_t(element_count(n.shape));
    switch (n.op) {
      case Op::Constant: {
        if (n.values.size() == size) return as_float(n, n.values);
        return as_float(n, Values(size, n.values[0]));
      }
      case Op::Parameter: {
        auto found = parameters_.find(n.name);
        if (found == parameters_.end())
          throw Error(fmt::format("evaluate: no value is given for parameter '{}'", n.name));
        if (found->second.size() != size)
          throw Error(fmt::format("evaluate: parameter '{}' has {} elements; {} were given", n.name, size,
                                  found->second.size()));
        return found->second;
      }
      case Op::Bound: return value_.at(&n);
      case Op::Normal:
      case Op::Uniform:
      case Op::Bits: return drawn(n, trip);
      case Op::Select: {
        Values v(size);
        for (size_t i = 0; i < size; ++i) v[i] = arg(0)[i] != 0 ? arg(1)[i] : arg(2)[i];
        return v;
      }
      case Op::Fma: {
        Values v(size);
        for (size_t i = 0; i < size; ++i) v[i] = arg(0)[i] * arg(1)[i] + arg(2)[i];
        return v;
      }
      case Op::Splat: return Values(size, arg(0)[0]);
      case Op::Slice: {
        size_t row = size / size_t(n.values[1]);
        auto first = arg(0).begin() + int64_t(n.values[0]) * int64_t(row);
        return Values(first, first + int64_t(size));
      }
      case Op::Reshape: return arg(0);
      case Op::Transpose: {
        size_t rows = size_t(n.shape[0]), cols = size_t(n.shape[1]);
        Values v(size);
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < cols; ++j) v[i * cols + j] = arg(0)[j * rows + i];
        return v;
      }
      case Op::Concat: {
        Values v;
        for (const Expr& a : n.args) v.insert(v.end(), at(a).begin(), at(a).end());
        return v;
      }
      case Op::At: return {arg(0)[size_t(std::clamp<int64_t>(int64_t(arg(1)[0]), 0, int64_t(arg(0).size()) - 1))]};
      case Op::Sum: {
        double total = nothing;
        for (double x : arg(0)) total += x;
        return {n.type == Type::i32 ? wrapped(int64_t(total)) : total};
      }
      case Op::MinOf:
      case Op::MaxOf: {
        double best = arg(0)[0];
        for (double x : arg(0)) best = n.op == Op::MinOf ? minimum(best, x) : maximum(best, x);
        return {best};
      }
      case Op::Dot: {
        double total = nothing;
        for (size_t i = 0; i < arg(0).size(); ++i) total += arg(0)[i] * arg(1)[i];
        return {total};
      }
      case Op::MatMul: {
        size_t inner = size_t(n.args[0].shape()[1]), rows = size_t(n.shape[0]),
               cols = n.shape.size() == 2 ? size_t(n.shape[1]) : 1;
        Values v(size, nothing);
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < cols; ++j)
            for (size_t k = 0; k < inner; ++k) v[i * cols + j] += arg(0)[i * inner + k] * arg(1)[k * cols + j];
        return v;
      }
      case Op::Fold:
      case Op::While: return loop(n, s, trip);
      case Op::Item: return carried_.at(n.args[0].get())[size_t(n.values[0])];
      default: break;
    }
    Values v(size);
    if (n.args.size() == 1) {
      for (size_t i = 0; i < size; ++i) v[i] = unary(n, arg(0)[i]);
    } else {
      bool floats = n.args[0].type() == Type::f32;
      for (size_t i = 0; i < size; ++i)
        v[i] = floats ? float_binary(n, arg(0)[i], arg(1)[i]) : int_binary(n, arg(0)[i], arg(1)[i]);
    }
    return v;
  }

  // Compiled code holds constants in float: so does the evaluator, that both speak of the same numbers.
  static Values as_float(const Node& n, Values v) {
    if (n.type == Type::f32)
      for (double& x : v) x = double(float(x));
    return v;
  }

  Values drawn(const Node& n, uint32_t trip) {
    const DrawSite& site = sites.at(&n);
    DrawKind kind = n.op == Op::Normal ? DrawKind::normal : DrawKind::word;
    uint32_t stream = stream_word(address_.component, site.loop, address_.question, kind);
    uint32_t iteration = site.loop ? trip : 0;
    auto value_of = [&](uint64_t index) {
      return stream_value(address_.seed, address_.step, stream, iteration, index);
    };
    Values v(size_t(element_count(n.shape)));
    for (size_t i = 0; i < v.size(); ++i) {
      uint64_t index = address_.point * uint64_t(site.per_point) + uint64_t(site.first) + i;
      if (n.op == Op::Normal)
        v[i] = box_muller(value_of(index & ~uint64_t{1}), value_of(index | 1))[index & 1];
      else
        v[i] = n.op == Op::Bits ? double(int32_t(value_of(index))) : uniform_of(value_of(index));
    }
    return v;
  }

  Values loop(const Node& n, const Schedule& s, uint32_t outer_trip) {
    std::vector<Values> carried;
    for (const Expr& a : n.args) carried.push_back(at(a));
    int64_t trips = n.op == Op::Fold ? int64_t(n.values[0]) : most_trips;
    auto bind = [&](int64_t trip) {
      value_[n.body->bound[0].get()] = {double(trip)};
      for (size_t i = 0; i < carried.size(); ++i) value_[n.body->bound[i + 1].get()] = carried[i];
    };
    for (int64_t trip = 0; trip < trips; ++trip) {
      bind(trip);
      if (n.op == Op::While) {
        run(s.conditions.at(&n), 0);
        if (at(n.body->condition[0])[0] == 0) break;
      }
      run(s.bodies.at(&n), outer_trip * uint32_t(n.op == Op::Fold ? trips : 0) + uint32_t(trip));
      for (size_t i = 0; i < carried.size(); ++i) carried[i] = at(n.body->next[i]);
    }
    Values first = carried[0];
    carried_[&n] = std::move(carried);
    return first;
  }

  const std::map<std::string, Values>& parameters_;
  DrawAddress address_;
  std::map<const Node*, Values> value_;
  std::map<const Node*, std::vector<Values>> carried_;
};

}  // namespace

std::vector<Values> evaluate(const std::vector<Expr>& outputs, const std::map<std::string, Values>& parameters,
                             const DrawAddress& address) {
  Schedule order = schedule(outputs);
  Evaluation e(parameters, address);
  e.sites = number_draws(order);
  e.run(order, 0);
  std::vector<Values> results;
  for (const Expr& o : outputs) results.push_back(e.at(o));
  return results;
}

}  // namespace catenary
