"""Running `lockstep run` and `lockstep chaos` from tools: the one place that knows their options, exit codes and results."""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT / "scenarios" / "suite"
SEEDS = ROOT / "scenarios" / "seeds"
TIME_LIMIT_S = 120
REAL_TIME_LIMIT_S = 900  # of a sweep, whose runs follow one another
HOLDS, VIOLATED, REFUSED = "holds", "violated", "refused: "


@dataclass(frozen=True)
class Run:
    """What one run said. `verdict` is the program's word, or a sentence about why there is none."""
    scenario: str
    seed: int | None
    exit_code: int
    verdict: str
    trace: str
    violated: tuple

    @property
    def title(self):
        return f"{self.scenario} with its own seed" if self.seed is None else f"{self.scenario} seed {self.seed}"

    @property
    def holds(self):
        return self.exit_code == 0 and self.verdict == HOLDS

    @property
    def refused(self):
        """It takes more time than anybody waits for where time is real; `verdict` says so."""
        return self.verdict.startswith(REFUSED)

    @property
    def spoke(self):
        """False if the program crashed, hung or printed no verdict: neither a pass nor a catch."""
        return self.exit_code in (0, 1) and not self.verdict.startswith("no verdict")


def run(program, scenario, seed, world="sim"):
    """Runs one scenario with one seed (None: its own); its report goes to a directory that is removed."""
    limit = TIME_LIMIT_S if world == "sim" else REAL_TIME_LIMIT_S
    scenario = Path(scenario)
    with tempfile.TemporaryDirectory(prefix="lockstep_") as out:
        command = [str(program), "run", str(scenario), "--json", "--out", out]
        if seed is not None:
            command += ["--seed", str(seed)]
        if world != "sim":
            command += ["--on", world]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit,
                                  stdin=subprocess.DEVNULL, check=False)
        except subprocess.TimeoutExpired:
            return Run(scenario.name, seed, -1, f"no verdict in {limit} s", "", ())
    try:
        document = json.loads(done.stdout)
        if "refused" in document:
            return Run(scenario.name, seed, done.returncode, REFUSED + document["refused"], "", ())
        runs = document.get("runs", [document])  # a scenario with a sweep is several runs
        violated = tuple(row["name"] for one in runs for row in one["verdicts"] if row["verdict"] == VIOLATED)
        return Run(scenario.name, seed, done.returncode, document["verdict"], str(document.get("trace", "")), violated)
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip() or done.stdout.strip() or "no output").split("\n")[-1]
        return Run(scenario.name, seed, done.returncode, f"no verdict (exit {done.returncode}): {last}", "", ())


@dataclass(frozen=True)
class DrawnSeed:
    """What a campaign of chaos wrote down of one seed: `kind` is empty if it holds, `names` are the verdicts of that kind."""
    seed: int
    trace: str
    kind: str
    names: tuple


def run_drawn(program, first, last, out, jobs=0, options=()):
    """Runs the drawn scenarios first..last of which `out` has no results yet; DrawnSeed by seed. Seeds that fail are results too."""
    command = [str(program), "chaos", "--seeds", f"{first}..{last}", "--no-shrink", "--out", str(out), *options]
    if jobs:
        command += ["--jobs", str(jobs)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command)
    with sqlite3.connect(Path(out) / "results.sqlite") as results:
        rows = results.execute("SELECT seed, trace, kind, names FROM seeds WHERE seed BETWEEN ? AND ?", (first, last))
        return {seed: DrawnSeed(seed, trace, kind, tuple(json.loads(names))) for seed, trace, kind, names in rows}


def command_of(result, preset="release", world="sim"):
    on = "" if world == "sim" else f" --on {world}"
    what = (f"run scenarios/seeds/{result.scenario}" if result.seed is None else
            f"run scenarios/suite/{result.scenario} --seed {result.seed}")
    return f"./dev {what}{on}" if preset == "release" else f"build/{preset}/lockstep {what}{on}"


def suite_files():
    """The suite, or exit with a sentence: an empty suite must not pass."""
    files = sorted(SUITE.glob("*.json"))
    if not files:
        sys.exit("suite: there is no file in scenarios/suite")
    return files


def seed_files():
    """Scenarios that once failed, each with the seed in it."""
    return sorted(SEEDS.glob("*.json"))


def need_program(program):
    if not os.access(program, os.X_OK):
        sys.exit(f"there is no program {program}: build it first (./dev build)")


def in_parallel(jobs, work, items):
    """Yields work(item) in the order of items."""
    with ThreadPoolExecutor(max_workers=jobs or os.cpu_count() or 1) as pool:
        yield from pool.map(work, items)


class Progress:
    """A line that overwrites itself on a terminal; elsewhere a line now and then."""

    def __init__(self, total, every=200):
        self.total, self.every, self.done = total, every, 0
        self.terminal = sys.stderr.isatty()

    def step(self, text):
        self.done += 1
        if self.terminal:
            print(f"\r\033[K{self.done}/{self.total} {text}", end="", file=sys.stderr, flush=True)
            if self.done == self.total:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
        elif self.done % self.every == 0:
            print(f"{self.done}/{self.total} {text}", file=sys.stderr, flush=True)
