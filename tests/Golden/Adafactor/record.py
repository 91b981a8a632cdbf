"""Records runs of torch.optim.Adafactor, besides those that were there: adafactor.safetensors, adafactor_maximize, adafactor_wd.

usage: python record.py FOLDER
"""

import json
import struct
import sys

import torch

NAMES = {torch.float32: "F32", torch.bfloat16: "BF16"}


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = tensor.view(torch.int32 if tensor.dtype == torch.float32 else torch.int16).numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def record(folder, name, shapes, steps=4, dtype=torch.float32, missing=(), zero=(), lrs=(), **hyper):
    torch.manual_seed(sum(map(ord, name)))
    parameters = [torch.nn.Parameter((torch.randn(shape) * 10 ** -i).to(dtype)) for i, shape in enumerate(shapes)]
    optimizer = torch.optim.Adafactor(parameters, **hyper)
    tensors = {f"init/{i}": parameter.clone() for i, parameter in enumerate(parameters)}
    for t in range(1, steps + 1):
        if lrs:
            optimizer.param_groups[0]["lr"] = lrs[(t - 1) % len(lrs)]
        for i, parameter in enumerate(parameters):
            parameter.grad = None if (t, i) in missing else (torch.randn(parameter.shape) * (0 if (t, i) in zero else 1)).to(dtype)
            if parameter.grad is not None:
                tensors[f"grad/{t}/{i}"] = parameter.grad.clone()
        optimizer.step()
        for i, parameter in enumerate(parameters):
            tensors[f"param/{t}/{i}"] = parameter.clone()
    for i, parameter in enumerate(parameters):
        for slot, value in optimizer.state[parameter].items():
            tensors[f"state/{slot}/{i}"] = value
    write(f"{folder}/{name}.safetensors", tensors, {
        "optimizer": "Adafactor", "hyper": json.dumps(hyper), "steps": str(steps), "lrs": json.dumps(list(lrs)), "shapes": json.dumps(shapes), "torch": torch.__version__})


def save_run(folder):
    """A run in the middle, and what its next step is."""
    torch.manual_seed(1)
    parameters = [torch.nn.Parameter(torch.randn(shape)) for shape in ([6, 4], [5], [2, 3, 4])]
    optimizer = torch.optim.Adafactor(parameters, lr=0.05, beta2_decay=-0.7, eps=(None, 1e-2), d=1.5, weight_decay=0.01)
    for _ in range(3):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape)
        optimizer.step()
    torch.save({"optimizer": optimizer.state_dict(), "params": [parameter.detach().clone() for parameter in parameters]}, f"{folder}/run.pt")
    tensors = {f"grad/{i}": torch.randn(parameter.shape) for i, parameter in enumerate(parameters)}
    for i, parameter in enumerate(parameters):
        parameter.grad = tensors[f"grad/{i}"]
    optimizer.step()
    tensors |= {f"next/{i}": parameter.detach() for i, parameter in enumerate(parameters)}
    write(f"{folder}/run.next.bin", tensors, {"torch": torch.__version__})


if __name__ == "__main__":
    torch.set_num_threads(1)
    record(sys.argv[1], "shapes", [[300, 3], [3, 260], [1, 5], [5, 1], [], [1], [7], [2, 2, 3, 3]], lrs=[0.1, 0.9, 0.01])
    record(sys.argv[1], "missing", [[9, 8], [6], [4, 3]], steps=5, missing={(1, 0), (3, 0), (2, 1), (4, 2)}, zero={(1, 2), (3, 1)}, eps=(1e-3, 0.5))
    record(sys.argv[1], "bfloat16", [[32, 16], [64]], dtype=torch.bfloat16)
    save_run(sys.argv[1])
