#!/usr/bin/env python3
"""What tools/compare_traces.py makes of two programs that draw the same seeds."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOOL = ROOT / "tools" / "compare_traces.py"

# A program that writes results as `lockstep chaos` does, with this trace of seed 2; of seed 1 all have the same.
PROGRAM = """#!{python}
import sqlite3, sys
from pathlib import Path
out = Path(sys.argv[sys.argv.index("--out") + 1])
out.mkdir(parents=True, exist_ok=True)
with sqlite3.connect(out / "results.sqlite") as results:
    results.execute("CREATE TABLE seeds(seed INTEGER PRIMARY KEY, trace TEXT, kind TEXT, names TEXT)")
    results.executemany("INSERT INTO seeds VALUES(?, ?, '', '[]')", [(1, "aa"), (2, {trace!r})])
sys.exit({exit_code})
"""

# One that answers as `lockstep run --json` does: each scenario and seed has a trace of its own.
RUNNER = """#!{python}
import json, sys
from pathlib import Path
seed = sys.argv[sys.argv.index("--seed") + 1]
print(json.dumps(dict(verdict="holds", verdicts=[], trace=Path(sys.argv[2]).stem[:6] + seed + {mark!r})))
"""


class CompareTracesTest(unittest.TestCase):
    def compare(self, traces, drawn="1..2", exit_code=0, names=("a/release", "a/other")):
        with tempfile.TemporaryDirectory() as home:
            programs = []
            for name, trace in zip(names, traces):
                program = Path(home) / name / "lockstep"
                program.parent.mkdir(parents=True)
                program.write_text(PROGRAM.format(python=sys.executable, trace=trace, exit_code=exit_code), encoding="utf-8")
                program.chmod(0o755)
                programs.append(str(program))
            return subprocess.run([sys.executable, str(TOOL), *programs, "--drawn", drawn, "--out", str(Path(home) / "out")],
                                  capture_output=True, text=True, check=False)

    def test_equal_traces_pass(self):
        done = self.compare(("bb", "bb"))
        self.assertEqual((done.returncode, done.stdout), (0, "traces: 2 passed, 0 failed\n"), done.stderr)

    def test_a_seed_that_differs_is_named_with_both_traces(self):
        done = self.compare(("bb", "cc"), exit_code=1)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "FAILED seed 2:\n       bb holds\n       cc holds\ntraces: 1 passed, 1 failed\n")

    def test_a_program_that_cannot_is_bad_input(self):
        done = self.compare(("bb", "bb"), exit_code=2)
        self.assertEqual(done.returncode, 2)
        self.assertIn("ended with exit code 2", done.stderr)

    def test_programs_whose_results_would_lie_in_one_place_are_bad_input(self):
        done = self.compare(("bb", "bb"), names=("a/release", "b/release"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("found both in one named release", done.stderr)

    def compare_suite(self, home, marks, *options):
        programs = []
        for name, mark in zip(("release", "other"), marks):
            program = Path(home) / name / "lockstep"
            program.parent.mkdir(exist_ok=True)
            program.write_text(RUNNER.format(python=sys.executable, mark=mark), encoding="utf-8")
            program.chmod(0o755)
            programs.append(str(program))
        return subprocess.run([sys.executable, str(TOOL), *programs, "--seeds", "1", "--recorded", str(Path(home) / "traces.txt"), *options],
                              capture_output=True, text=True, check=False)

    def test_what_another_machine_found_is_compared_too(self):
        with tempfile.TemporaryDirectory() as home:
            self.assertEqual(self.compare_suite(home, ("", ""), "--record").returncode, 0)
            done = self.compare_suite(home, ("", ""))
            self.assertEqual(done.returncode, 0, done.stdout)
            done = self.compare_suite(home, ("x", "x"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("a machine or a library makes a difference", done.stdout)
            self.assertTrue(done.stdout.endswith("traces: 0 passed, " + done.stdout.split()[-2] + " failed\n"), done.stdout[-80:])

    def test_a_range_that_is_none_is_bad_input(self):
        for drawn in ("5", "2..1", "a..b"):
            done = self.compare(("bb", "bb"), drawn)
            self.assertEqual(done.returncode, 2)
            self.assertIn("expected FIRST..LAST", done.stderr)


if __name__ == "__main__":
    unittest.main()
