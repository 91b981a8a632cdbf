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


def laid_out(numbers, count, rows, columns, is_padded):
    """Matrices as the kernel wants them: on tensor cores with zeros behind rows and matrices, and memory behind the last that the loop may read."""
    stride, lines = (-(-columns // 64) * 64, -(-rows // 32) * 32) if is_padded else (columns, rows)
    whole = np.zeros((count, lines, stride), numbers.dtype)
    whole[:, :rows, :columns] = numbers.reshape(count, rows, columns)
    return np.concatenate([whole.reshape(-1), np.zeros(128 * stride if is_padded else 0, numbers.dtype)]), stride, lines


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    memory, count, is_padded = GlobalMemory(), job["count"], job["isPadded"]
    rows, columns, depth = job["rows"], job["columns"], job["depth"]
    data = np.fromfile(job["input"], np.uint16 if job["elementSize"] == 2 else np.uint32)
    left, right, addend = np.split(data, np.cumsum([count * rows * depth, count * depth * columns]))
    left, left_stride, left_lines = laid_out(left, count, *((rows, depth) if job["isLeftDepthContiguous"] else (depth, rows)), is_padded)
    right, right_stride, right_lines = laid_out(right, count, *((columns, depth) if job["isRightDepthContiguous"] else (depth, columns)), is_padded)
    if len(addend):
        addend, _, _ = laid_out(addend, count, rows, columns, is_padded)
    result, result_stride, result_lines = laid_out(np.zeros(count * rows * columns, data.dtype), count, rows, columns, is_padded)
    result = memory.alloc(result)
    product = struct.pack(
        "<7q7i2f4x",
        memory.alloc(left).addr,
        memory.alloc(right).addr,
        memory.alloc(addend).addr if len(addend) else 0,
        result.addr,
        left_lines * left_stride,
        right_lines * right_stride,
        result_lines * result_stride,
        left_stride,
        right_stride,
        result_stride,
        count,
        rows,
        columns,
        depth,
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
        dynamic_shared=job["sharedBytes"],
        schedule=job["schedule"],
        mma_rounding=job["mmaRounding"],
        seed=1,
    )
    whole = result.array.view(data.dtype)[: count * result_lines * result_stride].reshape(count, result_lines, result_stride)
    numbers = whole[:, :rows, :columns].copy()
    numbers.tofile(job["output"])
    whole[:, :rows, :columns] = 0
    print(json.dumps({
        "races": stats.race_count,
        "warnings": stats.warnings + stats.uninit_shared,
        "bankConflicts": stats.shared_conflicts,
        "multiplyAdds": stats.mma,
        "fragmentLoads": sum(number for name, number in stats.warp_instructions.items() if name.startswith("ldmatrix")),
        "loadEfficiency": stats.load_efficiency,
        "storeEfficiency": stats.store_efficiency,
        "isZeroBehindRows": not whole.any(),
    }))


main()
