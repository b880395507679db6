"""Reads JSON objects, one per line, from `blastscope-host throughput --json` and pytorch_throughput.py on stdin; prints a
Markdown table: the median, least and most pictures per second of each contestant, and its ratio to PyTorch's median at
the same precision."""

import collections
import json
import statistics
import sys

# What each program calls the precision of tensor cores.
COARSE = {"flex32", "amp"}


def main():
    rates = collections.defaultdict(list)
    for line in sys.stdin:
        row = json.loads(line)
        rates[row["backend"], ", ".join(row["devices"]), row["precision"]].append(row["pictures_per_second"])
    if not rates:
        sys.exit("error: nothing was measured\nremedy: see the errors above")
    torch = {
        precision in COARSE: statistics.median(found)
        for (backend, _, precision), found in rates.items()
        if backend.startswith("PyTorch")
    }
    print("| trained by | on | numbers | pictures/s, median | least to most | of PyTorch's |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (backend, devices, precision), found in rates.items():
        middle = statistics.median(found)
        beside = torch.get(precision in COARSE)
        ratio = f"{middle / beside:.2f}" if beside else ""
        spread = f"{min(found):.1f} to {max(found):.1f}"
        print(f"| {backend} | {devices} | {precision} | {middle:.1f} | {spread} | {ratio} |")


main()
