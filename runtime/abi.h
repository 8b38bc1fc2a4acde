/* The border between generated code and everything else: plain C, versioned, nothing but pointers, counts and
   strides. */
#ifndef CATENARY_RUNTIME_ABI_H
#define CATENARY_RUNTIME_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CATENARY_ABI_VERSION 8
#define CATENARY_MAX_RANK 4
#define CATENARY_MAX_TIMES 2

enum { CATENARY_F32 = 0, CATENARY_I32 = 1 };

/* The value of one point: element type and static shape. `categories` > 0: every element is in [0, categories). */
typedef struct catenary_point {
  int32_t dtype;
  int32_t rank;
  int64_t shape[CATENARY_MAX_RANK];
  int64_t size; /* elements of a point: the product of the shape */
  int64_t categories;
} catenary_point;

/* A named component of a joint process; a conversion is a module of one. */
typedef struct catenary_component {
  const char* name;
  const char* space;
  const char* sites; /* components with equal `sites` have equal site shapes and share a kernel */
  catenary_point point;
  catenary_point estimate;   /* what the model returns at a point; of a conversion what it takes */
  const char* estimate_kind; /* "endpoint", "logits", ...; see Process::estimates; of a conversion Conversion::from */
} catenary_component;

/* What one pointer of a kernel holds: `role` of `component` (an index into the module's components). */
enum {
  CATENARY_X0 = 0,
  CATENARY_XT = 1,
  CATENARY_ESTIMATE = 2,
  CATENARY_OUT = 3, /* written: a point */
  CATENARY_XS = 4,
  CATENARY_LOG_DENSITY = 5,   /* written: an f32 number */
  CATENARY_TANGENT = 6,       /* written: f32 of the point's shape, a score or a velocity */
  CATENARY_LOSS = 7,          /* written: an f32 number */
  CATENARY_LOSS_GRADIENT = 8, /* written: f32 of the estimate's shape */
  CATENARY_SOURCE = 9,        /* what a conversion takes */
  CATENARY_ROLES = 10         /* how many there are */
};
typedef struct catenary_operand {
  int32_t component;
  int32_t role;
} catenary_operand;

/* Arguments of a kernel's sample part. For i < count, coefficients[k * count + i] is coefficient k at the times
   times[0][i], times[1][i]. `count` is a multiple of the kernel's lanes. */
typedef struct catenary_sample_args {
  const float* times[CATENARY_MAX_TIMES];
  float* coefficients;
  int64_t count;
} catenary_sample_args;

/* Arguments of a kernel's points part: `tiles` whole tiles of `tile` consecutive points, in groups. Coefficient k of
   point q of tile i is coefficients[i * coefficient_stride + (k * group + q % group) * (tile / group) + q / group].
   operands[i] points to the first tile's data, points contiguous. first_point is global and a multiple of `tile`. */
typedef struct catenary_tile_args {
  uint64_t seed;
  uint64_t first_point;
  int64_t tiles;
  int64_t coefficient_stride; /* 0: every tile uses the same coefficients */
  const float* coefficients;
  void* const* operands;
  uint32_t step;
} catenary_tile_args;

/* ---- Kernels for a GPU: entry points of the PTX text, each with one of the structs below as its only parameter, by
   value. Any grid of one dimension answers the whole call, with at most CATENARY_DEVICE_THREADS threads in a
   block. ---- */
#define CATENARY_DEVICE_THREADS 256
#define CATENARY_DEVICE_POINTS 0x7ffffff0 /* the most of one launch */
#define CATENARY_DEVICE_OPERANDS 504      /* the most of a kernel: its parameter has at most 4096 bytes */

/* Arguments of a device kernel's sample part. For i < count, coefficients[k * count + i] is coefficient k at the times
   times[0][i], times[1][i]; where times[j] is null it is time[j] for all i. */
typedef struct catenary_device_sample_args {
  const float* times[CATENARY_MAX_TIMES];
  float* coefficients;
  int64_t count;
  float time[CATENARY_MAX_TIMES];
} catenary_device_sample_args;

/* A seed in a GPU's memory, aligned to 8 bytes: read when a kernel runs, so that what is captured in a graph draws
   anew each time that the graph is launched. Of `step` the lower 32 bits count. */
typedef struct catenary_device_seed {
  uint64_t value;
  uint64_t step;
} catenary_device_seed;

