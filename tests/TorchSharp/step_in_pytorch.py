"""Takes up a run that TorchSharp and GpuOptim wrote, does one step on gradients of 0.5, and writes it back.

usage: step_in_pytorch.py FILE sgd|adamw
"""

import sys
from collections import OrderedDict

import torch

file, kind = sys.argv[1:]
run = torch.load(file, weights_only=True)
model = torch.nn.Sequential(OrderedDict(linear=torch.nn.Linear(5, 4), norm=torch.nn.BatchNorm1d(4)))
model.load_state_dict(run["model"])
assert model.norm.num_batches_tracked == 3
optimizer = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[kind](model.parameters())
optimizer.load_state_dict(run["optimizer"])
for parameter in model.parameters():
    parameter.grad = torch.full_like(parameter, 0.5)
optimizer.step()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
