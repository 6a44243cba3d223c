"""Make the network of the encoder `notes` from basic-pitch's: `python benchmarks/lean_notes.py PUBLISHED OUTPUT`.

PUBLISHED is `nmp.onnx` of basic-pitch 0.4.0 (a copy lies in tests/published), OUTPUT is
src/antiphon/perception/encoders/basic_pitch/notes.onnx. Needs the package `onnx`. Prints what a window takes in both.

The outputs that Antiphon does not use are left out. And a convolution of few filters wastes most of a processor's
vector unit, which computes 8 or 16 filters at a time. So it is written as one of several times as many filters: each
filter shifted by 0, 1, ... bins, every so many bins. The sums are the same, in the same order, but for zeros.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from antiphon.perception.encoders.notes import INPUT, NOTES, WINDOW_FRAMES, WINDOW_SAMPLES

SHIFTS = {(8, 8, 3, 39): 4, (1, 8, 5, 5): 8, (1, 32, 7, 3): 8}
"""By its shape (filters, channels, frames, bins), in how many shifts a convolution is computed at once."""

ROUNDS = 30


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args(arguments)
    model = onnx.load(asked.published)
    _keep_only(model.graph, NOTES)
    for shape, shifts in SHIFTS.items():
        _widen(model.graph, shape, shifts)
    onnx.checker.check_model(model)
    onnx.save(model, asked.output)
    window = np.random.default_rng(0).normal(scale=0.1, size=(1, WINDOW_SAMPLES, 1)).astype(np.float32)
    before, after = (_session(path) for path in (asked.published, asked.output))
    frames = [session.run([NOTES], {INPUT: window})[0] for session in (before, after)]
    print(f"largest difference of a posterior: {np.abs(frames[0] - frames[1]).max():.2g}")
    seconds = np.min([[_seconds(session, window) for session in (before, after)] for _ in range(ROUNDS)], axis=0)
    print(f"a window: {1000 * seconds[0]:.1f} ms of processor before, {1000 * seconds[1]:.1f} ms after")


def _keep_only(graph: onnx.GraphProto, output: str) -> None:
    """Leave out whatever is not needed for one output."""
    needed, nodes = {output}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    _replace(graph.node, nodes[::-1])
    _replace(graph.output, [each for each in graph.output if each.name == output])
    _replace(graph.initializer, [each for each in graph.initializer if each.name in needed])
    del graph.value_info[:]


def _widen(graph: onnx.GraphProto, shape: tuple[int, ...], shifts: int) -> None:
    """Compute the one convolution of this shape, and the function behind it, for `shifts` neighbouring bins at once."""
    known = {each.name: each for each in graph.initializer}
    (place,) = [
        number
        for number, node in enumerate(graph.node)
        if node.op_type == "Conv" and node.input[1] in known and tuple(known[node.input[1]].dims) == shape
    ]
    convolution, activation = graph.node[place], graph.node[place + 1]
    weights, bias = (numpy_helper.to_array(known[name]) for name in convolution.input[1:])
    filters, channels, frames, bins = shape
    wide = np.zeros((filters, shifts, channels, frames, bins + shifts - 1), dtype=np.float32)
    for shift in range(shifts):
        wide[:, shift, ..., shift : shift + bins] = weights
    name = f"wide_{place}"
    values = {
        "weights": wide.reshape(filters * shifts, channels, frames, -1),
        "bias": np.repeat(bias, shifts),
        "apart": np.array([0, filters, shifts, WINDOW_FRAMES, -1], dtype=np.int64),
        "together": np.array([0, filters, WINDOW_FRAMES, -1], dtype=np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, f"{name}_{part}") for part, value in values.items())
    settings = {each.name: helper.get_attribute_value(each) for each in convolution.attribute}
    settings |= {"kernel_shape": [frames, bins + shifts - 1], "strides": [1, shifts]}
    inputs = [convolution.input[0], f"{name}_weights", f"{name}_bias"]
    nodes = [
        helper.make_node("Conv", inputs, [f"{name}_sums"], **settings),
        helper.make_node(activation.op_type, [f"{name}_sums"], [f"{name}_values"]),
        helper.make_node("Reshape", [f"{name}_values", f"{name}_apart"], [f"{name}_shifts"]),
        helper.make_node("Transpose", [f"{name}_shifts"], [f"{name}_bins"], perm=[0, 1, 3, 4, 2]),
        helper.make_node("Reshape", [f"{name}_bins", f"{name}_together"], list(activation.output)),
    ]
    _replace(graph.node, [*graph.node[:place], *nodes, *graph.node[place + 2 :]])
    used = {each for node in graph.node for each in node.input}
    _replace(graph.initializer, [each for each in graph.initializer if each.name in used])


def _replace(repeated, values) -> None:
    values = [type(value).FromString(value.SerializeToString()) for value in values]
    del repeated[:]
    repeated.extend(values)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _seconds(session: onnxruntime.InferenceSession, window: np.ndarray) -> float:
    start = time.process_time()
    session.run([NOTES], {INPUT: window})
    return time.process_time() - start


if __name__ == "__main__":
    main()
