#!/usr/bin/env python3
"""What ./dev compare makes of its records: medians, spreads, ratios to etcd, and what was wanted of them."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import compare  # noqa: E402
from peers import endurance, lockstep, machine, table  # noqa: E402


def record(system, rate, p99=100.0, cpu=10.0, operation="write", load="64"):
    return {"system": system, "operation": operation, "load": load, "per_second": rate, "p50_us": 50.0, "p99_us": p99,
            "cpu_us": cpu, "client_cores": 0.2, "flushes": 0.1}


class TableTest(unittest.TestCase):
    def test_a_row_has_the_median_its_spread_and_the_ratio_of_medians(self):
        records = [record("etcd", rate) for rate in (900, 1000, 5000)]
        records += [record("Lockstep native", rate) for rate in (3000, 3500, 9000)]
        row = list(table.Table(records, []).rows())[1]
        self.assertEqual(row[2:5], ["Lockstep native", "3,500 (3,000 - 9,000)", "3.50"])

    def test_without_etcd_there_is_no_ratio_and_no_verdict_on_one(self):
        result = table.Table([record("Lockstep native", 3000, cpu=31)], [])
        self.assertEqual(list(result.rows())[0][4], "")
        self.assertEqual([met for _, met in result.verdicts()], [False])  # the processor time alone

    def test_what_was_wanted_is_reached_or_missed(self):
        records = [record("etcd", 1000, p99=100), record("Lockstep native", 2999, p99=50, cpu=30)]
        self.assertEqual([met for _, met in table.Table(records, []).verdicts()], [False, True, True])
        records[1]["per_second"] = 3000
        records[1]["p99_us"] = 51
        self.assertEqual([met for _, met in table.Table(records, []).verdicts()], [True, True, False])

    def test_outages_have_a_table_of_their_own(self):
        text = table.Table([], [{"system": "etcd", "how": "killed", "ms": ms} for ms in (300.0, 500.0, 400.0)]).markdown()
        self.assertIn("| killed        | etcd   | 400 (300 - 500)  | 3     |", text)


class SystemsTest(unittest.TestCase):
    def test_whatever_is_wanted_is_wanted_of_a_system_that_is_measured(self):
        titles = {title for title, _ in compare.SYSTEMS.values()}
        self.assertLessEqual({system for system, _ in table.WANTED_RATES}, titles)

    def test_grpc_load_goes_to_the_port_that_the_leader_listens_at(self):
        with tempfile.TemporaryDirectory() as scratch:
            cluster = lockstep.LockstepGrpc(Path("build"), scratch)
            for leader in range(lockstep.NODES):
                listens_at = cluster.configuration(leader)["listen"]["grpc"]
                self.assertEqual(cluster.load("write", leader), ["load", "write", listens_at, "--protocol", "grpc-stream"])
                self.assertEqual(cluster.load("linearizable read", leader)[2:], [listens_at, "--protocol", "grpc"])


class UsageTest(unittest.TestCase):
    def test_what_neither_nodes_nor_client_used_is_foreign(self):
        first = machine.Reading(at=0, busy=10, stolen=0, flushes=5, processors=[1, 2])
        last = machine.Reading(at=2, busy=14, stolen=0.1, flushes=25, processors=[2, 3])
        usage = machine.between(first, last, client_cores=0.5)
        self.assertEqual((usage.cores, usage.foreign, usage.flushes), ([0.5, 0.5], 0.5, 20))
        self.assertFalse(usage.quiet)


class EnduranceTest(unittest.TestCase):
    def test_a_curve_that_flattens_levels_off_and_one_that_climbs_does_not(self):
        self.assertTrue(endurance.levels_off([100 + min(n, 20) for n in range(100)]))
        self.assertTrue(endurance.levels_off([100 + n % 17 for n in range(100)]))  # a saw
        self.assertTrue(endurance.levels_off([n * 17 % 64 for n in range(360)]))  # one that is seldom looked at
        self.assertFalse(endurance.levels_off([n * 17 % 64 + n / 10 for n in range(360)]))  # on a ground that rises
        self.assertFalse(endurance.levels_off([100 + n for n in range(100)]))
        self.assertFalse(endurance.levels_off([100, 101]))  # too few to say


if __name__ == "__main__":
    unittest.main()
