"""Compiled samplers from Python: runtime/c_api.h over NumPy arrays, by ctypes.

Arrays of the right dtype that are contiguous are read where they are, and so are tensors of frameworks on the
processor that NumPy sees (`np.asarray`). Results are new arrays.
"""
import ctypes as c

import numpy as np


class Error(Exception):
    """What was asked cannot be done: a sentence that says why."""


class _Point(c.Structure):
    _fields_ = [("dtype", c.c_int32), ("rank", c.c_int32), ("shape", c.c_int64 * 4), ("size", c.c_int64),
                ("categories", c.c_int64)]


class _Component(c.Structure):
    _fields_ = [("name", c.c_char_p), ("space", c.c_char_p), ("sites", c.c_char_p), ("point", _Point),
                ("estimate", _Point), ("estimate_kind", c.c_char_p)]


class _Module(c.Structure):  # Its first fields.
    _fields_ = [("abi_version", c.c_uint32), ("counter_layout", c.c_uint32), ("name", c.c_char_p),
                ("processor", c.c_char_p), ("needs", c.c_char_p), ("horizon", c.c_double),
                ("component_count", c.c_int32), ("components", c.POINTER(_Component))]


class _Tensor(c.Structure):
    _fields_ = [("component", c.c_char_p), ("data", c.c_void_p), ("dtype", c.c_int32), ("rank", c.c_int32),
                ("shape", c.POINTER(c.c_int64))]


class _State(c.Structure):
    _fields_ = [("tensors", c.POINTER(_Tensor)), ("count", c.c_int32)]


class _Times(c.Structure):
    _fields_ = [("values", c.POINTER(c.c_float)), ("count", c.c_int64)]


class _Draw(c.Structure):
    _fields_ = [("seed", c.c_uint64), ("first_sample", c.c_int64), ("step", c.c_uint32), ("threads", c.c_int32),
                ("trust_data", c.c_int32), ("gpu_times", c.c_int32), ("stream", c.c_void_p),
                ("seed_memory", c.c_void_p)]


class _Message(c.Structure):
    _fields_ = [("text", c.c_char * 1024)]


_dtypes = (np.float32, np.int32)


class Component:
    """What the points of a component are, and what a model returns for it."""

    def __init__(self, found):
        def shape(point):
            return tuple(point.shape[:point.rank])

        self.name, self.space = found.name.decode(), found.space.decode()
        self.point, self.dtype, self.categories = shape(found.point), _dtypes[found.point.dtype], found.point.categories
        self.estimate, self.estimate_kind = shape(found.estimate), found.estimate_kind.decode()
        self.estimate_dtype = _dtypes[found.estimate.dtype]


