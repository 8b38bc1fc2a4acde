/* A program that knows no compiler: draws from the joint process 'deployed' and writes them to the file given. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <catenary/runtime/c_api.h>

#include "deployed.h"

enum { samples = 37, atoms = 5, kinds = 10, components = 8 };

typedef struct values {
  float place[samples][2];
  float direction[samples][3];
  float molecule[samples][2][2];
  float course[samples];
  float depth[samples][4];
  float position[samples][atoms][3];
  float angle[samples][atoms];
  int32_t kind[samples][atoms];
} values;

static const int64_t place_shape[] = {samples, 2}, direction_shape[] = {samples, 3};
static const int64_t molecule_shape[] = {samples, 2, 2}, course_shape[] = {samples};
static const int64_t depth_shape[] = {samples, 4};
static const int64_t position_shape[] = {samples, atoms, 3}, atoms_shape[] = {samples, atoms};
static const int64_t logits_shape[] = {samples, atoms, kinds};

static catenary_tensor tensor(const char* component, void* data, int32_t dtype, int32_t rank, const int64_t* shape) {
  catenary_tensor t;
  t.component = component, t.data = data, t.dtype = dtype, t.rank = rank, t.shape = shape;
  return t;
}

/* The tensors of `v`, in `tensors`. */
static catenary_state state_of(values* v, catenary_tensor* tensors) {
  catenary_state state;
  tensors[0] = tensor("place", v->place, CATENARY_F32, 2, place_shape);
  tensors[1] = tensor("direction", v->direction, CATENARY_F32, 2, direction_shape);
  tensors[2] = tensor("molecule", v->molecule, CATENARY_F32, 3, molecule_shape);
  tensors[3] = tensor("course", v->course, CATENARY_F32, 1, course_shape);
  tensors[4] = tensor("depth", v->depth, CATENARY_F32, 2, depth_shape);
  tensors[5] = tensor("position", v->position, CATENARY_F32, 3, position_shape);
  tensors[6] = tensor("angle", v->angle, CATENARY_F32, 2, atoms_shape);
  tensors[7] = tensor("kind", v->kind, CATENARY_I32, 2, atoms_shape);
  state.tensors = tensors, state.count = components;
  return state;
}

typedef struct losses {
  float place[samples], direction[samples], molecule[samples], course[samples], depth[samples];
  float position[samples][atoms], angle[samples][atoms], kind[samples][atoms];
} losses;

static catenary_state state_of_losses(losses* l, catenary_tensor* tensors) {
  catenary_state state;
  tensors[0] = tensor("place", l->place, CATENARY_F32, 1, atoms_shape);
  tensors[1] = tensor("direction", l->direction, CATENARY_F32, 1, atoms_shape);
  tensors[2] = tensor("molecule", l->molecule, CATENARY_F32, 1, atoms_shape);
  tensors[3] = tensor("course", l->course, CATENARY_F32, 1, atoms_shape);
  tensors[4] = tensor("depth", l->depth, CATENARY_F32, 1, atoms_shape);
  tensors[5] = tensor("position", l->position, CATENARY_F32, 2, atoms_shape);
  tensors[6] = tensor("angle", l->angle, CATENARY_F32, 2, atoms_shape);
  tensors[7] = tensor("kind", l->kind, CATENARY_F32, 2, atoms_shape);
  state.tensors = tensors, state.count = components;
  return state;
}

static catenary_message message;

static int failed(const char* what) {
  fprintf(stderr, "%s: %s\n", what, message.text);
  return 1;
}

/* Whether the libraries in this process include one of LLVM's. */
static int sees_llvm(void) {
  char line[4096];
  int seen = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  if (!maps) return 1;
  while (fgets(line, sizeof line, maps)) seen |= strstr(line, "LLVM") || strstr(line, "MLIR");
  fclose(maps);
  return seen;
}

