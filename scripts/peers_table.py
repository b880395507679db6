"""Reads rows of an engine comparison from stdin, one JSON object per line; prints a Markdown table and a verdict on ours.

A row has engine, precision, threads, median_ms, min_ms, and may have rss_mb, cold_proc_ms and others: cores that other
programs used meanwhile. An engine's median is the median over its quiet rows (others below 0.1), or over all rows if none
is quiet; its minimum is the least of all rows. Ratios are to the fastest other engine with the same number of threads."""

import datetime
import json
import os
import platform
import statistics
import sys

OURS = "ours"
COLUMNS = [
    "engine", "threads", "median ms", "min ms", "median / fastest peer", "min / fastest peer", "resident MB",
    "cold start ms", "quiet rows",
]
GOAL = 0.90
QUIET = 0.1


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def summary(rows):
    quiet = [row for row in rows if row.get("others", 1) < QUIET]

    def middle(name, rows):
        return statistics.median([row[name] for row in rows if row.get(name) is not None] or [float("nan")])

    return {
        "median": middle("median_ms", quiet or rows),
        "min": min(row.get("min_ms") or row["median_ms"] for row in rows),
        "rss": middle("rss_mb", rows),
        "cold": middle("cold_proc_ms", quiet or rows),
        "quiet": f"{len(quiet)} of {len(rows)}",
    }


def main():
    groups = {}
    for line in sys.stdin:
        row = json.loads(line)
        groups.setdefault((row["threads"], row["engine"], row["precision"]), []).append(row)
    engines = {key: summary(rows) for key, rows in groups.items()}
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}\n")
    print("| " + " | ".join(COLUMNS) + " |")
    print("| " + " | ".join("---" for _ in COLUMNS) + " |")
    verdicts, complete = [], True
    for threads in (1, 2):
        here = {key[1:]: found for key, found in engines.items() if key[0] == threads}
        peers = {key: found for key, found in here.items() if key[0] != OURS}
        own = [found for key, found in here.items() if key[0] == OURS]
        if not peers or not own:
            print(f"error: at {threads} thread(s), {len(own)} rows of ours and {len(peers)} of others", file=sys.stderr)
            complete = False
            continue
        fastest = min(peers, key=lambda key: peers[key]["min"])
        least = peers[fastest]["min"]
        median = min(found["median"] for found in peers.values())
        for key, found in sorted(here.items(), key=lambda entry: entry[1]["min"]):
            name = "**blastscope int8**" if key[0] == OURS else " ".join(key)
            ratios = f"{found['median'] / median:.2f} | {found['min'] / least:.2f}"
            row = f"| {name} | {threads} | {found['median']:.2f} | {found['min']:.2f} | {ratios} "
            print(row + f"| {found['rss']:.0f} | {found['cold']:.0f} | {found['quiet']} |".replace("nan", "-"))
        ratio = own[0]["min"] / least
        reached = "at most" if ratio <= GOAL else "NOT at most"
        plural = "s" if threads > 1 else ""
        verdicts.append(f"{ratio:.3f} of {' '.join(fastest)} at {threads} thread{plural} ({reached} {GOAL:.2f})")
    print("\nThe others read their network from a file and take floats; blastscope draws its weights and takes")
    print("bytes. `blastscope bench --cold 20` measures its time from start to a verdict with the shipped model.")
    if verdicts:
        print(f"\nVerdict: blastscope's minimum is {', and '.join(verdicts)}.")
    sys.exit(not complete)


main()
