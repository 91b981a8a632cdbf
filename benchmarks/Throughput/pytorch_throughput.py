"""Runs torch.optim when told: a request a line, an answer a line. Started by the throughput command."""
import re
import sys
import time

import torch

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, dict(lr=1e-3)),
    "momentum": (torch.optim.SGD, dict(lr=1e-3, momentum=0.9)),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def create(name, mode, count, length, dtype):
    kind, options = OPTIMIZERS[name]
    parameters = [torch.full((length,), 0.3, dtype=TYPES[dtype], requires_grad=True) for _ in range(count)]
    for parameter in parameters:
        parameter.grad = torch.full((length,), 0.1, dtype=TYPES[dtype])
    optimizer = kind(parameters, **options, **({} if mode == "default" else {mode: True}))
    optimizer.step()  # makes its state, and fails here if it cannot
    return optimizer


def run(optimizer, repetitions):
    start = time.perf_counter()
    for _ in range(repetitions):
        optimizer.step()
    return (time.perf_counter() - start) / repetitions


def main():
    torch.set_num_threads(int(sys.argv[1]))
    capability = re.search(r"CPU capability usage: (\S+)", torch.__config__.show())
    print(f"PyTorch {torch.__version__}, {capability.group(1) if capability else 'unknown'} instructions, {torch.get_num_threads()} threads", flush=True)
    optimizers = {}
    for line in sys.stdin:
        command, *words = line.split()
        if command == "create":
            try:
                optimizers[words[0]] = create(words[1], words[2], int(words[3]), int(words[4]), words[5])
                print("ok", flush=True)
            except (TypeError, RuntimeError, NotImplementedError) as error:
                print(f"none: {error}".replace("\n", " "), flush=True)
        elif command == "run":
            print(repr(run(optimizers[words[0]], int(words[1]))), flush=True)
        elif command == "clear":
            optimizers.clear()
            print("ok", flush=True)


main()
