// From a declaration to a sampler or a converter: just in time, or written out ahead of time.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <catenary/dsl/conversion.h>
#include <catenary/dsl/joint.h>
#include <catenary/runtime/converter.h>
#include <catenary/runtime/sampler.h>

namespace catenary {

/// How a GPU computes. `exact`: as the processor does, to the bit. `fast`: square roots within 2^-23 of themselves and
/// quotients within 2 units in the last place (PTX's sqrt.approx and div.full), and sums of products that are rounded
/// once, so that draws differ from the processor's in their last bits, and where a draw is accepted or a category
/// chosen by a hair, wholly.
enum class Precision { exact, fast };

/// What code is made for.
struct Target {
  std::string cpu;       ///< LLVM's name of the processor, e.g. "znver4" or "x86-64-v3".
  std::string features;  ///< LLVM feature list, e.g. "+avx2,+fma". fma is required.
  int lanes = 0;         ///< Points side by side: a power of two from 4 to 16. The draws do not depend on it.

  std::string gpu = {};  ///< NVIDIA's name of a GPU's architecture, e.g. "sm_90". Empty: no code for GPUs.
  Precision precision = Precision::exact;  ///< of that code; the processor's is exact in any case

  /// This machine's processor, with as many lanes as its vectors hold floats.
  static Target host();

  /// This machine's processor, and beside it GPUs from `architecture` on: every kernel is there for both, and draws the
  /// same bits but for Precision::fast. Neither a GPU nor a CUDA installation is needed to compile.
  static Target cuda(const std::string& architecture, Precision precision = Precision::exact);
};

/// What CompileOptions::progress is told.
struct CompileProgress {
  Question question;  ///< It is ready,
  bool from_cache;    ///< found in the cache, or compiled.
  size_t done, of;    ///< Questions that are, of all.
};

struct CompileOptions {
  /// What can be asked of the sampler, in any order; the others are refused when asked. Components that give no
  /// log_density, score or transition make an Error of asking for it here.
  std::vector<Question> questions = {Question::prior, Question::forward, Question::bridge, Question::step};
  /// Every stage is written there as a numbered file, in a folder per question. Empty: the folder named by
  /// CATENARY_DUMP, if any.
  std::string dump = {};
  /// A folder where compiled code is kept from one run to the next, by what it was compiled from; "off": none. Empty:
  /// the folder named by CATENARY_CACHE, by default `catenary` in the user's folder of caches. Where stages are written
  /// out everything is compiled.
  std::string cache = {};
  /// Called for every question when it and those before it are ready, on the thread that compiles. What it throws comes
  /// out of `compile`, once the questions that were begun have ended.
  std::function<void(const CompileProgress&)> progress = {};
  SamplerOptions sampler = {};
};

/// Compiles a joint process in this process's memory.
/// Throws Error for a declaration or a target that cannot be compiled, naming the component or expression, where this
/// machine lacks what the target has, and where no question is asked.
Sampler compile(const Joint& joint, const Target& target = Target::host(), const CompileOptions& options = {});

/// Compiles a conversion in this process's memory; `options.questions` is not read. Throws Error for a target as above.
Converter compile(const Conversion& conversion, const Target& target = Target::host(),
                  const CompileOptions& options = {});

/// The declaration as MLIR text: the portable form of a joint process, which compile_mlir and catenary-opt read. It has
/// a law for every question that a component answers, and a pipeline where all components of a set of sites do.
std::string to_mlir(const Joint& joint);
/// The same of a conversion: Converter(compile_mlir(text, name)) reads it.
std::string to_mlir(const Conversion& conversion);

/// Compiles the text of a declaration; `name` stands for it in messages. What can be asked is what the text has a
/// pipeline for on every set of sites; `options.questions` is not read. The bits are those of `compile`. Throws Error
/// for a text that is not a declaration, telling where and why.
Sampler compile_mlir(const std::string& text, const std::string& name, const Target& target = Target::host(),
                     const CompileOptions& options = {});

/// Experimental. The kernels of a text by themselves, for GPUs that the runtime does not drive, a file for each
/// question: what it is called ("joint_forward.ptx") and what is in it. `architecture`: of NVIDIA's, such as "sm_90",
/// PTX; of AMD's, such as "gfx90a", a relocatable object for amdgcn-amd-amdhsa; "spirv64", SPIR-V for OpenCL. Kernels
/// are called in blocks of CATENARY_DEVICE_THREADS with one struct of runtime/abi.h by value; "joint_kernels.json"
/// tells for each what its entry points are called and what is in a catenary_kernel and catenary_device_kernel. Throws
/// Error as compile_mlir, and for an architecture that LLVM does not know; Precision::fast is for NVIDIA's alone.
std::map<std::string, std::string> gpu_kernels(const std::string& text, const std::string& name,
                                               const std::string& architecture, Precision precision = Precision::exact);

/// What each component of that text forbids its model, by name: Estimate::forbidden. Throws Error as compile_mlir.
std::map<std::string, std::vector<int64_t>> forbidden_categories(const std::string& text, const std::string& name);

/// Writes `folder/<joint>.a` and `folder/<joint>.h`: an archive of the object code that `compile` would run, and a C
/// header that defines `static const catenary_module catenary_<joint>` for it, for the questions that `options` lists.
/// The two link with each other and with no other compilation's. A program that uses them links libcatenary_runtime
/// alone. The code uses all that the target has, and an x86-64 machine that lacks some of it refuses to load it: for
/// other machines than this one name their processor, or a level such as "x86-64-v3".
void compile_to_files(const Joint& joint, const std::string& folder, const Target& target = Target::host(),
                      const CompileOptions& options = {});

/// The same of a conversion.
void compile_to_files(const Conversion& conversion, const std::string& folder, const Target& target = Target::host(),
                      const CompileOptions& options = {});

}  // namespace catenary
