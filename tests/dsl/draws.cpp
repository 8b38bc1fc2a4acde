// Random numbers: known answers of Philox, the frozen counter layout, and the chances made of words.
#include <cmath>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/support/philox.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

Values signed_words(std::initializer_list<uint32_t> words) {
  Values v;
  for (uint32_t w : words) v.push_back(double(int32_t(w)));
  return v;
}

constexpr DrawAddress far{.seed = 0x0123456789abcdef,
                          .step = 5,
                          .component = 3,
                          .question = Question::bridge,
                          .point = (uint64_t{1} << 34) + 1};

void check_near(const Values& got, const Values& expected) {
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - expected[i]) < 1e-14);
}

}  // namespace

// Random123, kat_vectors.
TEST_CASE("Philox4x32 gives the published answers") {
  using Words = std::array<uint32_t, 4>;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  uint32_t ones = 0xffffffff;
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}, 7) == Words{0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48});
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}, 7) == Words{0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, 7) ==
        Words{0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a});
}

// Expected numbers come from a program written apart from this library. They are frozen: to change one is to change
// counter_layout_version.
TEST_CASE("the counter layout is frozen") {
  CHECK(counter_layout_version == 1);
  CHECK(stream_word(3, 1, Question::bridge, DrawKind::word) == 0x00030105);
  CHECK(stream_word(0xffff, 0xff, Question::step, DrawKind::normal) == 0xffffff06);

  SECTION("at the origin") {
    CHECK(evaluate({bits({2})}, {})[0] == Values{1299916284, -681647375});
    check_near(evaluate({normal({2})}, {})[0], {-0.519328890264545, -0.15046263912591554});
  }
  SECTION("beyond 2^32 blocks, at another seed, step, component and question") {
    CHECK(evaluate({bits({3})}, {}, far)[0] == signed_words({0xcf63f053, 0xbbef756e, 0x851ef3ea}));
    check_near(evaluate({normal({3})}, {}, far)[0], {1.1395902356058039, 0.3162264507584075, -0.2494066544135544});
  }
  SECTION("in a loop: a stream of its own, the trip in the counter") {
    DrawAddress address = far;
    address.point = 7;
    auto rows = fold(3, {constant(std::vector<double>(6), {3, 2}, Type::i32)}, [](Expr, const std::vector<Expr>& c) {
      return std::vector<Expr>{concat({slice(c[0], 1, 2), reshape(bits({2}), {1, 2})})};
    });
    CHECK(evaluate({rows[0]}, {}, address)[0] ==
          Values{-1127412134, 800772198, 1262142817, 261172148, 1454088337, 20913684});
  }
}

TEST_CASE("a point's draws of one kind follow each other, whatever lies between them") {
  Expr a = normal(), w = bits(), b = normal({2}), u = catenary::uniform();
  auto apart = evaluate({a, w, b, u}, {}, far);
  auto normals = evaluate({normal({3})}, {}, far)[0];
  auto words = evaluate({bits({2})}, {}, far)[0];
  CHECK(apart[0][0] == normals[0]);
  CHECK(apart[2] == Values{normals[1], normals[2]});
  CHECK(apart[1][0] == words[0]);
  CHECK(apart[3][0] == double(uint32_t(int32_t(words[1])) >> 8) * 0x1p-24);
}

TEST_CASE("consecutive points share Philox blocks without a gap") {
  std::vector<double> whole, single;
  for (uint64_t point = 0; point < 4; ++point) {
    Values three = evaluate({bits({3})}, {}, {.point = point})[0];
    whole.insert(whole.end(), three.begin(), three.end());
  }
  for (uint64_t point = 0; point < 12; ++point) single.push_back(evaluate({bits()}, {}, {.point = point})[0][0]);
  CHECK(whole == single);
}

