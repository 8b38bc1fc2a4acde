// The verifier on a GPU: by a stand-in for the driver that runs the kernels here.
#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <vector>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/cuda/fake_driver.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/targets/device_bodies.h>
#include <catenary/verify/verify.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

Joint joint() {
  Joint joint("two");
  joint.add("angle", Brownian(Circle(), 4.0));
  joint.add("turn", Brownian(Rotations(), 4.0), {.sites = "residues"});
  return joint;
}

}  // namespace

TEST_CASE("the verifier draws on a GPU, and compares its bits with the processor's") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  fake.driver->loads_all = true;
  bool broken = false;
  auto launches = std::make_shared<int>(0);
  for (Question question :
       {Question::prior, Question::forward, Question::bridge, Question::step, Question::transition}) {
    auto body = std::make_shared<DeviceBodies>(joint(), question);
    for (const KernelEntry& kernel : body->kernels())
      for (const std::string& symbol : {kernel.sample_symbol, kernel.points_symbol})
        fake.add(symbol.c_str(), [=, &broken](const void* parameter, unsigned blocks, unsigned threads, void*) {
          ++*launches;
          body->launch(symbol, parameter, {blocks, threads});
          // Another seed's draws are no error of the law, but other bits.
          if (broken && symbol == kernel.points_symbol && question == Question::bridge) {
            auto args = *static_cast<const catenary_device_points_args*>(parameter);
            std::vector<char> other(sizeof args + CATENARY_DEVICE_OPERANDS * sizeof(void*));
            std::memcpy(other.data(), parameter, sizeof args + 3 * sizeof(void*));
            ++reinterpret_cast<catenary_device_points_args*>(other.data())->seed;
            body->launch(symbol, other.data(), {blocks, threads});
          }
        });
  }
  VerifyOptions options{.effort = Effort::quick,
                        .gpu = 1,
                        .driver = CATENARY_FAKE_CUDA_DRIVER,
                        .spaces = false,
                        .only = {"ends", "independence", "same bits"}};
  Report report = verify(joint(), options);
  INFO(report.table());
  CHECK(report.passed());
  CHECK(*launches > 100);
  CHECK(report.table().find("same bits: GPU") != std::string::npos);

  broken = true;
  options.only = {"same bits"};
  std::string failing = verify(joint(), options).table();
  INFO(failing);
  CHECK(failing.find("same bits: GPU") != std::string::npos);
  CHECK(failing.find("FAIL") != std::string::npos);

  fake.driver->gpus = 1;
  CHECK(message_of([&] { verify(joint(), options); }).find("cuda:1") != std::string::npos);
}
