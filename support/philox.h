// Philox4x32 and the counter layout, version 1: which words a draw is made of.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace catenary {

/// The most trips of a loop that draws: a trip takes bits 48 to 63 of a block's number. A while stops after as many in
/// any case.
inline constexpr int most_trips = 65536;

/// The layout below is frozen by golden tests; a change of any bit is a new version.
inline constexpr int counter_layout_version = 1;

/// The rounds that the authors recommend, and the fewest that passed all of their tests (BigCrush among them).
inline constexpr int philox_rounds = 10, fewest_philox_rounds = 7;

/// Philox4x32. Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
inline std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key,
                                          int rounds = philox_rounds) {
  for (int round = 0; round < rounds; ++round) {
    uint64_t a = uint64_t{0xD2511F53} * counter[0];
    uint64_t b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b), uint32_t(a >> 32) ^ counter[3] ^ key[1],
               uint32_t(a)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

/// Normals and raw words are two streams, so that Box-Muller pairs never share a word with anything else.
enum class DrawKind : uint32_t { normal = 0, word = 1 };

/// The question a pipeline answers; each draws from streams of its own.
enum class Question : uint32_t {
  prior = 0,
  forward = 1,
  bridge = 2,
  step = 3,
  transition = 4,
  log_density = 5,
  score = 6,
  loss = 7,
  loss_gradient = 8,
  flow_step = 9,
  convert = 10,
  mean_step = 11,
  flow_velocity = 12
};

inline constexpr std::array<const char*, 13> question_names = {
    "prior", "forward",       "bridge",    "step",    "transition", "log_density",  "score",
    "loss",  "loss_gradient", "flow_step", "convert", "mean_step",  "flow_velocity"};
/// Whether answers are draws; others are values.
inline bool is_drawn(Question question) { return question <= Question::transition; }
inline const char* name_of(Question question) { return question_names[size_t(question)]; }

/// Counter word 3: component in bits 16..31, loop in 8..15 (0 outside loops), question in 1..7, kind in bit 0.
inline constexpr uint32_t stream_word(uint32_t component, uint32_t loop, Question question, DrawKind kind) {
  return component << 16 | loop << 8 | uint32_t(question) << 1 | uint32_t(kind);
}

/// Word `index` of a stream. `index` = point * n + draw, where n is the number of draws of that kind a point makes in
/// that loop (or outside loops); `iteration` < 65536 is the trip of the loop, 0 outside loops.
inline uint32_t stream_value(uint64_t seed, uint32_t step, uint32_t stream, uint32_t iteration, uint64_t index,
                             int rounds = philox_rounds) {
  uint64_t block = index / 4;
  std::array<uint32_t, 4> counter = {uint32_t(block), uint32_t(block >> 32 & 0xffff) | iteration << 16, step, stream};
  return philox4x32(counter, {uint32_t(seed), uint32_t(seed >> 32)}, rounds)[index % 4];
}

/// The pair of normals of two words, in double precision. With u = (w0 + 1/2) / 2^32 and theta = pi/4 * int32(w1) /
/// 2^31, z0 = +- sqrt(-ln u) (cos theta - sin theta) and z1 = +- sqrt(-ln u) (cos theta + sin theta), the signs being
/// bits 0 and 1 of w1: Box-Muller with the octant taken out of the angle. |z| reaches 6.76.
inline std::array<double, 2> box_muller(uint32_t w0, uint32_t w1) {
  double s = std::sqrt(-std::log1p(-(double(~w0) + 0.5) * 0x1p-32));
  if (w0 < 0x80000000u) s = std::sqrt(-std::log((double(w0) + 0.5) * 0x1p-32));
  double theta = std::numbers::pi / 4 * double(int32_t(w1)) * 0x1p-31;
  double z0 = s * (std::cos(theta) - std::sin(theta)), z1 = s * (std::cos(theta) + std::sin(theta));
  return {w1 & 1 ? -z0 : z0, w1 & 2 ? -z1 : z1};
}

/// The uniform number in [0, 1) of a word: its upper 24 bits, exact in float.
inline double uniform_of(uint32_t word) { return double(word >> 8) * 0x1p-24; }

}  // namespace catenary
