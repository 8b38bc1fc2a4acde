#!/usr/bin/env python3
"""The Ornstein-Uhlenbeck step and its normals by others, on a GPU or the processor, against copying in the same run.

  bench/rivals.py [--device cuda:0 | cpu] [--elements N] [--repeats R]

Takes what is installed of PyTorch (eager and compiled), JAX and cuRAND, and says what is not. Each makes N float32
elements a call; sixteen calls are enqueued and then waited for, the rivals take turns, and the best run of each counts.
"""
import argparse
import ctypes
import itertools
import math
import time

CALLS = 16
THETA, SIGMA, T = 0.5, 1.0, 0.7
MEAN = math.exp(-THETA * T)
DEVIATION = SIGMA * math.sqrt(-math.expm1(-2 * THETA * T) / (2 * THETA))


def torch_rivals(device, elements):
    """PyTorch's copy, its step, its normals and, on a GPU, cuRAND's."""
    import torch

    at = torch.device(device)
    x0, out = torch.randn(elements, device=at), torch.empty(elements, device=at)

    def step(x):
        return MEAN * x + DEVIATION * torch.randn_like(x)

    def wait():
        if at.type == "cuda":
            torch.cuda.synchronize(at)

    name = f"PyTorch {torch.__version__}"
    yield f"{name}: copy", lambda: out.copy_(x0), wait
    yield f"{name}: OU step, eager", lambda: step(x0), wait
    yield f"{name}: OU step, in place", lambda: out.normal_(0, DEVIATION).add_(x0, alpha=MEAN), wait
    yield f"{name}: normals", lambda: out.normal_(), wait
    compiled = torch.compile(step)
    try:
        compiled(x0)
        yield f"{name}: OU step, compiled", lambda: compiled(x0), wait
    except Exception as error:  # What it needs differs: a C++ compiler, Triton.
        print(f"  PyTorch compiles nothing here: {str(error).splitlines()[0]}")
    if at.type == "cuda":
        yield from curand_rivals(out, wait)


def curand_rivals(out, wait):
    """cuRAND's normals from Philox, into a tensor's memory."""
    try:
        library = ctypes.CDLL("libcurand.so.10")
    except OSError as error:
        print(f"  No cuRAND here: {error}")
        return
    philox = 161
    generator = ctypes.c_void_p()

    def checked(result):
        if result != 0:
            raise RuntimeError(f"cuRAND answers {result}")

    checked(library.curandCreateGenerator(ctypes.byref(generator), philox))
    checked(library.curandSetPseudoRandomGeneratorSeed(generator, ctypes.c_ulonglong(1)))
    address, count = ctypes.c_void_p(out.data_ptr()), ctypes.c_size_t(out.numel() // 2 * 2)
    mean, deviation = ctypes.c_float(0), ctypes.c_float(1)
    yield "cuRAND: normals, Philox", lambda: checked(
        library.curandGenerateNormal(generator, address, count, mean, deviation)), wait


def jax_rivals(device, elements):
    """JAX's step, compiled."""
    import jax
    import jax.numpy as jnp

    kind, _, index = device.partition(":")
    at = jax.devices("cuda" if kind == "cuda" else "cpu")[int(index or 0)]
    with jax.default_device(at):
        x0, key = jax.device_put(jnp.zeros(elements, jnp.float32), at), jax.random.key(1)
        step = jax.jit(lambda key, x, i: MEAN * x + DEVIATION * jax.random.normal(jax.random.fold_in(key, i), x.shape))
        numbers, last = itertools.count(), []

        def call():
            last[:] = [step(key, x0, next(numbers))]

        yield f"JAX {jax.__version__}: OU step, compiled", call, lambda: last[0].block_until_ready()


def seconds_of(call, wait):
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    wait()
    return (time.perf_counter() - start) / CALLS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--elements", type=int, default=1 << 25)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    print(f"Rivals, {options.device}, {options.elements} elements a call")
    rivals = []
    for name, these in ("PyTorch", torch_rivals), ("JAX", jax_rivals):
        try:
            rivals += these(options.device, options.elements)
        except Exception as error:  # Not installed, or not for this device.
            print(f"  No {name} here: {error}")
    if not rivals:
        return
    for _, call, wait in rivals:
        seconds_of(call, wait)  # To warm up.
    best = [math.inf] * len(rivals)
    for _ in range(options.repeats):
        for i, (_, call, wait) in enumerate(rivals):
            best[i] = min(best[i], seconds_of(call, wait))
    copy = next((seconds for seconds, (name, _, _) in zip(best, rivals) if name.endswith(": copy")), None)
    for seconds, (name, _, _) in zip(best, rivals):
        share = f"{100 * copy / seconds:12.1f} %" if copy else ""
        print(f"  {name:<44}{options.elements / seconds * 1e-9:12.3f} Gelem/s{share}")
    if copy:
        print("  Shares are of PyTorch's copy.")


if __name__ == "__main__":
    main()
