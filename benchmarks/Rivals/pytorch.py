"""Runs PyTorch when told: a request a line, an answer a line. Started by the commands' --against pytorch."""
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
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "adamax": (torch.optim.Adamax, {}),
    "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "asgd": (torch.optim.ASGD, {}),
    "rprop": (torch.optim.Rprop, {}),
    "adafactor": (torch.optim.Adafactor, {}),
}
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def optimizer(name, mode, count, length, dtype):
    """A step of torch.optim."""
    kind, options = OPTIMIZERS[name]
    count, length = int(count), int(length)
    probe = torch.ones(1, dtype=TYPES[dtype], requires_grad=True)
    probe.grad = torch.ones_like(probe)
    mode = {} if mode == "default" else {mode: True}
    kind([probe], **options, **mode).step()  # fails here if it cannot
    parameters = [torch.tensor(0)] * count
    for i in range(count):
        # The numbers that ours start with: Numbers.cs.
        place = torch.arange(i * length, (i + 1) * length)
        sign = 1 - 2 * (place % 2).double()
        parameters[i] = (sign * (0.5 + (place % 509).double() / 1018.0)).float().to(TYPES[dtype]).requires_grad_()
        parameters[i].grad = (-sign * (0.05 + (place % 251).double() / 600.0)).float().to(TYPES[dtype])
    if name == "adafactor":
        # The matrices that ours are: Contestant.Shape.
        columns = 1
        while 4 * columns * columns <= length and length % (2 * columns) == 0:
            columns *= 2
        parameters = [matrix(parameter, columns) for parameter in parameters]
    step = kind(parameters, **options, **mode).step

    def read(places):
        return [parameters[place // length].view(-1)[place % length].item() for place in places]

    return step, read


def matrix(parameter, columns):
    """The same numbers, as a matrix."""
    reshaped = parameter.detach().view(-1, columns).requires_grad_()
    reshaped.grad = parameter.grad.view(-1, columns)
    return reshaped


def orthogonalize(x, dtype):
    """torch.optim._muon._zeropower_via_newtonschulz of PyTorch 2.13, in a type of choice."""
    x = x.to(TYPES[dtype])
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(5):
        a = x @ x.T
        b = torch.addmm(a, a, a, beta=-4.7750, alpha=2.0315)
        x = torch.addmm(x, b, x, beta=3.4445)
    return x.T if tall else x


def numbers(shape):
    """Of either sign, none near zero."""
    return (torch.rand(shape) + 0.1) * (2 * torch.randint(2, shape) - 1)


def newton_schulz(rows, columns, dtype):
    """Five quintic steps on one matrix."""
    x = numbers((int(rows), int(columns)))
    return lambda: orthogonalize(x, dtype)


def muon(dtype, *shapes):
    """torch.optim._muon._single_tensor_muon of PyTorch 2.13: this release may have none."""
    shapes = [tuple(int(extent) for extent in shape.split("x")) for shape in shapes]
    parameters = [numbers(shape) for shape in shapes]
    gradients = [numbers(shape) for shape in shapes]
    buffers = [torch.zeros(shape) for shape in shapes]

    def step():
        for parameter, gradient, buffer in zip(parameters, gradients, buffers):
            buffer.lerp_(gradient, 1 - 0.95)
            update = orthogonalize(gradient.lerp(buffer, 0.95), dtype)
            parameter.mul_(1 - 1e-3 * 0.1)
            parameter.add_(update, alpha=-1e-3 * max(1, parameter.shape[0] / parameter.shape[1]) ** 0.5)

    return step


KINDS = {"optimizer": optimizer, "newton-schulz": newton_schulz, "muon": muon}


def run(work, repetitions):
    start = time.perf_counter()
    for _ in range(repetitions):
        work()
    return (time.perf_counter() - start) / repetitions


def describe():
    """Release, vector instructions, and who multiplies bfloat16 matrices: oneDNN asks for AVX-512."""
    settings = torch.__config__.show()
    capability = re.search(r"CPU capability usage: (\S+)", settings)
    blas = re.search(r"BLAS_INFO=(\w+)", settings)
    with open("/proc/cpuinfo") as file:
        flags = next((line.split() for line in file if line.startswith("flags")), [])
    names = [name for name in ("avx512_bf16", "amx_bf16", "avx512bw") if name in flags]
    products = f"oneDNN with {names[0]}" if names and torch.backends.mkldnn.is_available() else "a plain loop"
    return (f"PyTorch {torch.__version__}, {capability.group(1) if capability else 'unknown'} instructions, {torch.get_num_threads()} threads, "
            f"bfloat16 products by {products}, float32 products by {blas.group(1) if blas else 'unknown'} BLAS")


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(describe(), flush=True)
    work = {}
    with torch.no_grad():
        for line in sys.stdin:
            command, *words = line.split()
            if command == "create":
                try:
                    made = KINDS[words[1]](*words[2:])
                    work[words[0]] = made if isinstance(made, tuple) else (made, None)
                    print("ok", flush=True)
                except (KeyError, TypeError, RuntimeError, NotImplementedError) as error:
                    print(f"none: {error}".replace("\n", " "), flush=True)
            elif command == "run":
                print(repr(run(work[words[0]][0], int(words[1]))), flush=True)
            elif command == "read":
                print(*map(repr, work[words[0]][1]([int(place) for place in words[1:]])), flush=True)
            elif command == "clear":
                work.clear()
                print("ok", flush=True)


main()
