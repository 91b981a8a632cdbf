"""Runs a matrix product on the CPU: simulate_multiply.py JOB.json

The job names the PTX, the operands' strides and the extents; the operands' numbers are in one file: left, right, and the addend if there is
one. The result is written to another; counters go to standard output as JSON.
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
        data = np.frombuffer(file.read(), np.uint8)
    memory, size = GlobalMemory(), job["elementSize"]
    left, right, addend = np.split(data, np.cumsum([job["leftLength"] * size, job["rightLength"] * size]))
    elements = job["count"] * job["rows"] * job["columns"]
    result = memory.zeros(elements * size, np.uint8)
    product = struct.pack(
        "<10q4i2f",
        memory.alloc(left).addr,
        memory.alloc(right).addr,
        memory.alloc(addend).addr if len(addend) else 0,
        result.addr,
        job["leftLength"] // job["count"],
        job["rightLength"] // job["count"],
        job["leftRowStride"],
        job["leftDepthStride"],
        job["rightDepthStride"],
        job["rightColumnStride"],
        job["count"],
        job["rows"],
        job["columns"],
        job["depth"],
        job["alpha"],
        job["beta"],
    )
    group = 256
    stats = launch(
        Module.load(job["ptx"]), "Kernel_Multiply", grid=-(-elements // group), block=group, args=[product], mem=memory, check_races=True)
    with open(job["output"], "wb") as file:
        file.write(result.array.tobytes())
    print(json.dumps({"races": stats.race_count, "warnings": stats.warnings}))


main()
