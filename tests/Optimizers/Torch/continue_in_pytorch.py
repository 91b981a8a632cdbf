"""Takes up runs that GpuOptim wrote, and goes on with them in PyTorch.

usage: continue_in_pytorch.py FOLDER

For each FOLDER/KIND.pt with gradients in FOLDER/KIND.grads.pt, writes what it was taken up as to FOLDER/KIND.taken.pt (zip) and
FOLDER/KIND.legacy.pt, and what it is after one step to FOLDER/KIND.next.pt. Writes the state dictionary of a module to FOLDER/module.pt. Prints
the release of PyTorch.
"""

import inspect
import pathlib
import sys

import torch

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "fused": torch.optim.AdamW,
    "coded": torch.optim.AdamW,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rprop": torch.optim.Rprop,
    "asgd": torch.optim.ASGD,
    "muon": getattr(torch.optim, "Muon", None),
}


def load(path, floats=True):
    # Release 1.13 refuses floats there, also in what it wrote itself.
    safe = "weights_only" in inspect.signature(torch.load).parameters and not (floats and torch.__version__.startswith("1."))
    return torch.load(path, **({"weights_only": True} if safe else {}))


def save(path, optimizer, model, **format):
    torch.save({"model_state_dict": model, "optimizer_state_dict": optimizer.state_dict()}, path, **format)


folder = pathlib.Path(sys.argv[1])
for file in sorted(folder.glob("*.grads.pt")):
    kind = file.name.split(".")[0]
    if OPTIMIZERS[kind] is None:
        continue
    saved, gradients = load(folder / f"{kind}.pt"), load(file, floats=False)
    assert [p.data_ptr() for p in saved["params"]] == [p.data_ptr() for p in saved["model"].values()], "stored once"
    assert list(saved["model"]) == [name for group in saved["optimizer"]["param_groups"] for name in group["param_names"]]
    # Transposed memory, where there are two dimensions: views with strides go back. The fused loops take memory as it lies.
    parameters = [torch.nn.Parameter(p.t().contiguous().t() if p.dim() == 2 and kind != "fused" else p) for p in saved["params"]]
    model = dict(zip(saved["model"], parameters))
    rest = iter(parameters)
    optimizer = OPTIMIZERS[kind]([{"params": [next(rest) for _ in group["params"]]} for group in saved["optimizer"]["param_groups"]], lr=1e-3)
    optimizer.load_state_dict(saved["optimizer"])
    save(folder / f"{kind}.taken.pt", optimizer, model)
    save(folder / f"{kind}.legacy.pt", optimizer, model, _use_new_zipfile_serialization=False)
    for name, gradient in gradients.items():
        model[name].grad = gradient
    optimizer.step()
    save(folder / f"{kind}.next.pt", optimizer, model)
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
torch.nn.init.constant_(module[0].weight, 0.5)
torch.save(module.state_dict(), folder / "module.pt")
print(torch.__version__)
