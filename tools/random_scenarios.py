#!/usr/bin/env python3
"""Writes random scenarios, runs them and lists those that end otherwise than they may.

Any scenario of the language must hold, unless it is vacuous (a fault never struck, nothing was acknowledged):
no oracle may fire, nothing may be lost, and the healed cluster must serve within its bound. A finding is kept
in the output directory as <number>.json beside the output of its run.

    tools/random_scenarios.py LOCKSTEP --first 0 --count 200 --out build/random
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys

PROBES = ["raft.before_persist", "raft.after_persist", "replica.before_apply", "txn.before_commit"]
EVENTS = ["role_changed", "commit_advanced", "entry_durable", "prefix_dropped", "log_truncated", "frame_dropped"]
VERBS = ["kill", "power_loss", "stall", "partition", "loss", "delay", "duplicate", "reorder", "clock", "crash",
         "pause"]


class Writer:
    """Draws one scenario; the families of faults that are on are drawn first, so that most are exactly off."""

    def __init__(self, number):
        self.random = random.Random(number)
        self.number = number
        self.nodes = self.random.choice([1, 2, 3, 3, 3, 3, 4, 5, 5, 7])
        self.seconds = self.random.choice([2, 4, 8])
        self.clients = 0
        self.verbs = self.random.sample(VERBS, self.random.randint(1, len(VERBS)))

    def ms(self, least, most):
        return f"{self.random.randint(least, most)}ms"

    def chance(self, share):
        return self.random.random() < share

    def probability(self, most):
        return round(self.random.uniform(0.001, most), 3)

    def spread(self, least, most):
        median = self.random.randint(least, most)
        return {"median": f"{median}us", "p99": f"{median * self.random.choice([1, 3, 10])}us"}

    def cluster(self):
        cluster = {"nodes": self.nodes, "election_timeout": self.ms(150, 600)}
        if self.chance(0.5):
            cluster["pause_before_commit"] = self.ms(1, 400)
        if self.chance(0.3):
            cluster["write_mode"] = "strong"
        if self.chance(0.3):
            cluster["prepare_timeout"] = self.ms(100, 3000)
        if self.chance(0.5):
            cluster["batch"] = {"max_entries": self.random.choice([1, 2, 64]),
                                "max_bytes": self.random.choice([1, 1000, 262144]),
                                "max_delay": self.ms(0, 20)}
        return cluster

    def load(self):
        load = {"for": f"{self.seconds}s", "clients": self.random.randint(1, 8)}
        self.clients += load["clients"]
        if self.chance(0.5):
            load["rate"] = f"{self.random.choice([5, 50, 200])}/s"
        else:
            load["think"] = self.ms(0, 50)
        if self.chance(0.5):
            load["timeout"] = self.ms(5, 3000)
        if self.chance(0.3):
            load["start"] = self.ms(0, 1000)
        if self.chance(0.3):
            load["read_level"] = "local"
        return load

    def workload(self):
        found = [{"kind": "versioned_writes", **self.load(), "tables": self.random.choice([1, 2, 5]),
                  "statements": self.random.choice([1, 1, 3, 20]), "reads": self.probability(0.8)}]
        if self.chance(0.7):
            found.append({"kind": "register", **self.load(), "keys": self.random.choice([1, 3, 20]),
                          "reads": self.probability(0.6), "cas": self.probability(0.4)})
        if self.chance(0.3):
            found.append({"kind": "verify", "start": "1500ms", "rounds": self.random.randint(1, 5)})
            self.clients += 1
        self.random.shuffle(found)
        found.sort(key=lambda one: one["kind"] == "verify")
        return found

    def hit(self):
        named = [f"n{self.random.randint(1, self.nodes)}"]
        return self.random.choice([named[0], named, "leader", "leader", "follower", "all"])

    def groups(self):
        kind = self.random.randint(0, 3)
        if kind == 0:
            return [["leader"], ["others"]]
        if kind == 1:
            return [[f"n{self.random.randint(1, self.nodes)}", "c1"], ["others"]]
        if kind == 2:
            return [["follower"], ["others"]]
        nodes = [f"n{n + 1}" for n in range(self.nodes)]
        cut = self.random.randint(0, self.nodes)
        return [group for group in (nodes[:cut], nodes[cut:], [f"c{self.random.randint(1, self.clients)}"]) if group]

    def trigger(self, faults, verb):
        kind = self.random.randint(0, 4)
        if verb in ("crash", "pause") or kind == 0:
            when = {"probe": self.random.choice(PROBES), "nth": self.random.randint(1, 100)}
            if self.chance(0.5):
                when["node"] = self.random.choice([f"n{self.random.randint(1, self.nodes)}", "leader"])
            return {"when": when}
        if kind == 1:
            return {"when": {"event": self.random.choice(EVENTS), "nth": self.random.randint(1, 50)}}
        if kind == 2 and faults:
            return {"after": {"fault": self.random.randrange(len(faults)), "by": self.ms(0, 300)}}
        if kind == 3:
            return {"every": {"period": self.ms(300, 1500), "from": self.ms(100, 1000)}}
        return {"at": self.ms(0, self.seconds * 900)}

    def verb(self, verb):
        r = self.random
        if verb in ("kill", "power_loss", "stall"):
            return {verb: self.hit()}
        if verb == "crash":
            return {verb: r.choice(["leader", "follower", f"n{r.randint(1, self.nodes)}"])}
        if verb == "pause":
            return {verb: self.ms(1, 30000)}
        if verb == "clock":
            change = {"target": self.hit(), "jump": r.choice(["-24h", "-1s", "3ms", "2m", "24h"])}
            if self.chance(0.5):
                change["drift_ppm"] = r.choice([-100000, -500, 0, 500, 100000])
            return {verb: change}
        if verb == "partition":
            found = {verb: self.groups()}
        else:
            found = {verb: self.spread(100, 100000) if verb == "delay" else self.probability(1)}
            if self.chance(0.6):
                found["between"] = self.groups()
        links = found.get("between", found.get("partition"))
        if links and len(links) == 2 and self.chance(0.3):
            found["one_way"] = True
        return found

    def fault(self, faults):
        verb = self.random.choice(self.verbs)
        trigger = self.trigger(faults, verb)
        fault = {**trigger, **self.verb(verb)}
        if verb == "stall" or (verb not in ("clock", "pause") and self.chance(0.6)):
            fault["for"] = self.ms(1, 290) if "every" in trigger else self.ms(1, 5000)
        if len(fault.get("partition", fault.get("between", [0, 0]))) < 2:
            return None
        return fault

    def faults(self):
        found = []
        for _ in range(self.random.randint(0, 8)):
            fault = self.fault(found)
            if fault:
                found.append(fault)
        if self.chance(0.5):
            found.append({"every": "1s", "restart": "all"})
        return found

    def scenario(self):
        out = {"name": "random", "about": f"Drawn at random, number {self.number}.", "seed": self.number,
               "cluster": self.cluster(), "workload": self.workload(), "faults": self.faults()}
        if self.chance(0.6):
            out["network"] = {"latency": self.spread(0, 3000)}
            for kind, most in (("loss", 0.1), ("duplicate", 0.5), ("reorder", 0.5)):
                if self.chance(0.4):
                    out["network"][kind] = self.probability(most)
        if self.chance(0.5):
            out["disk"] = {"sync": self.spread(0, 3000)}
        if self.chance(0.3):
            out["clocks"] = {"max_offset": self.ms(0, 100000), "max_drift_ppm": self.random.choice([0, 200, 100000])}
        out["finally"] = {"heal": self.random.choice(["quorum-then-all", "all"])}
        return out


def run(lockstep, number, out):
    path = out / f"{number}.json"
    path.write_text(json.dumps(Writer(number).scenario(), indent=1))
    command = [lockstep, "run", str(path), "--out", str(out / "reports")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return path, "hangs", ""
    verdict = next((line[9:] for line in done.stdout.splitlines() if line.startswith("verdict: ")), "none")
    fine = (done.returncode == 0 and verdict == "holds") or (done.returncode == 1 and verdict == "vacuous")
    return path, "" if fine else f"exit {done.returncode}, verdict {verdict}", done.stdout + done.stderr


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("lockstep")
    arguments.add_argument("--first", type=int, default=0)
    arguments.add_argument("--count", type=int, default=100)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/random"))
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    found = 0
    for number in range(chosen.first, chosen.first + chosen.count):
        path, finding, output = run(chosen.lockstep, number, chosen.out)
        if finding:
            found += 1
            path.with_suffix(".txt").write_text(output)
            print(f"{path}: {finding}", flush=True)
        else:
            path.unlink()
    print(f"{chosen.count} scenarios, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
