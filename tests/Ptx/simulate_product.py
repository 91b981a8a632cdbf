"""Runs a matrix product on the CPU: simulate_product.py JOB.json

The job names the PTX, how its operands lie and how the result is cut; the operands' numbers are in one file: left, right, and the addend if there
is one. The result is written to another; counters go to standard output as JSON.
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
    memory, size, count = GlobalMemory(), job["elementSize"], job["count"]
    left, right, addend = np.split(data, np.cumsum([count * job["leftLength"] * size, count * job["rightLength"] * size]))
    left, right = memory.alloc(left), memory.alloc(right)
    result = memory.empty(count * job["rows"] * job["columns"] * size, np.uint8)
    product = struct.pack(
        "<6q6i2f",
        left.addr,
        right.addr,
        memory.alloc(addend).addr if len(addend) else 0,
        result.addr,
        job["leftLength"],
        job["rightLength"],
        job["leftStride"],
        job["rightStride"],
        count,
        job["rows"],
        job["columns"],
        job["depth"],
        job["alpha"],
        job["beta"],
    )
    down, across = (-(-extent // job["tileRows"]) for extent in (job["rows"], job["columns"]))
    tiles = down * (down + 1) // 2 if job["isSymmetric"] else down * across
    stats = launch(
        Module.load(job["ptx"]),
        "Kernel_Multiply",
        grid=count * tiles,
        block=tuple(job["group"]),
        args=[product],
        mem=memory,
        check_races=True,
        schedule=job["schedule"],
        mma_rounding=job["mmaRounding"],
        seed=1,
    )
    with open(job["output"], "wb") as file:
        file.write(result.array.tobytes())
    print(json.dumps({
        "races": stats.race_count,
        "warnings": stats.warnings + stats.uninit_shared,
        "bankConflicts": stats.shared_conflicts,
        "multiplyAdds": stats.mma,
        "fragmentLoads": sum(number for name, number in stats.warp_instructions.items() if name.startswith("ldmatrix")),
        "loadEfficiency": stats.load_efficiency,
        "storeEfficiency": stats.store_efficiency,
    }))


main()
