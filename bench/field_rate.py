"""Readings per second from many edges into a hub of three nodes, all real processes of this machine.

field_rate.py [--lockstep PROGRAM] [--edges 50] [--rate 1000] [--seconds 20] [--look-ms 5] [--processes 5] [--dir DIR] [--json]

Each edge has one probe that gathers `rate` readings a second and is looked at every 5 ms; batches are closed after 200 readings or 20 ms, are durable on
the edge before they leave, and are acknowledged when they are committed and applied on the leader. Sensor to commit is
measured in the edge: from the moment of the reading to the acknowledgement. Exit code 0 if what was sensed came in.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 6  # seconds; an edge begins to measure after five


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def ask(port, sql):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/query", json.dumps({"sql": sql, "level": "local"}).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["rows"]


def committed(port):
    return ask(port, "SELECT coalesce(sum(readings), 0), coalesce(sum(received), 0) FROM hub_streams")[0]


class Run:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.cluster = directory / "hub"
        self.edges = []
        self.data = directory / "edges"

    def lockstep(self, *words):
        return subprocess.run([self.arguments.lockstep, *map(str, words)], capture_output=True, text=True, check=True).stdout

    def start(self):
        self.lockstep("cluster", "start", "--hub", "--dir", self.cluster, "--port", self.arguments.port)
        each = self.arguments.edges // self.arguments.processes
        for first in range(1, self.arguments.edges + 1, each):
            command = [self.arguments.lockstep, "edge", "--dir", self.cluster, "--data", self.data, "--name", f"e{first}", "--edges", each,
                       "--devices", "probe", "--probe-rate", self.arguments.rate, "--sample-ms", self.arguments.look_ms, "--measure"]
            self.edges.append(subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))

    def status(self):
        return json.loads(self.lockstep("cluster", "status", "--json", "--dir", self.cluster))

    def measure(self):
        time.sleep(WARM_UP)
        nodes = self.status()["nodes"]
        leader = next(node for node in nodes if node.get("role") == "leader")
        port = int(leader["http"].rsplit(":", 1)[1])
        pids = {"edges": [edge.pid for edge in self.edges], "leader": [leader["process"]],
                "followers": [node["process"] for node in nodes if node is not leader]}
        began, before, cpu = time.monotonic(), committed(port), {who: sum(map(cpu_seconds, of)) for who, of in pids.items()}
        time.sleep(self.arguments.seconds)
        seconds, after = time.monotonic() - began, committed(port)
        shares = {who: (sum(map(cpu_seconds, of)) - cpu[who]) / seconds for who, of in pids.items()}
        return {"seconds": round(seconds, 2), "readings_per_second": round((after[0] - before[0]) / seconds),
                "batches_per_second": round((after[1] - before[1]) / seconds),
                "cores": {who: round(share, 3) for who, share in shares.items()},
                "cpu_share_of_edges": round(shares["edges"] / os.cpu_count(), 3)}

    def finish(self):
        told = []
        for edge in self.edges:
            edge.send_signal(signal.SIGTERM)
        for edge in self.edges:
            told.append(json.loads(edge.communicate(timeout=60)[0].strip().splitlines()[-1]))
        waits = [one["sensor_to_commit_ms"] for one in told]
        return {"sensed": sum(one["sensed"] for one in told), "committed": sum(one["committed"] for one in told),
                "dropped": sum(one["dropped"] for one in told),
                "sensor_to_commit_ms": {"median": sorted(wait["median"] for wait in waits)[len(waits) // 2],
                                        "p99_of_the_slowest_process": max(wait["p99"] for wait in waits), "most": max(wait["most"] for wait in waits)}}

    def stop(self):
        for edge in self.edges:
            edge.kill()
            edge.wait()
        subprocess.run([self.arguments.lockstep, "cluster", "stop", "--kill", "--dir", str(self.cluster)], capture_output=True, check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lockstep", default=str(pathlib.Path(__file__).resolve().parents[1] / "build/release/lockstep"))
    parser.add_argument("--edges", type=int, default=50)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--rate", type=float, default=1000, help="readings a second of each edge")
    parser.add_argument("--look-ms", type=float, default=5, help="between two looks at a probe, which gathers meanwhile")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--port", type=int, default=18500)
    parser.add_argument("--dir", help="where data goes (default: a temporary directory)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.edges % arguments.processes:
        parser.error("expected --edges that --processes divides")
    with tempfile.TemporaryDirectory(prefix="lockstep-field-", dir=arguments.dir) as directory:
        run = Run(arguments, pathlib.Path(directory))
        try:
            run.start()
            figures = run.measure()
            figures |= run.finish()
        finally:
            run.stop()
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        waits = figures["sensor_to_commit_ms"]
        print(f"{figures['readings_per_second']:,} readings/s committed in {figures['batches_per_second']:,} batches/s, {arguments.edges} edges in {arguments.processes} processes")
        print(f"sensor to commit: median {waits['median']} ms, 99 % within {waits['p99_of_the_slowest_process']} ms, all within {waits['most']} ms")
        print("cores: " + ", ".join(f"{who} {share}" for who, share in figures["cores"].items()) + f"; edges have {figures['cpu_share_of_edges']:.0%} of the machine")
    wanted = arguments.edges * arguments.rate
    return 0 if figures["readings_per_second"] >= 0.99 * wanted and not figures["dropped"] else 1


if __name__ == "__main__":
    sys.exit(main())
