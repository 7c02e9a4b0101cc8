#!/usr/bin/env python3
"""Scenarios on real processes: short ones hold, and nothing is left running however the runner ends."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = None  # the first argument


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def nodes_of(runner):
    """The processes of a run, nodes and edges: a directory that is named after the runner is in their arguments."""
    mark = f"/lockstep-run-{runner}-"
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and mark in command_line(pid)]


def directories_of(runner):
    return list(Path(tempfile.gettempdir()).glob(f"lockstep-run-{runner}-*"))


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class RealRun(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="lockstep_real_")
        self.addCleanup(directory.cleanup)
        self.out = directory.name

    def command(self, scenario):
        return [PROGRAM, "run", str(HERE / scenario), "--on", "real", "--json", "--trace", "--out", self.out]

    def run_to_the_end(self, scenario):
        done = subprocess.run(self.command(scenario), capture_output=True, text=True, timeout=200, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_a_signal_that_was_to_be_ignored_is(self):
        hangs_up = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
        runner = subprocess.Popen(self.command("killed_in_pause.json"), stdout=subprocess.PIPE, text=True, preexec_fn=hangs_up)
        self.addCleanup(runner.kill)
        self.assertTrue(wait_until(lambda: len(nodes_of(runner.pid)) == 3), "no nodes were started")
        runner.send_signal(signal.SIGHUP)
        report = json.loads(runner.communicate(timeout=200)[0])
        self.assertEqual(runner.returncode, 0, report)

    def test_a_short_scenario_holds_and_says_what_it_skipped(self):
        report = self.run_to_the_end("killed_and_cut_off.json")
        self.assertEqual(report["world"], "real")
        self.assertIsNone(report["trace"])
        fired = [fault["fired"] > 0 for fault in report["faults"]]
        self.assertEqual(fired, [True, True, True, True, False, False])
        self.assertIn("power", report["faults"][4]["skipped"])
        self.assertIn("clock", report["faults"][5]["skipped"])
        self.assertEqual(report["fidelity"]["simulated"]["verdict"], "holds")
        self.assertGreater(report["fidelity"]["real"]["latency_ns"]["p50"], 0)
        self.assertEqual([log["node"] for log in report["logs"]], ["n1", "n2", "n3"])
        self.assertTrue(all(log["levels"]["info"] > 0 and len(log["complaints"]) == min(5, log["levels"]["warning"] + log["levels"].get("error", 0)) for log in report["logs"]), report["logs"])
        for world in report["fidelity"].values():  # to be drawn over each other
            self.assertEqual(sum(world["series"]["ok"]), world["operations"]["ok"])
            self.assertTrue(any(world["series"]["p50_ns"]))
        self.assertGreater(report["events"], 100)

    def events_of(self, report):
        lines = (Path(self.out) / f"{report['scenario']}-{report['seed']}" / "trace.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_a_follower_dies_in_the_pause_and_work_is_held(self):
        report = self.run_to_the_end("killed_in_pause.json")
        self.assertTrue(all(fault["fired"] > 0 for fault in report["faults"]), report["faults"])
        verdicts = {row["name"]: row["verdict"] for row in report["verdicts"]}
        self.assertEqual(verdicts["pause-window"], "holds")

    def test_a_field_holds_while_hub_edge_and_cloud_are_killed_and_cut_off(self):
        report = self.run_to_the_end("hub_leader_killed.json")
        self.assertEqual([fault["fired"] > 0 for fault in report["faults"]], [True] * 6 + [False], report["faults"])
        rows = {row["name"]: row for row in report["verdicts"]}
        for name in ("readings-once", "executed-once", "inputs-committed", "one-version", "slots-whole", "field-rests"):
            self.assertEqual(rows[name]["verdict"], "holds", rows[name])
            self.assertGreater(max(rows[name]["checked"].values()), 0, rows[name])
        # Two edges, each with the six signals of a tank and a motor, once a second from 0 to 8: also while one was dead.
        self.assertEqual(rows["plant-envelope"]["checked"]["states"], 2 * 6 * 9)
        self.assertEqual(report["fidelity"]["simulated"]["verdict"], "holds")
        # The runner ends all processes; of that the trace says nothing: its kills are those of the scenario.
        events = self.events_of(report)
        killed = [event["node"] for event in events if event["event"] == "process_killed"]
        self.assertEqual(len(killed), 3, killed)
        self.assertEqual(set(killed) & {"e1", "e2", "cloud"}, {"e1", "cloud"})
        last = {event["node"]: event["event"] for event in events if event["event"] in ("process_started", "process_killed", "recovered")}
        self.assertNotIn("process_killed", last.values())

    def test_a_killed_or_interrupted_runner_of_a_field_leaves_no_process(self):
        for number in (signal.SIGKILL, signal.SIGINT):
            runner = self.start_and_await_nodes("hub_leader_killed.json", 5)
            runner.send_signal(number)
            self.assertEqual(runner.wait(timeout=60), -number)
            self.assertTrue(wait_until(lambda: not nodes_of(runner.pid)), "hubs or edges outlive their runner")

    def start_and_await_nodes(self, scenario="killed_and_cut_off.json", count=3):
        runner = subprocess.Popen(self.command(scenario), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(runner.kill)
        self.assertTrue(wait_until(lambda: len(nodes_of(runner.pid)) == count), "no nodes were started")
        return runner

    def test_a_node_that_ends_by_itself_is_found_and_its_log_is_kept(self):
        runner = subprocess.Popen(self.command("killed_in_pause.json"), stdout=subprocess.PIPE, text=True)
        self.addCleanup(runner.kill)
        self.assertTrue(wait_until(lambda: len(nodes_of(runner.pid)) == 3), "no nodes were started")
        self.assertTrue(wait_until(lambda: len(nodes_of(runner.pid)) == 2), "the scenario kills one")
        os.kill(int(nodes_of(runner.pid)[0]), signal.SIGKILL)  # and a stranger another
        report = json.loads(runner.communicate(timeout=200)[0])
        self.assertEqual(runner.returncode, 1)
        health = [row for row in report["verdicts"] if row["name"] == "node-health"][0]
        self.assertEqual(health["verdict"], "violated")
        self.assertIn("its process ended by itself, signal 9", health["evidence"][0])
        self.addCleanup(shutil.rmtree, report["kept"])
        logs = list(Path(report["kept"]).glob("n*.log"))
        self.assertEqual(len(logs), 3)
        self.assertEqual(nodes_of(runner.pid), [])

    def test_a_killed_runner_leaves_no_process_and_the_next_run_takes_its_directory_away(self):
        runner = self.start_and_await_nodes()
        runner.kill()
        runner.wait()
        self.assertTrue(wait_until(lambda: not nodes_of(runner.pid)), "nodes outlive their runner")
        left = directories_of(runner.pid)
        second = self.start_and_await_nodes()
        self.assertEqual([path for path in left if path.exists()], [])
        second.send_signal(signal.SIGTERM)
        second.wait(timeout=60)

    def test_an_interrupted_runner_leaves_nothing(self):
        runner = self.start_and_await_nodes()
        runner.send_signal(signal.SIGINT)
        self.assertEqual(runner.wait(timeout=60), -signal.SIGINT)
        self.assertEqual(nodes_of(runner.pid), [])
        self.assertEqual(directories_of(runner.pid), [])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
