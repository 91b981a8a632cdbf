"""Schedules in PyTorch: records them, or goes on with those that GpuOptim wrote.

usage: schedules_in_pytorch.py record FOLDER
       schedules_in_pytorch.py continue FOLDER

record writes FOLDER/states.pt, {"NAME@STOP": state_dict after STOP steps}, with the optimizer's parameter groups in "NAME@STOP.groups", and
FOLDER/rates.json, the rates and momenta of both groups from there on, step by step.

continue takes each FOLDER/NAME@STOP.pt up as {"scheduler": state_dict, "group": what schedulers keep in groups}, writes the same json, and what it
is after those steps to FOLDER/NAME@STOP.next.pt.
"""

import copy
import functools
import json
import math
import pathlib
import sys
import warnings

import torch
from torch.optim.lr_scheduler import *

STOPS, STEPS = (0, 3, 21), 40
MEASURES = [round(1 / (1 + min(t, 9)) + 0.01 * (t % 4), 6) for t in range(100)]


def warm(t):
    return (t + 1) / 5 if t < 5 else max(0.0, (70 - t) / 65)


SCHEDULES = {
    "StepLR": lambda o: StepLR(o, 7, 0.5),
    "MultiStepLR": lambda o: MultiStepLR(o, [30, 5, 20, 20], 0.3),
    "ConstantLR": lambda o: ConstantLR(o, 0.25, 9),
    "LinearLR": lambda o: LinearLR(o, 0.1, 0.9, 30),
    "ExponentialLR": lambda o: ExponentialLR(o, 0.93),
    "PolynomialLR": lambda o: PolynomialLR(o, 45, 2.0),
    "CosineAnnealingLR": lambda o: CosineAnnealingLR(o, 25, 0.001),
    "CosineAnnealingWarmRestarts": lambda o: CosineAnnealingWarmRestarts(o, 10, 2, 0.002),
    "OneCycleLR": lambda o: OneCycleLR(o, 0.5, 70),
    "OneCycleLR.linear": lambda o: OneCycleLR(o, 0.7, 70, pct_start=0.37, anneal_strategy="linear", three_phase=True, div_factor=13.0),
    "OneCycleLR.adam": lambda o: OneCycleLR(o, 0.3, 70, base_momentum=0.8, final_div_factor=700.0),
    "OneCycleLR.still": lambda o: OneCycleLR(o, 0.5, 70, cycle_momentum=False),
    "CyclicLR": lambda o: CyclicLR(o, 0.01, 0.3, 8, 5, mode="triangular2"),
    "CyclicLR.adam": lambda o: CyclicLR(o, 0.01, 0.3, 8, mode="exp_range", gamma=0.97),
    "CyclicLR.still": lambda o: CyclicLR(o, 0.01, 0.3, 8, 5, cycle_momentum=False),
    "LambdaLR": lambda o: LambdaLR(o, lambda t: 0.95**t),
    "LambdaLR.partial": lambda o: LambdaLR(o, functools.partial(warm)),
    "MultiplicativeLR": lambda o: MultiplicativeLR(o, lambda t: 0.97),
    "InverseSquareRootLR": lambda o: LambdaLR(o, lambda t: min((t + 1.0) / 10, math.sqrt(10 / (t + 1.0)))),
    "SequentialLR": lambda o: SequentialLR(o, [LinearLR(o, 0.1, 1.0, 10), CosineAnnealingLR(o, 50), ExponentialLR(o, 0.9)], [10, 30]),
    "SequentialLR.restarts": lambda o: SequentialLR(o, [ConstantLR(o, 0.5, 4), CosineAnnealingWarmRestarts(o, 7, 2), MultiStepLR(o, [3, 3, 9])], [4, 33]),
    "SequentialLR.cyclic": lambda o: SequentialLR(o, [LinearLR(o, 0.1, 1.0, 10), CyclicLR(o, 0.01, 0.3, 8, 5)], [10]),
    "SequentialLR.chained": lambda o: SequentialLR(o, [ChainedScheduler([ConstantLR(o, 0.1, 5), StepLR(o, 6, 0.9)], optimizer=o), StepLR(o, 4, 0.5)], [15]),
    "ChainedScheduler": lambda o: ChainedScheduler([ConstantLR(o, 0.1, 5), ExponentialLR(o, 0.9)], optimizer=o),
    "ReduceLROnPlateau": lambda o: ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=1, threshold=1e-3, min_lr=0.003),
    "ReduceLROnPlateau.max": lambda o: ReduceLROnPlateau(o, mode="max", factor=0.3, patience=3, threshold=0.02, threshold_mode="abs"),
}


def optimizer(name):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]}, {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.02}]
    return torch.optim.AdamW(groups, lr=0.1) if name.endswith(".adam") else torch.optim.SGD(groups, lr=0.1, momentum=0.9)


def step(o, s, t):
    o.step()
    s.step(*([MEASURES[t]] if isinstance(s, ReduceLROnPlateau) else []))


def seen(o):
    return [[g["lr"] for g in o.param_groups], [g["momentum"] if "momentum" in g else g["betas"][0] for g in o.param_groups]]


def go_on(o, s, first):
    rows = [seen(o)]
    for t in range(first, first + STEPS):
        step(o, s, t)
        rows.append(seen(o))
    return {"rates": [row[0] for row in rows], "momenta": [row[1] for row in rows]}


def record(folder):
    states, runs = {}, {}
    for name, make in SCHEDULES.items():
        for stop in STOPS:
            o = optimizer(name)
            s = make(o)
            for t in range(stop):
                step(o, s, t)
            run = f"{name}@{stop}"
            # A state dictionary is the scheduler's own: what lies in it goes on changing.
            states[run] = copy.deepcopy(s.state_dict())
            states[f"{run}.groups"] = copy.deepcopy([{k: v for k, v in g.items() if k != "params"} for g in o.param_groups])
            runs[run] = go_on(o, s, stop)
    torch.save(states, folder / "states.pt")
    (folder / "rates.json").write_text(json.dumps({"torch": torch.__version__, "measures": MEASURES, "runs": runs}) + "\n")


def go_on_all(folder):
    runs = {}
    for file in sorted(folder.glob("*@*.pt")):
        if file.name.endswith(".next.pt"):
            continue
        run = file.name[: -len(".pt")]
        name, stop = run.split("@")
        saved = torch.load(file, weights_only=True)
        o = optimizer(name)
        s = SCHEDULES[name](o)
        if isinstance(s, OneCycleLR):
            # Other constants there, in the groups: those of the file hold.
            for group in o.param_groups:
                group.update(max_lr=1.0, initial_lr=1.0, min_lr=1.0)
        s.load_state_dict(saved["scheduler"])
        for group, rate, momentum in zip(o.param_groups, saved["rates"], saved["momenta"], strict=True):
            group.update(lr=rate, **saved["group"])
            group.update({"momentum": momentum} if "momentum" in group else {"betas": (momentum, group["betas"][1])})
        runs[run] = go_on(o, s, int(stop))
        torch.save(s.state_dict(), folder / f"{run}.next.pt")
    (folder / "rates.json").write_text(json.dumps({"torch": torch.__version__, "measures": MEASURES, "runs": runs}) + "\n")


warnings.simplefilter("ignore")
{"record": record, "continue": go_on_all}[sys.argv[1]](pathlib.Path(sys.argv[2]))
print(torch.__version__)
