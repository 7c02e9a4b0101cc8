"""How `./dev mutants` hunts and counts, with a program that is only played."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import mutants as tool  # noqa: E402
import runs  # noqa: E402
from checks.mutants import Mutant  # noqa: E402

MUTANT = Mutant(pathlib.Path("forgets.patch"), "Forgets.", "durability", ("one.json", "two.json"), 10)


class Hunts(unittest.TestCase):
    def setUp(self):
        self.tried, self.fires, self.run = [], {}, runs.run
        runs.run = self.played

    def tearDown(self):
        runs.run = self.run

    def played(self, _program, scenario, seed):
        self.tried.append((scenario.name, seed))
        violated = self.fires.get((scenario.name, seed), ())
        return runs.Run(scenario.name, seed, 1 if violated else 0, "violated" if violated else "holds", "", violated)

    def test_the_first_seed_at_which_the_named_oracle_fires_counts_from_its_own_first(self):
        self.fires = {("one.json", 21): ("monotonic",), ("two.json", 24): ("durability",)}
        self.assertEqual(tool.hunt(MUTANT, 21, 1), tool.Hunt(4, "two.json", frozenset({"monotonic"}), 0))

    def test_a_hunt_ends_with_its_seeds_and_counts_no_other_oracle(self):
        self.fires = {("one.json", seed): ("monotonic",) for seed in range(1, 30)}
        self.assertEqual(tool.hunt(MUTANT, 11, 2), tool.Hunt(None, "", frozenset({"monotonic"}), 0))
        self.assertEqual(sorted(self.tried), sorted((name, seed) for name in MUTANT.scenarios for seed in range(11, 21)))

    def test_the_median_says_whether_it_is_caught(self):
        def of(*numbers):
            return tool.sentence_of(MUTANT, [tool.Hunt(n, "one.json" if n else "", frozenset({"liveness"}), 0) for n in numbers])

        self.assertEqual(of(3, 1, 9, 2, 7), (True, "caught by durability in one.json after 3 seeds (median of 3, 1, 9, 2, 7)"))
        self.assertEqual(of(1, 1, 1, None, None), (True, "caught by durability in one.json after 1 seed (median of 1, 1, 1, none, none)"))
        self.assertFalse(of(1, None)[0])  # half of an even number is not more than half
        caught, why = of(1, 2, None, None, None)
        self.assertFalse(caught)
        self.assertEqual(why, "not caught by durability in 10 seeds (hunts: 1, 2, none, none, none); other oracles fired: liveness")

    def test_a_drawn_hunt_takes_larger_and_larger_pieces_until_a_seed_is_violated(self):
        pieces = []

        def drawn(_program, first, last, _out, _jobs, _options):
            pieces.append((first, last))
            kinds = {1003: ("vacuous", ()), 1005: ("crash", ("SIGABRT",)), 1011: ("violated", ("liveness",)), 1012: ("violated", ("bank",))}
            return {seed: runs.DrawnSeed(seed, "", *kinds.get(seed, ("", ()))) for seed in range(first, last + 1)}

        run_drawn, runs.run_drawn = runs.run_drawn, drawn
        try:
            found = tool.drawn_hunt(1001, 100, 2)
            missed = tool.drawn_hunt(1, 20, 2)
        finally:
            runs.run_drawn = run_drawn
        self.assertEqual(pieces, [(1001, 1004), (1005, 1012), (1, 4), (5, 12), (13, 20)])
        self.assertEqual(found, tool.DrawnHunt(11, ("liveness",), 12, 1))
        self.assertEqual(missed, tool.DrawnHunt(None, (), 20, 0))
        self.assertEqual(tool.drawn_sentence_of(MUTANT, [found]), (
            True, "caught by chaos after 11 seeds (median of 11): not durability, but liveness; 1 seed ended without a verdict"))
        self.assertEqual(tool.drawn_sentence_of(MUTANT, [missed]), (False, "not caught by chaos in 20 seeds (hunts: none)"))


if __name__ == "__main__":
    unittest.main()