TEST_CASE("seed, step, component, question and point each change the draw") {
  std::vector<DrawAddress> addresses(6);
  addresses[1].seed = uint64_t{1} << 32;
  addresses[2].step = 1;
  addresses[3].component = 1;
  addresses[4].question = Question::bridge;
  addresses[5].point = 1;
  std::vector<double> values;
  for (const DrawAddress& a : addresses) values.push_back(evaluate({normal()}, {}, a)[0][0]);
  std::sort(values.begin(), values.end());
  CHECK(std::unique(values.begin(), values.end()) == values.end());
}

TEST_CASE("Box-Muller") {
  SECTION("covers the tails and both signs") {
    double reach = std::sqrt(2 * 33 * std::log(2.0));
    auto [a, b] = box_muller(0, 0x80000000);  // The smallest u, at the edge of the octant.
    CHECK(a == Approx(reach).epsilon(1e-9));
    CHECK(std::abs(b) < 1e-6);
    CHECK(box_muller(0, 0)[0] == Approx(reach / std::sqrt(2.0)).epsilon(1e-12));
    CHECK(box_muller(0, 3)[0] == Approx(-reach / std::sqrt(2.0)).epsilon(1e-6));
    CHECK(box_muller(0, 3)[1] == Approx(-reach / std::sqrt(2.0)).epsilon(1e-6));
    CHECK(std::abs(box_muller(0xffffffff, 0)[0]) == Approx(std::sqrt(0x1p-33)).epsilon(1e-9));
  }
  SECTION("gives independent standard normals") {
    std::vector<double> z, products, squares;
    for (uint64_t point = 0; point < 20000; ++point) {
      Values pair = evaluate({normal({2})}, {}, {.seed = 11, .point = point})[0];
      z.insert(z.end(), pair.begin(), pair.end());
      products.push_back(pair[0] * pair[1]);
      squares.push_back(pair[0] * pair[0] * pair[1] * pair[1]);
    }
    CHECK(ks_distance(z, normal_cdf) < ks_bound(z.size()));
    CHECK(std::abs(z_of_mean(products, 0)) < z_bound());
    CHECK(std::abs(z_of_mean(squares, 1)) < z_bound());
  }
}

TEST_CASE("chance keeps both tails") {
  auto words = [](double p, double q) {
    return uint32_t(int32_t(evaluate({chance(constant(p), constant(q))}, {})[0][0]));
  };
  CHECK(words(0, 1) == 0);
  CHECK(words(1, 0) == 0xffffffff);
  CHECK(words(0.5, 0.5) == 0x80000000);
  CHECK(words(0.25, 0.75) == 0x40000000);
  CHECK(words(0.75, 0.25) == 0xc0000000);
  CHECK(words(0x1p-32, 1) == 1);
  CHECK(words(5 * 0x1p-32, 1) == 5);
  CHECK(words(0x1p-40, 1) == 0);
  CHECK(words(1, 0x1p-32) == 0xffffffff);
  CHECK(words(1, 5 * 0x1p-32) == 0xfffffffb);
  CHECK(words(1, 0x1p-40) == 0xffffffff);
  // A probability that rounding has put outside of [0, 1] is at the end of it.
  CHECK(words(-0x1p-24, 1 + 0x1p-23) == 0);
  CHECK(words(1 + 0x1p-23, -0x1p-24) == 0xffffffff);
}

TEST_CASE("bernoulli and uniform_int follow their laws") {
  std::vector<double> rare, faces;
  for (uint64_t point = 0; point < 20000; ++point) {
    auto v = evaluate({to_float(bernoulli(0.01, 0.99)), uniform_int(7)}, {}, {.seed = 5, .point = point});
    rare.push_back(v[0][0]);
    faces.push_back(v[1][0]);
  }
  CHECK(std::abs(z_of_mean(rare, 0.01)) < z_bound());
  CHECK(chi_square(count(faces, 7), std::vector<double>(7, 20000.0 / 7)) < chi_square_bound(6));
  CHECK(evaluate({uniform_int(1)}, {})[0][0] == 0);
}
