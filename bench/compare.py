#!/usr/bin/env python3
"""./dev compare: Lockstep beside etcd and dqlite on this machine, interleaved in rounds, as one table."""
import argparse
import json
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from peers import machine, measure, table  # noqa: E402
from peers.cluster import Broken  # noqa: E402
from peers.dqlite import Dqlite  # noqa: E402
from peers.etcd import FAST_ELECTION, Etcd  # noqa: E402
from peers.lockstep import Lockstep, LockstepGrpc  # noqa: E402
from peers.measure import Point  # noqa: E402

OUTSTANDING = (1, 16, 64, 256)
PARTS = ("writes", "open", "reads", "local", "failover")


class DqliteNoDelay(Dqlite):
    """What dqlite can do when Nagle's algorithm does not hold it back."""
    nodelay = True


class FastEtcd(Etcd):
    """With an election timeout like Lockstep's; its default of a second is kinder to a busy machine."""
    flags = FAST_ELECTION


# By the name on the command line: the name in the table, and the cluster.
SYSTEMS = {
    "etcd": ("etcd", Etcd),
    "native": ("Lockstep native", Lockstep),
    "grpc": ("Lockstep gRPC", LockstepGrpc),
    "dqlite": ("dqlite", Dqlite),
    "dqlite-nodelay": ("dqlite without Nagle", DqliteNoDelay),
}

OPEN_LOOPS = ("etcd", "native")  # whose load generator can begin writes at a given rate