/* Arguments of a device kernel's points part; operand_count pointers follow directly, each to the data of the call's
   first point, points contiguous. The call's points have the global numbers group * first_group + skipped onwards, with
   skipped < group. Point i of the call has coefficients[k * coefficient_stride + (i * sample_multiplier >>
   sample_shift)] as its coefficient k: see catenary_device_sample_of. Where seed_memory is not null, what stands there
   is added to `seed` and `step`. */
typedef struct catenary_device_points_args {
  const catenary_device_seed* seed_memory;
  uint64_t seed;
  uint64_t first_group;
  const float* coefficients;
  int64_t coefficient_stride;
  uint32_t step;
  uint32_t skipped;
  uint32_t points; /* at most CATENARY_DEVICE_POINTS */
  uint32_t sample_multiplier;
  uint32_t sample_shift;
  uint32_t unused;
} catenary_device_points_args;

/* Sets multiplier and shift so that i * multiplier >> shift is i / sites for all i <= CATENARY_DEVICE_POINTS: kernels
   do not divide. A multiplier of 0 gives all points the coefficients at 0. */
static inline void catenary_device_sample_of(uint32_t sites, uint32_t* multiplier, uint32_t* shift) {
  uint32_t bits = 0;
  while ((uint64_t)1 << bits < sites) ++bits;
  *shift = 31 + bits;
  *multiplier = (uint32_t)(((uint64_t)1 << *shift) / sites + 1);
}

/* A kernel's code for a GPU. */
typedef struct catenary_device_kernel {
  const char* ptx;         /* PTX text with both entry points; kernels of one question share it */
  const char* sample_part; /* takes a catenary_device_sample_args; null where there are no coefficients */
  const char* points_part; /* takes a catenary_device_points_args and its pointers */
  int32_t group;           /* points of a thread: 1, 2 or 4; not the group of the tiles */
} catenary_device_kernel;

/* One question answered for the components of one set of sites. */
typedef struct catenary_kernel {
  const char* pipeline; /* the question: "prior", "forward", ... of support/philox.h */
  const char* sites;
  int32_t lanes;      /* samples that its sample part takes side by side */
  int32_t group;      /* 1, 2 or 4 */
  int32_t tile;       /* a multiple of the group */
  int64_t numbers;    /* so many of its points are one of the call's, in equal parts of memory; mostly 1 */
  int32_t time_count; /* prior and convert 0; bridge and all that step 2 (s, t); all others 1 (t) */
  int32_t coefficient_count;
  int64_t draws; /* the most numbers that a point takes of one stream on one trip; a stream has 2^50 */
  int64_t work;  /* about how many operations a point takes: how many points are worth a thread */
  int32_t operand_count;
  const catenary_operand* operands;
  void (*sample_part)(const catenary_sample_args*);
  void (*points_part)(const catenary_tile_args*);
  const catenary_device_kernel* device; /* null: none was compiled */
} catenary_kernel;

/* A compiled joint process or conversion. */
typedef struct catenary_module {
  uint32_t abi_version;
  uint32_t counter_layout;
  const char* name;
  const char* processor; /* that the kernels were compiled for, by LLVM's name */
  const char* needs;     /* the features of it that others of its kind may lack: LLVM's names, commas between them */
  double horizon;        /* T: the time of pure noise */
  int32_t component_count;
  const catenary_component* components;
  int32_t kernel_count;
  const catenary_kernel* kernels;
} catenary_module;

#ifdef __cplusplus
}
static_assert(sizeof(catenary_point) == 56 && offsetof(catenary_point, size) == 40, "layout of catenary_point");
static_assert(sizeof(catenary_sample_args) == 32 && offsetof(catenary_sample_args, count) == 24,
              "layout of catenary_sample_args");
static_assert(sizeof(catenary_tile_args) == 56 && offsetof(catenary_tile_args, step) == 48,
              "layout of catenary_tile_args");
static_assert(sizeof(catenary_device_sample_args) == 40 && offsetof(catenary_device_sample_args, time) == 32,
              "layout of catenary_device_sample_args");
static_assert(sizeof(catenary_device_points_args) == 64 && offsetof(catenary_device_points_args, step) == 40,
              "layout of catenary_device_points_args");
static_assert(sizeof(catenary_device_points_args) + CATENARY_DEVICE_OPERANDS * sizeof(void*) == 4096,
              "the parameter of a device kernel");
#endif

#endif
