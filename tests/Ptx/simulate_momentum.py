"""Runs both kernels that go before Newton-Schulz on the CPU: simulate_momentum.py JOB.json

The first makes directions of gradients and momentum and sums squares on the way, the second divides by the norms. The matrices' numbers are in one
file, matrix after matrix: gradient, momentum. What becomes of directions and momentum is written to another: directions, then momenta; counters of
both launches go to standard output as JSON.
"""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ptxsim"))

import numpy as np
from ptxsim import GlobalMemory, Module, launch


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    with open(job["input"], "rb") as file:
        data = file.read()
    memory, position = GlobalMemory(), 0
    count, length, chunk_length = job["count"], job["length"], job["chunkLength"]

    def take(size):
        nonlocal position
        position += size
        return memory.alloc(np.frombuffer(data, np.uint8, size, position - size))

    gradients, momenta = zip(*((take(length * job["gradientSize"]), take(length * job["stateSize"])) for _ in range(count)))
    directions = memory.zeros(count * length * job["workSize"], np.uint8)
    segments = [[directions.addr + index * length * job["workSize"], momenta[index].addr, 0, 0, 0, length] for index in range(count)]
    chunks = [[index, chunk] for index in range(count) for chunk in range(-(-length // chunk_length))]
    sums = memory.empty(len(chunks), np.float64)
    rule = memory.alloc(np.frombuffer(bytes.fromhex(job["rule"]), np.uint8))
    momentum = launch(
        Module.load(job["momentumPtx"]),
        "Kernel_Run",
        grid=len(chunks),
        block=job["groupSize"],
        args=[
            memory.alloc(np.array(chunks, np.int32)).view(len(chunks), 0, 8),
            memory.alloc(np.array(segments, np.int64)).view(count, 0, 48),
            memory.alloc(np.array([gradient.addr for gradient in gradients], np.int64)),
            memory.alloc(np.zeros(count, np.int32)),
            rule.view(1, 0, len(rule.array)),
            sums,
        ],
        mem=memory,
        check_races=True,
    )
    groups = min(len(chunks) // count, job["groups"])
    size = job["workSize"]

    def divide(source, result, columns, stride):
        division = struct.pack("<5q2i", source.addr, result.addr, length, length // columns * stride, length, columns, stride)
        return launch(
            Module.load(job["normalizePtx"]),
            "Kernel_Run",
            grid=groups * count,
            block=job["groupSize"],
            args=[division, groups, sums, job["scale"], job["epsilon"]],
            mem=memory,
            check_races=True,
        )

    # The matrices taken as several rows, to where rows have others behind them; then in place.
    columns = next((length // rows for rows in (7, 5, 3, 2) if length % rows == 0), length)
    stride = columns + 3
    apart = memory.alloc(np.zeros(count * length // columns * stride * size, np.uint8))
    divide(directions, apart, columns, stride)
    normalize = divide(directions, directions, length, length)
    rows = apart.array.view(np.uint8).reshape(-1, stride * size)
    is_same_apart = bool((rows[:, : columns * size].reshape(-1) == directions.array.view(np.uint8)).all() and not rows[:, columns * size :].any())
    with open(job["output"], "wb") as file:
        for buffer in (directions, *momenta):
            file.write(buffer.array.tobytes())

    def distinct(stats):
        return 32 * (stats.unique_load_sectors + stats.unique_store_sectors)

    print(json.dumps({
        "momentumBytes": distinct(momentum),
        "normalizeBytes": distinct(normalize),
        "isSameApart": is_same_apart,
        "races": momentum.race_count + normalize.race_count,
        "warnings": momentum.warnings + momentum.uninit_shared + normalize.warnings + normalize.uninit_shared,
    }))


main()
