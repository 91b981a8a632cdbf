"""Runs the kernels that clip gradients by their norm on the CPU: simulate_norm.py JOB.json

The first accumulates a norm, chunk by chunk, the second takes it and the factor that goes with it, the third writes the factor into rules. The
gradients' numbers are in one file, tensor after tensor. Norm, factor and the rules' first numbers go to standard output as JSON, with counters.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ptxsim"))

import numpy as np
from ptxsim import GlobalMemory, Module, launch


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    with open(job["input"], "rb") as file:
        data = file.read()
    memory, position, gradients = GlobalMemory(), 0, []
    for length, misalignment in zip(job["lengths"], job["misalignments"]):
        size = length * job["elementSize"]
        numbers = np.frombuffer(data, np.uint8, size, position)
        position += size
        gradients.append(memory.alloc(np.concatenate([np.zeros(misalignment, np.uint8), numbers])).addr + misalignment)
    gradients.append(0)
    segments = [[0, 0, 0, 0, length] for length in job["lengths"] + [100]]
    chunks = [[index, chunk] for index, segment in enumerate(segments) for chunk in range(-(-segment[4] // job["chunkLength"]))]
    sums, result = memory.empty(len(chunks), np.float64), memory.empty(2, np.float64)
    rules = memory.zeros(3 * job["ruleSize"], np.uint8)

    def run(path, grid, args):
        return launch(Module.load(path), "Kernel_Run", grid=grid, block=256, args=args, mem=memory, check_races=True)

    stats = [
        run(job["normPtx"], len(chunks), [
            memory.alloc(np.array(chunks, np.int32)).view(len(chunks), 0, 8),
            memory.alloc(np.array(segments, np.int64)).view(len(segments), 0, 40),
            memory.alloc(np.array(gradients, np.int64)),
            sums,
        ]),
        run(job["scalePtx"], 1, [sums, np.float32(job["maxNorm"]), result]),
        run(job["patchPtx"], 1, [rules.addr, job["ruleSize"], 3, result]),
    ]
    print(json.dumps({
        "norm": int(result.array[:1].view(np.int64)[0]),
        "factor": float(result.array[1]),
        "patched": [float(value) for value in rules.array.reshape(3, -1)[:, :4].copy().view(np.float32).reshape(-1)],
        "rest": int(rules.array.reshape(3, -1)[:, 4:].sum()),
        "normBytes": 32 * (stats[0].unique_load_sectors + stats[0].unique_store_sectors),
        "races": sum(each.race_count for each in stats),
        "warnings": [warning for each in stats for warning in each.warnings + each.uninit_shared],
    }))


main()
