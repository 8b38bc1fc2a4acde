// A whole program: two days' winds and skies, noised together, and days made from noise around a model.
#include <vector>

#include <catenary/catenary.h>
#include <fmt/format.h>

using namespace catenary;

int main() {
  Joint day("day", /*horizon=*/16.0);
  day.add("wind", Brownian(Circle(), /*rate=*/1.0));          // where it blows, an angle
  day.add("sky", UniformJump(Categorical(3), /*rate=*/1.0));  // clear, cloudy or rainy
  Sampler sampler = compile(day);

  std::vector<float> wind{0.5f, -2.0f};
  std::vector<int32_t> sky{0, 2};
  State data{{"wind", TensorView(wind.data(), {2})}, {"sky", TensorView(sky.data(), {2})}};
  State noisy = sampler.forward(data, /*t=*/0.3, Seed(7));
  fmt::print("the first day's wind at t = 0.3: {:+.3f}\n", noisy["wind"].values<float>()[0]);

  auto model = [](const ModelInput&, State& estimate) {  // yours: x_t -> an estimate of x_0
    for (float& angle : estimate["wind"].values<float>()) angle = 0.5f;
    for (float& logit : estimate["sky"].values<float>()) logit = 0.0f;
  };
  State made = sampler.reverse(model, /*times=*/{16, 8, 4, 2, 1, 0.5, 0}, /*samples=*/5, Seed(7));
  for (int32_t s : made["sky"].values<int32_t>()) fmt::print("a day made of noise: its sky is {}\n", s);
}
