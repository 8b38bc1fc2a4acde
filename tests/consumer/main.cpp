// Declares, compiles and samples a joint process, and verifies a space, with nothing but the installed library.
#include <cstdio>

#include <catenary/catenary.h>

int main() {
  using namespace catenary;
  Joint joint("consumer");
  joint.add("place", OrnsteinUhlenbeck(Euclidean({2}), {.theta = 1, .mean = 0, .sigma = 1}));
  joint.add("kind", UniformJump(Categorical(3), /*rate=*/1.0));

  const Sampler sampler = compile(joint);
  const State noise = sampler.prior(/*samples=*/4, Seed(7));
  const auto places = noise["place"].values<const float>();
  const auto kinds = noise["kind"].values<const int32_t>();
  for (size_t i = 0; i < kinds.size(); ++i) {
    std::printf("place (%8.5f, %8.5f)  kind %d\n", places[2 * i], places[2 * i + 1], kinds[i]);
  }
  const Report report = verify(Circle());
  std::printf("%s", report.table().c_str());
  return kinds.size() == 4 && report.passed() ? 0 : 1;
}
