// A module written by hand, so that the runtime is tested without the compiler: the laws are toys, the draws are real.
#pragma once

#include <array>
#include <atomic>
#include <cmath>
#include <vector>

#include <catenary/runtime/abi.h>
#include <catenary/support/philox.h>

namespace catenary::fake {

// Components: place f32 [3] and region i32 [] (10 categories) on sites 'residues', scale f32 [] on sites 'chain'.
inline constexpr int64_t regions = 10;
inline constexpr double horizon = 2.0;

/// Set by a kernel that was handed NaN, a category out of range, a time it was not given, or a misaligned tile.
inline std::atomic<bool> garbage = false;

/// Coefficients at (s, t): forward, log_density and prior read t alone.
inline std::array<float, 3> coefficients(Question question, float s, float t) {
  if (question == Question::prior) return {0.0f, 1.5f, 0.0f};
  if (question == Question::transition) t -= s;
  if (question != Question::bridge && question != Question::step)
    return {std::exp(-t), std::sqrt(1 - std::exp(-2 * t)), 1 - t / 2};
  return {t == 0 ? 0.0f : s / t, std::sqrt(std::max(0.0f, s - (t == 0 ? 0.0f : s * s / t))), t == 0 ? 1.0f : 1 - s / t};
}

inline float normal_at(uint64_t seed, uint32_t step, uint32_t stream, uint64_t index) {
  uint64_t pair = index / 2 * 2;
  return float(
      box_muller(stream_value(seed, step, stream, 0, pair), stream_value(seed, step, stream, 0, pair + 1))[index % 2]);
}

/// One number of a continuous component. `end` is x0 or the estimate, `xt` is read by bridge and step.
inline float continuous(Question question, const std::array<float, 3>& c, float end, float xt, int component,
                        uint64_t index, uint64_t seed, uint32_t step) {
  float z = normal_at(seed, step, stream_word(uint32_t(component), 0, question, DrawKind::normal), index);
  if (question != Question::bridge && question != Question::step) return c[0] * end + c[1] * z;
  return c[0] * xt + c[2] * end + c[1] * z;
}

/// The category: of `end` with probability c[2], else any.
inline int32_t category(Question question, const std::array<float, 3>& c, int32_t end, int32_t xt, uint64_t point,
                        uint64_t seed, uint32_t step) {
  uint32_t stream = stream_word(1, 0, question, DrawKind::word);
  bool keep = float(uniform_of(stream_value(seed, step, stream, 0, point * 2))) < c[2];
  int32_t any = int32_t(stream_value(seed, step, stream, 0, point * 2 + 1) % uint32_t(regions));
  return keep ? end : question == Question::bridge || question == Question::step ? xt : any;
}

/// One number's part of a log density, and of a score.
inline float part_of_density(const std::array<float, 3>& c, float x0, float xt) { return c[0] * x0 * xt + c[1]; }
inline float part_of_score(const std::array<float, 3>& c, float x0, float xt) { return c[0] * x0 - c[1] * xt; }

inline int32_t largest(const float* logits) {
  int32_t best = 0;
  for (int32_t k = 1; k < regions; ++k)
    if (logits[k] > logits[best]) best = k;
  return best;
}

template <int lanes, Question question>
void sample_part(const catenary_sample_args* args) {
  constexpr bool two = question == Question::bridge || question == Question::step || question == Question::transition;
  if (args->count % lanes != 0 || args->count == 0) garbage = true;
  for (int64_t i = 0; i < args->count; ++i) {
    float first = question == Question::prior ? 0 : args->times[0][i], second = two ? args->times[1][i] : first;
    if (!(first >= 0 && second >= first && second <= float(horizon))) garbage = true;
    auto c = coefficients(question, first, second);
    for (int k = 0; k < 3; ++k) args->coefficients[k * args->count + i] = c[size_t(k)];
  }
}

/// Calls body(q, point, coefficients) for every point of the tiles.
template <int tile, int group, class Body>
void each_point(const catenary_tile_args* args, Body body) {
  if (args->first_point % tile != 0 || args->tiles < 1) garbage = true;
  for (int64_t q = 0; q < args->tiles * tile; ++q) {
    int64_t lanes = tile / group, lane = q % tile / group, slot = q % group;
    std::array<float, 3> c;
    for (int k = 0; k < 3; ++k)
      c[size_t(k)] = args->coefficients[q / tile * args->coefficient_stride + (k * group + slot) * lanes + lane];
    body(q, args->first_point + uint64_t(q), c);
  }
}

/// Operands: the inputs of place, then of region, then both outputs.
template <int tile, int group, Question question>
void residues(const catenary_tile_args* args) {
  constexpr bool has_end = question != Question::prior,
                 has_xt = question == Question::bridge || question == Question::step;
  constexpr int inputs = has_end + has_xt;
  auto f = [&](int i) { return static_cast<float*>(args->operands[i]); };
  auto n = [&](int i) { return static_cast<int32_t*>(args->operands[i]); };
  each_point<tile, group>(args, [&](int64_t q, uint64_t point, const std::array<float, 3>& c) {
    for (int64_t d = 0; d < 3; ++d) {
      float end = has_end ? f(0)[q * 3 + d] : 0, xt = has_xt ? f(1)[q * 3 + d] : 0;
      if (std::isnan(end) || std::isnan(xt)) garbage = true;
      f(2 * inputs)[q * 3 + d] = continuous(question, c, end, xt, 0, point * 3 + uint64_t(d), args->seed, args->step);
    }
    int32_t end = question == Question::step ? largest(f(inputs) + q * regions) : has_end ? n(inputs)[q] : 0;
    int32_t xt = has_xt ? n(inputs + 1)[q] : 0;
    if (end < 0 || end >= regions || xt < 0 || xt >= regions) garbage = true;
    n(2 * inputs + 1)[q] = category(question, c, end, xt, point, args->seed, args->step);
  });
}

template <int tile, int group, Question question>
void chain(const catenary_tile_args* args) {
  constexpr bool has_end = question != Question::prior,
                 has_xt = question == Question::bridge || question == Question::step;
  auto f = [&](int i) { return static_cast<float*>(args->operands[i]); };
  each_point<tile, group>(args, [&](int64_t q, uint64_t point, const std::array<float, 3>& c) {
    float end = has_end ? f(0)[q] : 0, xt = has_xt ? f(1)[q] : 0;
    if (std::isnan(end) || std::isnan(xt)) garbage = true;
    f(has_end + has_xt)[q] = continuous(question, c, end, xt, 2, point, args->seed, args->step);
  });
}

/// Operands: x0 and xt of place, of region, then both log densities; or of scale alone.
template <int tile, int group, bool on_residues>
void densities(const catenary_tile_args* args) {
  auto f = [&](int i) { return static_cast<float*>(args->operands[i]); };
  auto n = [&](int i) { return static_cast<int32_t*>(args->operands[i]); };
  each_point<tile, group>(args, [&](int64_t q, uint64_t, const std::array<float, 3>& c) {
    if (!on_residues) return void(f(2)[q] = part_of_density(c, f(0)[q], f(1)[q]));
    f(4)[q] = 0;
    for (int64_t d = 0; d < 3; ++d) f(4)[q] += part_of_density(c, f(0)[q * 3 + d], f(1)[q * 3 + d]);
    f(5)[q] = n(2)[q] == n(3)[q] ? c[2] : -1;
  });
}

/// Operands: x0, xt, the score of place.
template <int tile, int group>
void scores(const catenary_tile_args* args) {
  auto f = [&](int i) { return static_cast<float*>(args->operands[i]); };
  each_point<tile, group>(args, [&](int64_t q, uint64_t, const std::array<float, 3>& c) {
    for (int64_t d = q * 3; d < q * 3 + 3; ++d) f(2)[d] = part_of_score(c, f(0)[d], f(1)[d]);
  });
}

struct Fake {
  std::vector<catenary_component> components;
  std::vector<std::vector<catenary_operand>> operands;
  std::vector<catenary_kernel> kernels;
  catenary_module module = {};
};

/// A module for vectors of `lanes`, with groups of `group` points in tiles of `tile` on both sites.
template <int lanes, int group, int tile = lanes * group>
const catenary_module* module() {
  static const Fake fake = [] {
    Fake made;
    const catenary_point place = {CATENARY_F32, 1, {3}, 3, 0}, region = {CATENARY_I32, 0, {}, 1, regions},
                         logits = {CATENARY_F32, 1, {regions}, regions, 0}, scale = {CATENARY_F32, 0, {}, 1, 0};
    made.components = {{"place", "sphere", "residues", place, place, "endpoint"},
                       {"region", "categorical", "residues", region, logits, "logits"},
                       {"scale", "line", "chain", scale, scale, "endpoint"}};
    auto add = [&]<Question question>(std::integral_constant<Question, question>) {
      constexpr int times[] = {0, 1, 2, 2, 2, 1};
      std::vector<int32_t> inputs;
      if (question == Question::forward) inputs = {CATENARY_X0};
      if (question == Question::bridge) inputs = {CATENARY_X0, CATENARY_XT};
      if (question == Question::step) inputs = {CATENARY_ESTIMATE, CATENARY_XT};
      if (question == Question::transition) inputs = {CATENARY_XS};
      if (question == Question::log_density) inputs = {CATENARY_X0, CATENARY_XT};
      constexpr bool density = question == Question::log_density;
      for (std::vector<int32_t> members : {std::vector<int32_t>{0, 1}, std::vector<int32_t>{2}}) {
        std::vector<catenary_operand> operands;
        for (int32_t component : members)
          for (int32_t role : inputs) operands.push_back({component, role});
        for (int32_t component : members)
          operands.push_back({component, density ? CATENARY_LOG_DENSITY : CATENARY_OUT});
        made.operands.push_back(operands);
        void (*points)(const catenary_tile_args*);
        if constexpr (density)
          points = members[0] == 0 ? densities<tile, group, true> : densities<tile, group, false>;
        else
          points = members[0] == 0 ? residues<tile, group, question> : chain<tile, group, question>;
        made.kernels.push_back({name_of(question), members[0] == 0 ? "residues" : "chain", lanes, group, tile, 1,
                                times[int(question)], 3, members[0] == 0 ? 3 : 1, 0, int32_t(operands.size()), nullptr,
                                sample_part<lanes, question>, points});
      }
    };
    add(std::integral_constant<Question, Question::prior>{});
    add(std::integral_constant<Question, Question::forward>{});
    add(std::integral_constant<Question, Question::bridge>{});
    add(std::integral_constant<Question, Question::step>{});
    add(std::integral_constant<Question, Question::transition>{});
    add(std::integral_constant<Question, Question::log_density>{});
    for (size_t i = 0; i < made.kernels.size(); ++i) made.kernels[i].operands = made.operands[i].data();
    made.module = {CATENARY_ABI_VERSION,   uint32_t(counter_layout_version), "protein",          "any", "", horizon, 3,
                   made.components.data(), int32_t(made.kernels.size()),     made.kernels.data()};
    return made;
  }();
  return &fake.module;
}

/// A module with `place` alone that answers nothing but score.
template <int lanes, int group, int tile = lanes * group>
const catenary_module* scores_module() {
  static const catenary_point place = {CATENARY_F32, 1, {3}, 3, 0};
  static const catenary_component component = {"place", "sphere", "residues", place, place, "endpoint"};
  static const catenary_operand operands[] = {{0, CATENARY_X0}, {0, CATENARY_XT}, {0, CATENARY_TANGENT}};
  static const catenary_kernel kernel = {"score",
                                         "residues",
                                         lanes,
                                         group,
                                         tile,
                                         1,
                                         1,
                                         3,
                                         0,
                                         0,
                                         3,
                                         operands,
                                         sample_part<lanes, Question::score>,
                                         scores<tile, group>};
  static const catenary_module module = {
      CATENARY_ABI_VERSION, uint32_t(counter_layout_version), "arrows", "any", "", horizon, 1, &component, 1, &kernel};
  return &module;
}

/// Every combination of 4, 8, 16 lanes and groups of 1, 2, 4; and tiles of more vectors than a group has points.
inline std::vector<const catenary_module*> all_modules() {
  return {module<4, 1>(),  module<4, 2>(),     module<4, 4>(),     module<8, 1>(),
          module<8, 2>(),  module<8, 4>(),     module<16, 1>(),    module<16, 2>(),
          module<16, 4>(), module<4, 1, 32>(), module<8, 2, 32>(), module<16, 1, 128>()};
}

}  // namespace catenary::fake
