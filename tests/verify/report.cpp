// What people and programs read of a report.
#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include <catenary/support/error.h>
#include <catenary/verify/report.h>

using namespace catenary;
namespace fs = std::filesystem;

namespace {

Report made() {
  Report report;
  report.subject = "space 'hook'";
  report.false_alarm = 1e-6;
  report.seconds = 1.25;
  Check good;
  good.name = "tangent noise";
  good.compared = "tangent_normal(x) along orthonormal directions, against standard normals";
  good.n = 4194304;
  good.statistic_name = "|z|";
  good.statistic = 1.55;
  good.threshold = 6.07;
  good.histograms = Histograms{"the noise along direction 1",
                               {-1, 0, 1, 2},
                               "by tangent_normal",
                               "in normals",
                               {0.25, 0.5, 0.25},
                               {0.2, 0.6, 0.2}};
  Check bad;
  bad.name = "log inverts exp";
  bad.compared = "log(x, exp(x, v)) against v";
  bad.n = 640;
  bad.statistic_name = "error/tol";
  bad.statistic = std::numeric_limits<double>::infinity();
  bad.threshold = 1;
  bad.verdict = Verdict::fail;
  bad.worst = "log(x, exp(x, v)) differs from v by 6.28 where |v| = 4.7";
  bad.advice = "log near the injectivity radius";
  Check skipped;
  skipped.name = "uniform points";
  skipped.verdict = Verdict::skipped;
  skipped.worst = "the space declares no uniform_point()";
  report.checks = {good, bad, skipped};
  return report;
}

fs::path folder() {
  fs::path path = fs::path(CATENARY_BUILD_DIR) / "tests" / "verify_report";
  fs::create_directories(path);
  return path;
}

}  // namespace

TEST_CASE("a table") {
  CHECK(made().table(100) ==
        "check            compared                                     n      statistic  threshold  verdict\n"
        "--------------------------------------------------------------------------------------------------\n"
        "tangent noise    tangent_normal(x) along orthonormal  4,194,304       |z| 1.55       6.07  pass\n"
        "                 directions, against standard\n"
        "                 normals\n"
        "log inverts exp  log(x, exp(x, v)) against v                640  error/tol inf          1  FAIL\n"
        "uniform points   the space declares no                                                     skipped\n"
        "                 uniform_point()\n"
        "\n"
        "FAILED: log inverts exp\n"
        "  log(x, exp(x, v)) differs from v by 6.28 where |v| = 4.7\n"
        "  look at: log near the injectivity radius\n"
        "\n"
        "space 'hook': 3 checks, 1 failed, 1 skipped, in 1.2 s; a correct one fails with probability 1e-06\n");
  CHECK(!made().passed());
}

TEST_CASE("JSON says the same") {
  auto json = nlohmann::json::parse(made().json());
  CHECK(json["subject"] == "space 'hook'");
  CHECK(json["passed"] == false);
  CHECK(json["false_alarm"] == 1e-6);
  REQUIRE(json["checks"].size() == 3);
  CHECK(json["checks"][0]["verdict"] == "pass");
  CHECK(json["checks"][0]["statistic"] == 1.55);
  CHECK(json["checks"][0]["histograms"]["a"] == std::vector<double>{0.25, 0.5, 0.25});
  CHECK(json["checks"][1]["verdict"] == "fail");
  CHECK(json["checks"][1]["statistic"] == "inf");
  CHECK(json["checks"][1]["worst"] == "log(x, exp(x, v)) differs from v by 6.28 where |v| = 4.7");
  CHECK(json["checks"][2]["verdict"] == "skipped");
}

TEST_CASE("a picture") {
  Report report = made();
  Check walk;
  walk.name = "posterior-mean walk";
  walk.curve = Curve{"steps", "energy distance to the data", {1, 2, 4}, {1, 0.1, 0.01}};
  report.checks.push_back(walk);
  fs::path file = folder() / "report.png";
  fs::remove(file);
  report.plot(file.string());
  std::ifstream in(file, std::ios::binary);
  std::string head(24, 0);
  in.read(head.data(), 24);
  CHECK(head.substr(1, 3) == "PNG");
  auto size = [&](size_t at) { return (unsigned char)head[at + 2] * 256 + (unsigned char)head[at + 3]; };
  CHECK(size(16) == 1620);
  CHECK(size(20) == 360);
}

TEST_CASE("pictures that cannot be drawn") {
  CHECK_THROWS_WITH(made().plot("/nowhere/report.png"),
                    "space 'hook': the picture '/nowhere/report.png' cannot be written; name a file that can");
  Report report = made();
  report.checks.resize(2);
  report.checks[0].histograms.reset();
  CHECK_THROWS_WITH(report.plot((folder() / "empty.png").string()),
                    "space 'hook': no check compares distributions, so there is nothing to draw");
}