class Sampler:
    """A joint process in a shared library, whose function `name` returns its `const catenary_module*`.

    States are dictionaries of arrays by component: x0, xt, xs of shape [batch, sites..., point...], estimates of
    [batch, sites..., estimate...]. Times are numbers, or arrays of one for each sample. Equal seeds and steps draw the
    same numbers, in whatever batches.
    """

    def __init__(self, library, name, threads=0):
        self._library = c.CDLL(library)
        module = getattr(self._library, name)
        module.restype = c.POINTER(_Module)
        self._module = module()
        found = self._module.contents
        # The first fields of a module and the layouts above are those of this version.
        if found.abi_version != 8:
            raise Error(f"'{library}' has version {found.abi_version} of the ABI; this file knows version 8")
        self.horizon = found.horizon
        self.components = {}
        for i in range(found.component_count):
            component = Component(found.components[i])
            self.components[component.name] = component
        self._sampler, message = c.c_void_p(), _Message()
        if self._library.catenary_load(self._module, c.c_int32(threads), c.byref(self._sampler), c.byref(message)):
            raise Error(message.text.decode())

    def __del__(self):
        if getattr(self, "_sampler", None):
            self._library.catenary_release(self._sampler)

    def prior(self, batch, seed, step=0, sites=None):
        """x_T. `sites`: the shape of the sites of each component that has any."""
        lead = {name: (batch, *(sites or {}).get(name, ())) for name in self.components}
        return self._ask("prior", [], [], "point", seed, step, lead)

    def forward(self, x0, t, seed, step=0):
        """x_t."""
        return self._ask("forward", [x0], [t], "point", seed, step)

    def transition(self, xs, s, t, seed, step=0):
        """x_t from x_s."""
        return self._ask("transition", [xs], [s, t], "point", seed, step)

    def bridge(self, x0, xt, s, t, seed, step=0):
        """x_s, given both ends."""
        return self._ask("bridge", [x0, xt], [s, t], "point", seed, step)

    def step(self, estimate, xt, s, t, seed, step=0):
        """x_s, by what a model says at x_t."""
        return self._ask("step", [estimate, xt], [s, t], "point", seed, step, estimates=1)

    def flow_step(self, estimate, xt, s, t, seed=0, step=0):
        """x_s on the probability flow; categories are drawn."""
        return self._ask("flow_step", [estimate, xt], [s, t], "point", seed, step, estimates=1)

    def mean_step(self, estimate, xt, s, t, seed=0, step=0):
        """The mean of x_s; categories are drawn."""
        return self._ask("mean_step", [estimate, xt], [s, t], "point", seed, step, estimates=1)

    def flow_velocity(self, estimate, xt, t):
        """dx_t / dt of the probability flow."""
        return self._ask("flow_velocity", [estimate, xt], [t], "tangent", estimates=1)

    def log_density(self, x0, xt, t):
        """log p(x_t | x_0) of each point."""
        return self._ask("log_density", [x0, xt], [t], "number")

    def score(self, x0, xt, t):
        """Its gradient at x_t."""
        return self._ask("score", [x0, xt], [t], "tangent")

    def loss(self, estimate, x0, xt, t):
        """The loss of each point."""
        return self._ask("loss", [estimate, x0, xt], [t], "number", estimates=1)

    def loss_gradient(self, estimate, x0, xt, t):
        """Its derivatives by the estimate: what a framework carries back through the network."""
        return self._ask("loss_gradient", [estimate, x0, xt], [t], "estimate", estimates=1)

    def reverse(self, model, times, batch, seed, sites=None):
        """A walk from the prior down `times`, which end at 0; model(xt, t) returns estimates."""
        xt = self.prior(batch, seed, sites=sites)
        for n, (t, s) in enumerate(zip(times[:-1], times[1:])):
            xt = self.step(model(xt, t), xt, s, t, seed, n + 1)
        return xt

    def _ask(self, question, states, times, answer, seed=0, step=0, lead=None, estimates=0):
        function = getattr(self._library, "catenary_" + question)
        if not (0 <= seed < 2**64 and 0 <= step < 2**32):
            raise Error(f"{question}: the seed is {seed} and the step {step}; they are of [0, 2^64) and [0, 2^32)")
        kept = []  # What the call points to.

        def given(state, as_estimate):
            arrays = {}
            for name, values in state.items():
                component = self.components.get(name)
                if component is None:
                    raise Error(f"{question}: there is no component '{name}'; there are {', '.join(self.components)}")
                dtype = component.estimate_dtype if as_estimate else component.dtype
                values = np.asarray(values)
                if not np.can_cast(values.dtype, dtype, "same_kind"):
                    raise Error(f"{question}: component '{name}' has numbers of type {values.dtype}; "
                                f"it takes {dtype.__name__}")
                arrays[name] = np.ascontiguousarray(values, dtype)
            return arrays

        inputs = [given(state, i < estimates) for i, state in enumerate(states)]
        if lead is None:
            # Of the last state, which is of points.
            lead = {name: a.shape[:a.ndim - len(self.components[name].point)] for name, a in inputs[-1].items()}
        out = {}
        for name, before in lead.items():
            component = self.components[name]
            shape, dtype = {"point": (component.point, component.dtype), "tangent": (component.point, np.float32),
                            "number": ((), np.float32), "estimate": (component.estimate, np.float32)}[answer]
            out[name] = np.empty(before + shape, dtype)

        def state_of(arrays):
            tensors = (_Tensor * len(arrays))()
            for tensor, (name, a) in zip(tensors, arrays.items()):
                shape, encoded = (c.c_int64 * a.ndim)(*a.shape), name.encode()
                tensor.component, tensor.data, tensor.dtype = encoded, a.ctypes.data, _dtypes.index(a.dtype.type)
                tensor.rank, tensor.shape = a.ndim, shape
                kept.extend([a, shape, encoded])
            kept.append(tensors)
            return _State(tensors, len(arrays))

        def times_of(t):
            values = np.ascontiguousarray(t, np.float32).reshape(-1)
            kept.append(values)
            return _Times(values.ctypes.data_as(c.POINTER(c.c_float)), values.size)

        arguments = [self._sampler, state_of(out)] + [state_of(a) for a in inputs] + [times_of(t) for t in times]
        message = _Message()
        if function(*arguments, c.byref(_Draw(seed=seed, step=step)), c.byref(message)):
            raise Error(message.text.decode())
        return out
