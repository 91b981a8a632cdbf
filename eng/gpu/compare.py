#!/usr/bin/env python3
"""Ours beside PyTorch on the same card, of the JSON files that check.sh leaves: compare.py FOLDER

Throughput: ns a parameter, PyTorch's best mode, how many times faster ours is, and the share of the bandwidth of a copy. Newton-Schulz and Muon: ms, and the share of the
rate of PyTorch's 8192 x 8192 bfloat16 product, counting the algorithm as it is written. Host: microseconds in which the host sends a step. What a file lacks is left blank.
"""
import json, os, sys

folder = sys.argv[1]


def load(name):
    path = os.path.join(folder, name)
    return json.load(open(path)) if os.path.exists(path) else None


def table(title, head, rows):
    if not rows:
        return
    print(f"\n## {title}\n")
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))) + " |"
    print(line(head))
    print("|" + "|".join(("-" * (w + 1) + (":" if i else "-")) for i, w in enumerate(widths)) + "|")
    for row in rows:
        print(line(row))


torch = load("torch.json") or {"cases": []}
cases = [case for case in torch["cases"] if "ms" in case]


def best(prefix, suffix=""):
    """PyTorch's quickest mode of what is named PREFIX MODE SUFFIX, and its milliseconds."""
    fits = [case for case in cases if case["name"].startswith(prefix + " ") and case["name"].endswith(suffix)]
    case = min(fits, key=lambda case: case["ms"], default=None)
    return (None, "") if case is None else (case["ms"], case["name"][len(prefix) + 1:].removesuffix(suffix).strip())


number = lambda value, digits: "" if value is None else f"{value:.{digits}f}"
times = lambda rival, own: "" if rival is None else f"{rival / own:.2f}"
share = lambda value, of: "" if not of else f"{100 * value / of:.0f} %"

own = {name: load(name + ".json") for name in ("throughput", "newton-schulz", "newton-schulz-float16", "newton-schulz-wgmma", "muon")}
copy = next((case["GB_per_s"] for case in cases if case["name"] == "copy"), None)
product = max((case["TFLOP_per_s"] for case in cases if case["name"].startswith("product bf16")), default=None)
print(f"{next((each['machine']['device'] for each in own.values() if each), '')}; PyTorch {torch.get('torch', 'was not there')}")
print(f"PyTorch's copy: {number(copy, 0)} GB/s; its fastest bfloat16 product: {number(product, 0)} TFLOP/s")


def results(name):
    """Each race of a report, what it measured of ours, and the host's microseconds of the same."""
    for chapter in (own[name] or {"chapters": []})["chapters"]:
        for race in chapter["races"]:
            figures = {figure["subject"]: figure for figure in race["figures"] if figure["by"] == "GpuOptim"}
            for subject, figure in figures.items():
                host = figures.get(subject + ", host")
                if not subject.endswith(", host"):
                    yield race["setting"], figure, host and host["median"] * 1e6


rows = []
for setting, figure, host in results("throughput"):
    ms, elements = figure["median"] * 1e3, figure["work"]["elements"]
    # Rival: the same type; PyTorch keeps its state in it.
    dtype = setting["type"].split("+")[0]
    rival, mode = best(figure["subject"], f" {setting['count']}x{setting['length']} {dtype}")
    rate = figure["work"]["bytes"] / ms / 1e6
    floor = next((floor["share"] * 100 for floor in figure["floors"] if floor["name"] == "copy"), None)
    rows.append([
        f"{setting['layout']} {setting['type']} {figure['subject']}", number(ms * 1e6 / elements, 4), number(rival and rival * 1e6 / elements, 4), mode, times(rival, ms),
        number(rate, 0), share(rate, copy) if copy else f"{number(floor, 0)} %" if floor else "", number(host, 1)])
table("Updates", ["", "ns/param", "PyTorch", "mode", "x PyTorch", "GB/s", "of copy", "host us"], rows)

rows = []
for name in ("newton-schulz", "newton-schulz-float16", "newton-schulz-wgmma", "muon"):
    asked = name.removesuffix("-wgmma").removesuffix("-float16")
    for setting, figure, host in results(name):
        what = setting["model"] if name == "muon" else setting["shape"]
        ms, dense = figure["median"] * 1e3, figure["work"]["denseFlops"]
        rival, mode = best(asked, " " + what)
        rows.append([f"{figure['subject']} {what}{name.replace(f'{asked}-', ', ') if name != asked else ''}", number(ms, 3), number(rival, 3), mode, times(rival, ms), number(dense / ms / 1e9, 0), share(dense / ms / 1e9, product), number(host, 1)])
table("Orthogonalization", ["", "ms", "PyTorch", "mode", "x PyTorch", "dense TFLOP/s", "of product", "host us"], rows)
