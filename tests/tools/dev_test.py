#!/usr/bin/env python3
"""What ./dev says about its arguments, and that it says so before it builds anything."""

import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def dev(*arguments):
    return subprocess.run([ROOT / "dev", *arguments], capture_output=True, text=True, timeout=30)


class Fuzz(unittest.TestCase):
    def test_a_target_that_is_not_there_is_refused_before_the_build(self):
        answer = dev("fuzz", "nonesuch", "--for", "5s")
        self.assertEqual(answer.returncode, 2)
        self.assertEqual(answer.stdout, "")
        self.assertEqual(answer.stderr, "fuzz: there is no target 'nonesuch'; ./dev fuzz --help lists them\n")

    def test_the_help_lists_every_target(self):
        answer = dev("fuzz", "--help")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("usage: ./dev fuzz", answer.stdout)
        for corpus in (ROOT / "tests/fuzz/corpus").iterdir():
            self.assertIn(f"  {corpus.name}\n", answer.stdout)


if __name__ == "__main__":
    unittest.main()
