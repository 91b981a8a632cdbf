"""Runs the kernels that take the norm of gradients on the CPU: simulate_norm.py JOB.json

The first accumulates a norm, chunk by chunk, the second decides what is done to gradients and moves the loss scale on, the third completes what the
host sent for the update. The gradients' numbers are in one file, tensor after tensor. The check, the loss scale and what was completed go to
standard output as JSON, with counters; floats by their bits.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ptxsim"))

import numpy as np
from ptxsim import GlobalMemory, Module, launch

LOSS_SCALE = np.dtype([("scale", "f4"), ("growth_tracker", "i4"), ("skips", "u8"), ("skipped_steps", "i8")])
SCALING = np.dtype([("growth", "f8"), ("backoff", "f8"), ("interval", "i4"), ("padding", "i4")])
CHECK = np.dtype([("norm", "f8"), ("unscale", "f4"), ("factor", "f4"), ("skips", "u8"), ("bit", "i4"), ("is_skipped", "i4")])


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
    segments = [[0, 0, 0, 0, 0, length] for length in job["lengths"] + [100]]
    chunks = [[index, chunk] for index, segment in enumerate(segments) for chunk in range(-(-segment[5] // job["chunkLength"]))]
    sums = memory.empty(len(chunks), np.float64)
    rules = memory.zeros(3 * job["ruleSize"], np.uint8)
    scale = memory.alloc(np.array([(job["scale"], job["growthTracker"], job["skips"], 0)], LOSS_SCALE))
    check = memory.alloc(np.zeros(1, CHECK))
    addresses = memory.alloc(np.array(gradients, np.int64))
    indices = memory.zeros(len(gradients), np.int32)
    pending = memory.alloc(np.array([job["pending"]] * len(gradients), np.uint64))

    def run(path, grid, args):
        return launch(Module.load(path), "Kernel_Run", grid=grid, block=256, args=args, mem=memory, check_races=True)

    stats = [
        run(job["normPtx"], len(chunks), [
            memory.alloc(np.array(chunks, np.int32)).view(len(chunks), 0, 8),
            memory.alloc(np.array(segments, np.int64)).view(len(segments), 0, 48),
            addresses,
            sums,
        ]),
        run(job["scalePtx"], 1, [
            sums.view(len(chunks), 0, 8),
            np.float32(job["maxNorm"]),
            int(job["scale"] != 0),
            np.array([(2.0, 0.5, job["growthInterval"], 0)], SCALING),
            job["bit"],
            scale.view(1, 0, LOSS_SCALE.itemsize),
            check.view(1, 0, CHECK.itemsize),
        ]),
        run(job["completePtx"], 1, [
            rules.addr, job["ruleSize"], 3, addresses, indices, pending.view(len(gradients) if job["pending"] else 0, 0, 8), check.view(1, 0, CHECK.itemsize),
        ]),
    ]
    left = rules.array.reshape(3, -1)
    print(json.dumps({
        "norm": int(check.array["norm"].view(np.int64)[0]),
        "inverseScale": int(check.array["unscale"].view(np.int32)[0]),
        "clipCoefficient": int(check.array["factor"].view(np.int32)[0]),
        "foundInf": int(check.array["is_skipped"][0]),
        "bit": int(check.array["bit"][0]),
        "scale": float(scale.array["scale"][0]),
        "growthTracker": int(scale.array["growth_tracker"][0]),
        "foundInfs": int(scale.array["skips"][0]),
        "skippedSteps": int(scale.array["skipped_steps"][0]),
        "completed": [int(value) for value in left[:, :8].copy().view(np.int32).reshape(-1)],
        "rest": int(left[:, 8:].sum()),
        "indices": [int(index) for index in indices.array],
        "gradients": int(np.count_nonzero(addresses.array)),
        "normBytes": 32 * (stats[0].unique_load_sectors + stats[0].unique_store_sectors),
        "races": sum(each.race_count for each in stats),
        "warnings": [warning for each in stats for warning in each.warnings + each.uninit_shared],
    }))


main()
