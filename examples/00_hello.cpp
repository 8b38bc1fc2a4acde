// A whole program: winds and skies of two days, noised together, and walked back from noise around a model.
#include <cmath>
#include <vector>

#include <catenary/catenary.h>
#include <fmt/format.h>

using namespace catenary;

int main() {
  Joint day("day", /*horizon=*/8.0);
  day.add("wind", Brownian(Circle(), /*rate=*/1.0));          // where it blows, an angle
  day.add("sky", UniformJump(Categorical(3), /*rate=*/1.0));  // clear, cloudy or rainy
  Sampler sampler = compile(day);

  std::vector<float> wind = {0.5f, -2.0f};
  std::vector<int32_t> sky = {0, 2};
  State data{{"wind", TensorView(wind.data(), {2})}, {"sky", TensorView(sky.data(), {2})}};
  State noisy = sampler.forward(data, /*t=*/0.3, Seed(7));
  for (int i : {0, 1})
    fmt::print("wind {:+.2f}, sky {}, at t = 0.3: wind {:+.2f}, sky {}\n", wind[i], sky[i],
               noisy["wind"].values<float>()[i], noisy["sky"].values<int32_t>()[i]);

  auto model = [&](const ModelInput& input, State& estimate) {  // takes x_0 to be the day whose wind is nearer
    auto winds = input.state["wind"].values<const float>();
    auto endpoints = estimate["wind"].values<float>(), logits = estimate["sky"].values<float>();
    for (size_t i = 0; i < winds.size(); ++i) {
      size_t nearer = std::cos(winds[i] - wind[0]) > std::cos(winds[i] - wind[1]) ? 0 : 1;
      endpoints[i] = wind[nearer];
      for (int k : {0, 1, 2}) logits[3 * i + k] = k == sky[nearer] ? 0 : -100;
    }
  };
  State made = sampler.reverse(model, {8, 4, 2, 1, 0.5, 0.2, 0}, /*samples=*/10000, Seed(7));
  int count[2] = {};
  for (int32_t s : made["sky"].values<const int32_t>()) ++count[s == sky[1]];
  fmt::print("walked back from noise: {} days like the first, {} like the second\n", count[0], count[1]);
}
