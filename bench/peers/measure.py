"""One measured point: a load generator runs, its window is watched from outside, and a disturbed run is repeated."""
import json
import subprocess
import sys
import time
from dataclasses import dataclass

from . import machine
from .cluster import Broken

MOST_TRIES = 3


@dataclass(frozen=True)
class Point:
    system: str
    operation: str  # "write", "linearizable read", "local read"
    outstanding: int = 0
    open_rate: bool = False  # at half of etcd's maximum instead of a number outstanding

    @property
    def load(self):
        return "half of etcd's maximum" if self.open_rate else f"{self.outstanding}"


def run_load(command, disk, pids):
    """What the load generator reports, and the machine's counters over exactly its window."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    readings = {}
    last = ""
    for line in process.stdout:
        last = line.strip()
        if last in ("begin", "end"):
            readings[last] = machine.read(disk, pids)
    complaint = process.stderr.read().strip()[-500:]
    if process.wait() != 0 or len(readings) != 2:
        raise Broken(f"{command[0]} {command[1]}: exit code {process.returncode}: {complaint or 'no complaint'}")
    reported = json.loads(last)
    return reported, machine.between(readings["begin"], readings["end"], reported["client_cores"])


def measure(point, command, cluster, leader, disk, patient):
    """The least disturbed of up to three runs, as one flat record."""
    best = None
    for _ in range(MOST_TRIES if patient else 1):
        if patient:
            machine.wait_until_quiet()
        reported, usage = run_load(command, disk, cluster.pids())
        if best is None or usage.foreign + usage.stolen < best[1].foreign + best[1].stolen:
            best = reported, usage
        if usage.quiet:
            break
    reported, usage = best
    rate = reported["per_second"]
    return {
        "at": time.strftime("%H:%M:%S"), "system": point.system, "operation": point.operation, "load": point.load,
        **reported,
        "node_cores": sum(usage.cores), "leader_cores": usage.cores[leader],
        "cpu_us": 1e6 * sum(usage.cores) / rate if rate else 0.0,
        "flushes": usage.flushes / (rate * usage.seconds) if rate else 0.0,
        "foreign_cores": usage.foreign, "stolen_cores": usage.stolen, "quiet": usage.quiet,
    }


def outage(command, number, process):
    """Milliseconds from the signal to the first write that a survivor acknowledged."""
    ended = subprocess.run([str(word) for word in command] + ["--signal", str(int(number)), "--process", str(process)],
                           capture_output=True, text=True)
    if ended.returncode != 0:
        print(f"compare: {command[0]}: no write in time after signal {number}: {ended.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    return json.loads(ended.stdout)["outage_ms"]
