// Lesson 2: a space of your own, and how to know that it is right.
//
// A tower crane's hook is told by two numbers: the angle of its arm, in radians, and its height, in metres. The angle
// goes round: just below pi and just above -pi are neighbours. And a radian is not a metre: out on a 3 m arm, a turn of
// 0.1 moves the hook by 0.3 m. So the hook lives on a cylinder, and a diffusion model of hooks needs that cylinder's
// geometry:
//
//   exp(x, v)   where one arrives, setting out from x with velocity v: noise is added by it;
//   log(x, y)   the velocity of the shortest way from x to y: models predict it, bridges follow it;
//   inner       how long a velocity is: what "noise of equal strength in every direction" means.
//
// A mistake in one of them rarely stops a training run. It makes samples a little wrong, for ever. The verifier looks
// for it.
#include <numbers>

#include <catenary/catenary.h>
#include <fmt/format.h>

using namespace catenary;

namespace {

constexpr double arm = 3;  // metres

Expr angle(const Expr& x) { return index(x, 0); }
Expr height(const Expr& x) { return index(x, 1); }

// Written in a hurry. It compiles, and one can train on it.
class FirstHook : public Manifold {
 public:
  FirstHook() : Manifold("hook", {.point = {2}, .dimension = 2, .injectivity_radius = arm * std::numbers::pi}) {}

  Expr project(Expr x) const override { return stack({Circle::wrap(angle(x)), height(x)}); }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr inner(Expr, Expr u, Expr v) const override { return arm * arm * angle(u) * angle(v) + height(u) * height(v); }
  Expr exp(Expr x, Expr v) const override { return project(x + v); }
  Expr log(Expr x, Expr y) const override { return y - x; }
};

// The same, after reading what the verifier said.
class Hook final : public FirstHook {
 public:
  // From 3.1 to -3.1 it is 0.083 forwards, not 6.2 back.
  Expr log(Expr x, Expr y) const override { return stack({Circle::wrap(angle(y) - angle(x)), height(y) - height(x)}); }
  // Noise of one metre in every direction is noise of 1 / arm radians in the angle.
  Expr tangent_normal(Expr) const override { return normal({2}) / constant({arm, 1}, {2}); }
  // And the steepest way up is not the vector of derivatives, where axes have different units.
  Expr gradient(Expr, Expr derivatives) const override { return derivatives / constant({arm * arm, 1}, {2}); }
};

}  // namespace

int main() {
  fmt::print("The first hook, as the verifier sees it:\n\n");
  Report first = verify(FirstHook());
  fmt::print("{}\n", first.table());

  fmt::print("The hook after three corrections:\n\n");
  Report corrected = verify(Hook());
  fmt::print("{}\n", corrected.table());

  // A lesson whose mistakes go unnoticed teaches nothing.
  return !first.passed() && corrected.passed() ? 0 : 1;
}
