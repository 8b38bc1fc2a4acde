// Kernels for GPUs that the runtime does not drive: look-ups in tables, loops, several outputs.
// RUN: rm -rf %t && catenary kernels generator_jump --gpu gfx90a --out %t && catenary kernels rotation_brownian --gpu gfx90a --out %t
// RUN: catenary kernels frames_from_backbones --gpu gfx1100 --out %t
// RUN: llvm-readobj --notes %t/rotation_brownian_forward.o | FileCheck %s --check-prefix=NOTES
// RUN: llvm-objdump -d %t/rotation_brownian_forward.o %t/generator_jump_bridge.o %t/frames_from_backbones_convert.o > %t/all.s
// RUN: FileCheck %s --check-prefix=AMD < %t/all.s

// RUN: FileCheck %s --check-prefix=LIST < %t/rotation_brownian_kernels.json
// RUN: catenary kernels euclidean_brownian --set dimension=3 --gpu gfx90a --out %t
// RUN: FileCheck %s --check-prefix=SPLIT < %t/euclidean_brownian_kernels.json

// What a host has to know of each kernel.
// LIST-DAG: "question": "forward"
// LIST-DAG: "points_part": "catenary_rotation_brownian_forward_0_points"
// LIST-DAG: "sample_part": "catenary_rotation_brownian_forward_0_samples"
// LIST-DAG: "numbers": 1
// The first is the prior's.
// SPLIT: "numbers": 3
// SPLIT: "operands": [
// SPLIT-NEXT: {
// SPLIT-NEXT: "component": "x",
// SPLIT-NEXT: "role": "out"
// SPLIT-NEXT: }
// SPLIT-NEXT: ],
// SPLIT-NEXT: "points_part": "catenary_euclidean_brownian_prior_0_points"

// NOTES: .value_kind: hidden_block_count_x
// NOTES: .max_flat_workgroup_size: 256
// NOTES: .name: catenary_rotation_brownian_forward_0_points
// NOTES: .private_segment_fixed_size: 0
// NOTES: amdhsa.target: amdgcn-amd-amdhsa--gfx90a

// Accesses go to the device's memory; nothing is called, and square roots and quotients are IEEE's.
// AMD-LABEL: <catenary_rotation_brownian_forward_0_points>:
// AMD-NOT: {{flat_|scratch_|s_swappc}}
// AMD-DAG: global_load_dwordx4
// AMD-DAG: v_div_fixup_f32
// AMD-DAG: v_sqrt_f32
// AMD-DAG: global_store_dwordx4

// RUN: catenary kernels generator_jump --gpu spirv64 --out %t && catenary kernels rotation_brownian --gpu spirv64 --out %t
// RUN: catenary kernels frames_from_backbones --gpu spirv64 --out %t
// RUN: spirv-val --target-env spv1.4 %t/generator_jump_bridge.spv && spirv-val --target-env spv1.4 %t/rotation_brownian_forward.spv
// RUN: spirv-val --target-env spv1.4 %t/rotation_brownian_step.spv && spirv-val --target-env spv1.4 %t/frames_from_backbones_convert.spv
// RUN: spirv-dis %t/generator_jump_bridge.spv | FileCheck %s --check-prefix=SPIRV

// SPIRV: OpEntryPoint Kernel %[[KERNEL:.*]] "catenary_generator_jump_bridge_0_points"
// SPIRV: OpExecutionMode %[[KERNEL]] LocalSize 256 1 1
// SPIRV: OpExecutionMode %[[KERNEL]] ContractionOff

// Saved declarations, and what is refused.
// RUN: catenary declare ornstein_uhlenbeck > %t/own.mlir && catenary kernels %t/own.mlir --gpu sm_80 --out %t/own
// RUN: FileCheck %s --check-prefix=PTX < %t/own/ornstein_uhlenbeck_forward.ptx
// RUN: catenary kernels %t/own.mlir --gpu sm_80 --fast --out %t/fast && FileCheck %s --check-prefix=FAST < %t/fast/ornstein_uhlenbeck_forward.ptx
// RUN: not catenary kernels %t/own.mlir --gpu gfx90a --fast 2>&1 | FileCheck %s --check-prefix=NVIDIA
// RUN: not catenary kernels %t/own.mlir --gpu sm_80 --set theta=1 2>&1 | FileCheck %s --check-prefix=NUMBERS
// RUN: not catenary kernels sphere --gpu sm_80 2>&1 | FileCheck %s --check-prefix=SPACE
// RUN: not catenary kernels ornstein_uhlenbeck --gpu sm_80 --out /dev/null/kernels 2>&1 | FileCheck %s --check-prefix=FOLDER

// PTX: .target sm_80
// PTX: .visible .entry catenary_ornstein_uhlenbeck_forward_0_points(
// PTX-NOT: .approx
// FAST: sqrt.approx.f32
// NVIDIA: fast code is PTX's alone, and 'gfx90a' is no GPU of NVIDIA's; leave it exact
// NUMBERS: own.mlir' is a saved declaration, whose numbers are fixed: --set and --horizon do not apply
// SPACE: 'sphere' is a space, not a process
// FOLDER: cannot be written; name a folder that can by --out