int main(int count, char** arguments) {
  static values prior, forward, bridge, step, transition, gradient;
  static losses loss;
  static float logits[samples][atoms][kinds], logits_gradient[samples][atoms][kinds];
  catenary_tensor tensors[8][components];
  catenary_state prior_state = state_of(&prior, tensors[0]), forward_state = state_of(&forward, tensors[1]);
  catenary_state bridge_state = state_of(&bridge, tensors[2]), step_state = state_of(&step, tensors[3]);
  catenary_state transition_state = state_of(&transition, tensors[5]);
  catenary_state estimate = state_of(&prior, tensors[4]);
  catenary_state loss_state = state_of_losses(&loss, tensors[6]), gradient_state = state_of(&gradient, tensors[7]);
  float s[samples], t[samples], late = 2, half = 0.5f;
  catenary_times at_s = {s, samples}, at_t = {t, samples}, too_late = {&late, 1}, at_half = {&half, 1};
  catenary_draw draw = {0};
  catenary_sampler* sampler;
  FILE* file;
  int i;

  if (count != 2) return 2;
  tensors[4][7] = tensor("kind", logits, CATENARY_F32, 3, logits_shape);
  tensors[7][7] = tensor("kind", logits_gradient, CATENARY_F32, 3, logits_shape);
  for (i = 0; i < samples * atoms * kinds; ++i) (&logits[0][0][0])[i] = (float)(i * 7 % 11) * 0.25f;
  for (i = 0; i < samples; ++i) {
    t[i] = (float)(i * 37 % 101) / 100;
    s[i] = t[i] * (float)(i * 17 % 9) / 8;
  }
  draw.seed = 0xfedcba9876543210;
  draw.first_sample = 11;
  draw.step = 77;

  if (catenary_load(&catenary_deployed, 2, &sampler, &message)) return failed("load");
  if (catenary_prior(sampler, prior_state, &draw, &message)) return failed("prior");
  if (catenary_forward(sampler, forward_state, prior_state, at_t, &draw, &message)) return failed("forward");
  if (catenary_bridge(sampler, bridge_state, prior_state, forward_state, at_s, at_t, &draw, &message))
    return failed("bridge");
  if (catenary_step(sampler, step_state, estimate, forward_state, at_s, at_t, &draw, &message)) return failed("step");
  if (catenary_transition(sampler, transition_state, prior_state, at_s, at_t, &draw, &message))
    return failed("transition");
  if (catenary_loss(sampler, loss_state, estimate, bridge_state, forward_state, at_half, &draw, &message))
    return failed("loss");
  if (catenary_loss_gradient(sampler, gradient_state, estimate, bridge_state, forward_state, at_half, &draw, &message))
    return failed("loss_gradient");
  if (catenary_flow_step(sampler, step_state, estimate, forward_state, at_s, at_t, &draw, &message) != CATENARY_INVALID)
    return 6;
  if (catenary_flow_velocity(sampler, step_state, estimate, forward_state, at_half, &draw, &message) !=
      CATENARY_INVALID)
    return 6;
  if (catenary_mean_step(sampler, step_state, estimate, forward_state, at_s, at_t, &draw, &message) != CATENARY_INVALID)
    return 6;

  if (catenary_forward(sampler, step_state, prior_state, too_late, &draw, &message) != CATENARY_INVALID) return 3;
  printf("%s\n", message.text);
  catenary_release(sampler);
  if (sees_llvm()) return 4;

  file = fopen(arguments[1], "wb");
  if (!file) return 5;
  fwrite(&prior, sizeof prior, 1, file);
  fwrite(&forward, sizeof forward, 1, file);
  fwrite(&bridge, sizeof bridge, 1, file);
  fwrite(&step, sizeof step, 1, file);
  fwrite(&transition, sizeof transition, 1, file);
  fwrite(&loss, sizeof loss, 1, file);
  fwrite(&gradient, offsetof(values, kind), 1, file);
  fwrite(logits_gradient, sizeof logits_gradient, 1, file);
  return fclose(file) ? 5 : 0;
}
