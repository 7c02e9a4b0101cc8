#!/usr/bin/env python3
"""./dev restart: how long a node with a large database takes to serve again after kill -9.

A database of 1 GB is made, then writes are acknowledged until a node's log is nearly as long as asked, then that node is
killed. Measured is the time from its start until it answers a local read, and until it has applied what the others had.
"""
import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from endurance import size_mib  # noqa: E402
from peers import machine  # noqa: E402
from peers.cluster import Broken  # noqa: E402
from peers.lockstep import Lockstep  # noqa: E402

ROWS_PER_STATEMENT = 10_000
BYTES_PER_ROW = 1000
# One small entry makes ten megabytes: the size of the database, not of the log, is what is wanted here.
GROW = ("INSERT INTO large(v) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) "
        "SELECT randomblob(%d) FROM n" % (ROWS_PER_STATEMENT, BYTES_PER_ROW))
LONGEST_S = 120


def execute(cluster, sql):
    cluster.need("load", "execute", cluster.endpoint(cluster.wait_for_leader()), "--sql", sql)


def grow(cluster, megabytes):
    execute(cluster, "CREATE TABLE large(k INTEGER PRIMARY KEY, v BLOB)")
    for _ in range(0, megabytes * 1_000_000, ROWS_PER_STATEMENT * BYTES_PER_ROW):
        execute(cluster, GROW)


def applied(cluster, node):
    """What the node has applied; None while it does not answer."""
    answered, printed = cluster.ask("load", "status", cluster.endpoint(node))
    return int(printed.split()[2]) if answered and printed else None


def log_mib(cluster, node):
    return size_mib(cluster.data(node)) - size_mib(cluster.data(node), "db")


def lengthen_log(cluster, node, megabytes):
    """Writes until the node's log has this length, or has stopped growing because its beginning is dropped."""
    longest = 0
    for _ in range(40):
        length = log_mib(cluster, node)
        if length >= megabytes or (longest and length < longest):
            break
        longest = length
        leader = cluster.wait_for_leader()
        name, *rest = cluster.load("write", leader)
        cluster.need(name, *rest, "--outstanding", 64, "--seconds", 0.5, "--warm-up", 0.1)


def restart(cluster, node):
    victim = cluster.processes[node]
    before = applied(cluster, node)
    victim.kill()
    victim.wait()
    sizes = {"database_mib": size_mib(cluster.data(node), "db"), "log_mib": log_mib(cluster, node)}
    began = time.monotonic()
    cluster.start(node)
    answers = None
    while time.monotonic() - began < LONGEST_S:
        now = applied(cluster, node)
        passed = 1000 * (time.monotonic() - began)
        answers = answers or (passed if now is not None else None)
        if now is not None and now >= before:
            return {**sizes, "answers_ms": answers, "serves_ms": passed}
        time.sleep(0.005)
    raise Broken(f"node {node + 1} has not caught up in {LONGEST_S} s: {cluster.last_words(node)}")


def main():
    parser = argparse.ArgumentParser(prog="./dev restart", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--database", type=int, default=1000, help="megabytes (default 1000)")
    parser.add_argument("--log", type=int, default=60, help="mebibytes that the log grows to, if it may (default 60)")
    parser.add_argument("--rounds", type=int, default=5, help="restarts, of each node in turn (default 5)")
    parser.add_argument("--scratch", type=Path, help="directory for the nodes' data (default: the temporary directory)")
    parser.add_argument("--json", type=Path, help="write every restart to this file")
    arguments = parser.parse_args()
    arguments.programs = arguments.programs.resolve()
    results = []
    with tempfile.TemporaryDirectory(prefix="lockstep-restart-", dir=arguments.scratch) as scratch:
        try:
            with Lockstep(arguments.programs, scratch) as cluster:
                grow(cluster, arguments.database)
                for turn in range(arguments.rounds):
                    node = turn % len(cluster.processes)
                    lengthen_log(cluster, node, arguments.log)
                    results.append(restart(cluster, node))
                    print(f"restart: node {node + 1}, database {results[-1]['database_mib']:.0f} MiB, log {results[-1]['log_mib']:.0f} MiB: "
                          f"answers after {results[-1]['answers_ms']:.0f} ms, serves after {results[-1]['serves_ms']:.0f} ms", flush=True)
        except Broken as broken:
            print(f"restart: {broken}", file=sys.stderr)
            return 1
    serves = [result["serves_ms"] for result in results]
    print(f"{machine.describe()}; {len(results)} restarts after kill -9: serves after {statistics.median(serves):.0f} ms "
          f"({min(serves):.0f} - {max(serves):.0f}), wanted under 1000")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine.describe(), "restarts": results}, indent=1) + "\n")
    return 0 if max(serves) < 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
