"""Runs a kernel of the fused update on the CPU: simulate_update.py JOB.json

The job names the PTX and the tensors; their numbers are in one file, tensor after tensor: parameter, gradient, states, average. What the kernel makes
of all but gradients is written to another, in the same order; counters go to standard output as JSON.
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
    memory, position, tensors = GlobalMemory(), 0, []

    def take(size, misalignment):
        """Device memory with the next bytes of the input, so many bytes behind a multiple of 256."""
        nonlocal position
        bytes_ = np.frombuffer(data, np.uint8, size, position)
        position += size
        buffer = memory.alloc(np.concatenate([np.zeros(misalignment, np.uint8), bytes_]))
        return buffer.addr + misalignment, buffer.array[misalignment:]

    for tensor in job["tensors"]:
        sizes = [job["elementSize"]] * 2 + [job["stateSize"]] * tensor["states"] + [job["elementSize"]] * tensor["hasAverage"]
        tensors.append([take(tensor["length"] * size, tensor["misalignment"]) for size in sizes])

    segments, gradients, chunks = [], [], []
    for index, (tensor, parts) in enumerate(zip(job["tensors"], tensors)):
        states = [address for address, _ in parts[2 : 2 + tensor["states"]]] + [0, 0, 0]
        segments.append([parts[0][0], *states[:3], parts[-1][0] if tensor["hasAverage"] else 0, tensor["length"]])
        gradients.append(parts[1][0] if tensor["hasGradient"] else 0)
        chunks += [[index, chunk] for chunk in range(-(-tensor["length"] // job["chunkLength"]))]

    rules = memory.alloc(np.frombuffer(bytes.fromhex(job["rules"]), np.uint8))
    stats = launch(
        Module.load(job["ptx"]),
        "Kernel_Run",
        grid=len(chunks),
        block=job["groupSize"],
        args=[
            memory.alloc(np.array(chunks, np.int32)).view(len(chunks), 0, 8),
            memory.alloc(np.array(segments, np.int64)).view(len(segments), 0, 48),
            memory.alloc(np.array(gradients, np.int64)),
            memory.alloc(np.array([tensor["rule"] for tensor in job["tensors"]], np.int32)),
            rules.view(len(rules.array) // job["ruleSize"], 0, job["ruleSize"]),
            np.array([(job["averageWeight"], 0)], np.dtype([("weight", "f4"), ("is_first", "i4")])),
        ],
        mem=memory,
        check_races=True,
    )
    with open(job["output"], "wb") as file:
        for parts in tensors:
            for index, (_, array) in enumerate(parts):
                if index != 1:
                    file.write(array.tobytes())
    print(json.dumps({
        "sectors": stats.global_load_sectors + stats.global_store_sectors,
        "distinctSectors": stats.unique_load_sectors + stats.unique_store_sectors,
        "races": stats.race_count,
        "warnings": stats.warnings,
    }))


main()
