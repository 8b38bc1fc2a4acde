/* Draws from a compiled joint process, and conversions, in C. */
#ifndef CATENARY_RUNTIME_C_API_H
#define CATENARY_RUNTIME_C_API_H

#include <catenary/runtime/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions below return. */
enum {
  CATENARY_OK = 0,
  CATENARY_INVALID = 1, /* the caller can mend it; nothing was written */
  CATENARY_FAULT = 2    /* out of memory, a fault of the library, or what a GPU's driver answered: outputs may be half
                           written */
};

/* Where a function says what was wrong: a sentence, cut to fit. Every `message` argument may be NULL. */
#define CATENARY_MESSAGE_BYTES 1024
typedef struct catenary_message {
  char text[CATENARY_MESSAGE_BYTES];
} catenary_message;

/* Contiguous memory of a component, the host's or that of the GPU that the sampler is on: dtype CATENARY_F32 or
   CATENARY_I32, shape [batch, sites..., point...]; where the sizes stand is the host's. Inputs are never written. */
typedef struct catenary_tensor {
  const char* component;
  void* data;
  int32_t dtype;
  int32_t rank;
  const int64_t* shape;
} catenary_tensor;

/* A tensor for every component of the joint process, in any order. */
typedef struct catenary_state {
  const catenary_tensor* tensors;
  int32_t count;
} catenary_state;

/* count = 1: one time for all samples; count = batch: one per sample. The host's, unless the draw says otherwise. */
typedef struct catenary_times {
  const float* values;
  int64_t count;
} catenary_times;

/* Zero-initialise it; 0 is the usual value of every field. */
typedef struct catenary_draw {
  uint64_t seed;
  int64_t first_sample; /* the number of the first sample of the batch */
  uint32_t step;
  int32_t threads;    /* at most so many; 0: all of the sampler's */
  int32_t trust_data; /* not 0: do not look for NaN and categories out of range; what a GPU has is trusted always */
  int32_t gpu_times;  /* not 0: the times are in the GPU's memory, s and t of equal count, and are not checked */
  void* stream;       /* on a GPU: the CUDA stream that draws are enqueued on; NULL: the default one */
  const catenary_device_seed* seed_memory; /* on a GPU: in its memory, added to seed and step there; NULL: none */
} catenary_draw;

/* Safe to use from many threads at once. */
typedef struct catenary_sampler catenary_sampler;

/* `threads` 0: CATENARY_THREADS, or else one per processor. The module must outlive it. *out is NULL on failure:
   another version of the ABI or of the counter layout, or code for a processor that has what this one lacks. */
int catenary_load(const catenary_module* module, int32_t threads, catenary_sampler** out, catenary_message* message);
void catenary_release(catenary_sampler* sampler); /* NULL is allowed */

/* Another sampler of the same draws, bit for bit, on GPU `index`, of a module that was compiled for GPUs; each is
   released by itself. `driver` is the library of NVIDIA's driver, NULL: libcuda.so.1. On a GPU the tensors are in its
   memory, and draws are enqueued without waiting for them: the sampler, the tensors, and pinned memory that times are
   in, must last until they are made. Through a GPU the tensors are the host's and are copied there and back. *out is
   NULL on failure: no driver, an old one, no such GPU, a module without code for it. */
int catenary_on_gpu(const catenary_sampler* sampler, int32_t index, const char* driver, catenary_sampler** out,
                    catenary_message* message);
int catenary_through_gpu(const catenary_sampler* sampler, int32_t index, const char* driver, catenary_sampler** out,
                         catenary_message* message);

/* Each fills the tensors of `out`, whose shapes give batch and sites. */
int catenary_prior(const catenary_sampler* sampler, catenary_state out, const catenary_draw* draw,
                   catenary_message* message);
int catenary_forward(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_times t,
                     const catenary_draw* draw, catenary_message* message);
int catenary_bridge(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                    catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                  catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_transition(const catenary_sampler* sampler, catenary_state out, catenary_state xs, catenary_times s,
                        catenary_times t, const catenary_draw* draw, catenary_message* message);

/* Values at the points: a log density and a loss are f32 numbers, shape [batch, sites...]; a score is f32 of the
   points' shape, the gradient of a loss of the estimates'; a step of the flow or of means is a point, and the velocity
   of a flow f32 of the points' shape, 0 of categories, as their score is. Of `draw` the seed and step are read for such
   steps alone, by which categories are drawn. */
int catenary_log_density(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                         catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_score(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                   catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_loss(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state x0,
                  catenary_state xt, catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_loss_gradient(const catenary_sampler* sampler, catenary_state out, catenary_state estimate,
                           catenary_state x0, catenary_state xt, catenary_times t, const catenary_draw* draw,
                           catenary_message* message);
int catenary_flow_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                       catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_mean_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                       catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message);
int catenary_flow_velocity(const catenary_sampler* sampler, catenary_state out, catenary_state estimate,
                           catenary_state xt, catenary_times t, const catenary_draw* draw, catenary_message* message);

/* The points of `source` as a conversion has them: a sampler of what was compiled from a Conversion answers this and
   nothing else. Its one component has the conversion's name. Of `draw` the seed and step are not read. */
int catenary_convert(const catenary_sampler* sampler, catenary_state out, catenary_state source,
                     const catenary_draw* draw, catenary_message* message);

#ifdef __cplusplus
}
static_assert(sizeof(catenary_tensor) == 32 && offsetof(catenary_tensor, shape) == 24, "layout of catenary_tensor");
static_assert(sizeof(catenary_draw) == 48 && offsetof(catenary_draw, stream) == 32, "layout of catenary_draw");
#endif

#endif
