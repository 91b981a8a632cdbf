"""Records runs of NorMuon, by its authors' package: https://github.com/microsoft/dion.

usage: TORCHDYNAMO_DISABLE=1 ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 python record.py FOLDER, with dion's repository on PYTHONPATH

Where a case says `torch_ns`, Newton-Schulz is that of torch.optim.Muon, whose bits are known here: then what is left of differences is NorMuon's own.
"""

import json
import struct
import sys

import torch
from dion import NorMuon
from torch.optim._muon import _zeropower_via_newtonschulz

SMALL = [[12, 12], [24, 10], [10, 24], [1, 5], [5, 1]]
SHAPES = [*SMALL, [33, 70]]
TORCH = (3.4445, -4.7750, 2.0315)


def each(function):
    """Newton-Schulz of one matrix as dion asks for it: of one, or of a batch."""

    def of_any(x, epsilon=None):
        return function(x) if x.ndim == 2 else torch.stack([of_any(matrix) for matrix in x])

    return of_any


# It divides in place, and what it is given may be the momentum itself.
torch_ns = each(lambda x: _zeropower_via_newtonschulz(x.clone(), TORCH, 5, 1e-7))
# What ours does with one step of the polynomial x and a norm scale of 1/64.
only_norm = each(lambda x: x / (x.norm() / 64))


def write(path, tensors, metadata):
    names = {torch.float32: "F32", torch.bfloat16: "BF16"}
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = tensor.view(torch.uint8 if tensor.dtype == torch.uint8 else (torch.int32 if tensor.dtype == torch.float32 else torch.int16)).numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def record(folder, name, shapes=SMALL, steps=4, dtype=torch.float32, zero=(), missing=(), gradients=None, group=None, ns="torch_ns", **hyper):
    torch.manual_seed(len(name) + sum(map(ord, name)))
    parameters = [torch.nn.Parameter(torch.randn(shape).to(dtype)) for shape in shapes]
    function = {"torch_ns": torch_ns, "only_norm": only_norm, "polar_express": None, "dion": None}[ns]
    optimizer = NorMuon([{"params": parameters, **(group or {})}], newton_schulz_func=function, use_polar_express=ns != "dion", **hyper)
    tensors = {f"init/{i}": parameter.clone() for i, parameter in enumerate(parameters)}
    for t in range(1, steps + 1):
        for i, parameter in enumerate(parameters):
            parameter.grad = gradients(t, i) if gradients else torch.randn(parameter.shape).to(dtype)
            if (t, i) in missing:
                parameter.grad = None
                continue
            if t in zero:
                parameter.grad = torch.zeros_like(parameter)
            tensors[f"grad/{t}/{i}"] = parameter.grad.clone()
        optimizer.step()
        for i, parameter in enumerate(parameters):
            tensors[f"param/{t}/{i}"] = parameter.clone()
    for i, parameter in enumerate(parameters):
        for key, value in optimizer.state[parameter].items():
            tensors[f"state/{key}/{i}"] = value.clone()
    metadata = {
        "hyper": json.dumps({**hyper, **(group or {})}), "ns": ns, "steps": json.dumps(steps), "shapes": json.dumps(shapes), "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
    write(f"{folder}/{name}.safetensors", tensors, metadata)


def save(folder):
    """A run with heads in the middle, and the step after it."""
    torch.manual_seed(3)
    parameters = [torch.nn.Parameter(torch.randn(shape)) for shape in [[12, 8], [12, 5]]]
    optimizer = NorMuon([{"params": parameters, "num_heads": 3}], newton_schulz_func=torch_ns, nesterov=True, cautious_wd=True, mu=0.9)

    def step():
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape)
        optimizer.step()

    step()
    step()
    torch.save({"optimizer": optimizer.state_dict(), "params": [parameter.data for parameter in parameters]}, f"{folder}/run.pt")
    tensors = {f"param/{i}": parameter.clone() for i, parameter in enumerate(parameters)}
    step()
    for i, parameter in enumerate(parameters):
        tensors |= {f"grad/{i}": parameter.grad, f"next/{i}": parameter.clone(), f"state/{i}": optimizer.state[parameter]["variance_neuron"].clone()}
    write(f"{folder}/run.next.bin", tensors, {})


def powers(t, i):
    """Rows of equal powers of two, whose squares add up to one: all sums are exact."""
    generator = torch.Generator().manual_seed(7)
    exponents = torch.tensor([2.0] * 2 + [1.0] * 6 + [0.0] * 8)[torch.randperm(16, generator=generator)]
    return torch.exp2(exponents)[:, None] * (torch.randint(0, 2, (16, 16), generator=generator) * 2 - 1)


def main(folder):
    torch.set_num_threads(1)
    record(folder, "default", shapes=SHAPES)
    record(folder, "nesterov", shapes=SHAPES, nesterov=True, adjust_lr="rms_norm", lr=0.02, mu=0.9, muon_beta2=0.99)
    record(folder, "cautious", cautious_wd=True, weight_decay=0.5, lr=0.1, adjust_lr=None)
    record(folder, "cautious_nesterov", cautious_wd=True, weight_decay=0.1, lr=0.05, nesterov=True, muon_beta2=0.5)
    record(folder, "missing", missing={(1, 0), (2, 1), (3, 0)})
    record(folder, "zero", zero={1, 2})
    record(folder, "zero_late", zero={3, 4})
    record(folder, "heads", shapes=[[24, 10], [24, 10]], group={"num_heads": 3})
    record(folder, "split", shapes=[[24, 10]], group={"split_sizes": [12, 8, 4]})
    record(folder, "wide", shapes=[[3, 4200]], steps=2)
    record(folder, "bfloat16", shapes=SMALL[:3], dtype=torch.bfloat16)
    record(folder, "exact", shapes=[[16, 16]], steps=1, gradients=powers, ns="only_norm", lr=0.125, weight_decay=0.25, muon_beta2=0.75)
    save(folder)
    record(folder, "polar_express", shapes=SHAPES, ns="polar_express")
    record(folder, "five_quintics", ns="dion")


main(sys.argv[1])