class Comparison:
    def __init__(self, arguments, scratch):
        self.arguments = arguments
        self.scratch = scratch
        self.disk = machine.disk_of(scratch)
        self.records = []
        self.outages = []

    def wanted(self, part, system):
        return part in self.arguments.parts and system in self.arguments.systems

    # One life of one cluster.
    def visit(self, system, points, freshly_restarted=False):
        with SYSTEMS[system][1](self.arguments.programs, self.scratch) as cluster:
            if freshly_restarted:
                cluster.fill()
                cluster.restart()
            for point in points:
                self.take(point, cluster)

    def take(self, point, cluster):
        leader = cluster.wait_for_leader()
        name, *rest = cluster.load(point.operation, leader)
        amount = ["--rate", f"{self.half_of_etcd():.0f}"] if point.open_rate else ["--outstanding", point.outstanding]
        command = [self.arguments.programs / name, *rest, *amount, "--seconds", self.arguments.seconds]
        record = measure.measure(point, command, cluster, leader, self.disk, self.arguments.wait)
        record["peak_memory_mib"] = cluster.peak_memory_mib()
        self.records.append(record)
        print(f"compare: {record['at']} {point.system}, {point.operation}, {point.load}: {record['per_second']:,.0f}/s, "
              f"p99 {record['p99_us']:,.0f} µs, {record['cpu_us']:.1f} µs of CPU" +
              ("" if record["quiet"] else f" (disturbed: others {record['foreign_cores']:.2f}, stolen {record['stolen_cores']:.2f})"),
              file=sys.stderr)

    def half_of_etcd(self):
        rates = [record["per_second"] for record in self.records
                 if record["system"] == "etcd" and record["operation"] == "write" and record["load"] == f"{OUTSTANDING[-1]}"]
        if not rates:
            raise Broken("an open rate is half of etcd's maximum: measure etcd's writes in the same run")
        return statistics.median(rates) / 2

    def points(self, system, operation):
        title = SYSTEMS[system][0]
        # dqlite: one request to a connection, and BUSY for all but one writer
        amounts = OUTSTANDING[:3] if title.startswith("dqlite") or operation == "local read" else OUTSTANDING
        return [Point(title, operation, outstanding) for outstanding in amounts]

    def writes(self):
        for system in SYSTEMS:
            if self.wanted("writes", system):
                points = self.points(system, "write")
                if self.wanted("open", system) and system in OPEN_LOOPS:
                    points.append(Point(SYSTEMS[system][0], "write", open_rate=True))
                self.visit(system, points)

    def reads(self):
        for system in ("etcd", "native", "grpc"):
            if self.wanted("reads", system):
                self.visit(system, self.points(system, "linearizable read"), freshly_restarted=True)

    def local_reads(self):
        for system in ("native", "dqlite"):
            if self.wanted("local", system):
                self.visit(system, self.points(system, "local read"), freshly_restarted=True)

    # Leaders that leave in good order, leaders that die, and leaders that fall silent.
    def failovers(self):
        for system, make in (("etcd", FastEtcd), ("native", Lockstep)):
            if self.wanted("failover", system):
                with make(self.arguments.programs, self.scratch) as cluster:
                    self.strike(cluster, SYSTEMS[system][0], "stopped", signal.SIGTERM)
                    self.strike(cluster, SYSTEMS[system][0], "killed", signal.SIGKILL)
                    self.strike(cluster, SYSTEMS[system][0], "silent", signal.SIGSTOP)

    def strike(self, cluster, system, how, number):
        time.sleep(2)
        if self.arguments.wait:
            machine.wait_until_quiet()
        leader = cluster.wait_for_leader()
        name, *rest = cluster.outage([node for node in range(len(cluster.processes)) if node != leader])
        victim = cluster.processes[leader]
        try:
            milliseconds = measure.outage([self.arguments.programs / name, *rest], number, victim.pid)
        finally:
            if number == signal.SIGSTOP:
                victim.send_signal(signal.SIGCONT)
        if number != signal.SIGSTOP:
            victim.wait()
            cluster.start(leader)
        cluster.wait_for_leader()
        if milliseconds is not None:
            self.outages.append({"system": system, "how": how, "ms": milliseconds})
            print(f"compare: {system}, leader {how}: no write for {milliseconds:.0f} ms", file=sys.stderr)

    def run(self):
        for number in range(1, self.arguments.rounds + 1):
            print(f"compare: round {number} of {self.arguments.rounds}", file=sys.stderr)
            self.writes()
            self.reads()
            self.local_reads()
            self.failovers()

    # What comes of it.
    def report(self):
        result = table.Table(self.records, self.outages)
        disturbed = sum(not record["quiet"] for record in self.records)
        print(f"\n{machine.describe()}; {self.arguments.rounds} rounds, interleaved; {self.arguments.seconds} s for each point; "
              f"median (min - max). {disturbed} of {len(self.records)} points were disturbed by other work.\n")
        print(result.markdown())
        for sentence, met in result.verdicts():
            print(f"{'reached' if met else 'MISSED '} {sentence}")
        if self.arguments.json:
            raw = {"machine": machine.describe(), "rounds": self.arguments.rounds, "seconds": self.arguments.seconds,
                   "records": self.records, "outages": self.outages}
            self.arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


def names(allowed):
    def parse(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(allowed)}")
        return chosen
    return parse


def main():
    parser = argparse.ArgumentParser(prog="./dev compare", description=__doc__)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of everything (default 5)")
    parser.add_argument("--seconds", type=float, default=3, help="measured window of a point (default 3)")
    parser.add_argument("--quick", action="store_true", help="one round, windows of one second, no waiting: a look, not a figure")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="do not wait for a quiet machine, do not repeat")
    parser.add_argument("--parts", type=names(PARTS), default=PARTS, help=f"of {','.join(PARTS)}")
    parser.add_argument("--systems", type=names(SYSTEMS), default=tuple(SYSTEMS), help=f"of {','.join(SYSTEMS)}")
    parser.add_argument("--scratch", type=Path, help="directory on the disk to measure (default: the temporary directory)")
    parser.add_argument("--json", type=Path, help="write every record to this file")
    arguments = parser.parse_args()
    arguments.programs = arguments.programs.resolve()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.wait = 1, 1, False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the clusters end with this script
    with tempfile.TemporaryDirectory(prefix="lockstep-compare-", dir=arguments.scratch) as scratch:
        comparison = Comparison(arguments, scratch)
        try:
            comparison.run()
        except Broken as broken:
            print(f"compare: {broken}", file=sys.stderr)
            return 1
        comparison.report()
    return 0


if __name__ == "__main__":
    sys.exit(main())
