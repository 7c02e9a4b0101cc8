#!/usr/bin/env python3
"""./dev endurance: writes at a fixed rate for an hour; do memory and disk of three nodes level off?

Half of the writes update a bounded set of keys, the others insert rows and delete them again, so that the database itself
does not grow.
"""
import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from peers import endurance, machine  # noqa: E402
from peers.cluster import NODES, Broken  # noqa: E402
from peers.lockstep import Lockstep  # noqa: E402

LONGEST_PART_S = 60  # then whoever leads is asked again
FIGURES = ("memory_mib", "database_mib", "log_mib", "all_mib")


def size_mib(directory, inside=""):
    """Of the files that exist at this moment; some may vanish while they are counted."""
    total = 0
    for path in (directory / inside).rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            pass
    return total / 2**20


def sample(cluster, began):
    row = {"seconds": round(time.monotonic() - began)}
    for figure in FIGURES:
        row[figure] = []
    for node, pid in enumerate(cluster.pids()):
        data = cluster.data(node)
        row["memory_mib"].append(machine.memory_mib(pid, "VmRSS"))
        row["database_mib"].append(size_mib(data, "db"))
        row["all_mib"].append(size_mib(data))
        row["log_mib"].append(row["all_mib"][-1] - row["database_mib"][-1])
    return row


def show(row):
    cells = [f"{figure.removesuffix('_mib')} " + "/".join(f"{value:.0f}" for value in row[figure]) for figure in FIGURES]
    print(f"endurance: {row['seconds']:5d} s  MiB of three nodes: {', '.join(cells)}", flush=True)


def load_for(arguments, cluster, seconds, each):
    """One load of this length; `each` is called now and then. What it reports, or None if the leader changed under it."""
    name, *rest = cluster.load("churn", cluster.wait_for_leader())
    command = [arguments.programs / name, *rest, "--rate", arguments.rate, "--seconds", seconds, "--warm-up", 0]
    load = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while load.poll() is None:
            try:
                load.wait(timeout=arguments.every)
            except subprocess.TimeoutExpired:
                each()
        printed, complaint = load.communicate()
    finally:
        load.kill()
    if load.returncode == 0:
        return json.loads(printed.strip().splitlines()[-1])
    print(f"endurance: a part of the load failed: {complaint.strip()[-200:]}", flush=True)
    return None


def run(arguments, cluster):
    cluster.fill()
    rows, reports, began = [], [], time.monotonic()

    def each():
        rows.append(sample(cluster, began))
        show(rows[-1])
    while (left := arguments.seconds - (time.monotonic() - began)) > 1:
        reports.append(load_for(arguments, cluster, min(left, LONGEST_PART_S), each))
    return rows, reports


def summary(reports):
    good = [report for report in reports if report is not None]
    if not good:
        raise Broken("no part of the load succeeded")
    writes = sum(report["operations"] for report in good)
    rate = writes / sum(report["seconds"] for report in good)
    return (f"{writes:,.0f} writes at {rate:,.0f}/s, p99 of a minute at most {max(report['p99_us'] for report in good):,.0f} µs, "
            f"the slowest write {max(report['max_us'] for report in good) / 1000:,.0f} ms; "
            f"{len(reports) - len(good)} of {len(reports)} parts failed")


def verdict(rows):
    """True if every figure of every node has stopped growing."""
    good = True
    for figure in FIGURES:
        for node in range(NODES):
            samples = [row[figure][node] for row in rows]
            level = endurance.levels_off(samples)
            good = good and level
            print(f"{'levels off' if level else 'STILL GROWS'}: {figure.removesuffix('_mib')} of node {node + 1}: "
                  f"{samples[0]:.0f} -> {samples[-1]:.0f} MiB, at most {max(samples):.0f}")
    return good


def main():
    parser = argparse.ArgumentParser(prog="./dev endurance", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--for", dest="seconds", type=float, default=3600, help="seconds (default 3600)")
    parser.add_argument("--rate", type=float, default=5000, help="writes per second (default 5000)")
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples (default 10)")
    parser.add_argument("--scratch", type=Path, help="directory for the nodes' data (default: the temporary directory)")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    arguments = parser.parse_args()
    arguments.programs = arguments.programs.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="lockstep-endurance-", dir=arguments.scratch) as scratch:
        try:
            with Lockstep(arguments.programs, scratch) as cluster:
                rows, reports = run(arguments, cluster)
            print(f"{machine.describe()}; {summary(reports)}")
        except Broken as broken:
            print(f"endurance: {broken}", file=sys.stderr)
            return 1
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine.describe(), "loads": reports, "samples": rows}, indent=1) + "\n")
    return 0 if verdict(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
