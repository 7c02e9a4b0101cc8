#!/usr/bin/env python3
"""How the README's test reads a README: commands, what is shown below them, and markers."""
import importlib.util
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SOURCE = Path(__file__).resolve().parent.parent / "readme" / "readme_test.py"
SPEC = importlib.util.spec_from_file_location("readme_test", SOURCE)
readme = importlib.util.module_from_spec(SPEC)
sys.modules["readme_test"] = readme
SPEC.loader.exec_module(readme)


class CommandsTest(unittest.TestCase):
    def test_a_block_gives_its_commands_and_what_they_show(self):
        one, two = readme.commands_of("text\n```console\n$ a b\nverdict: holds\n$ c\n```\n```\n$ not this\n```\n")
        self.assertEqual((one.text, one.line, one.shown, one.exit_code), ("a b", 3, ["verdict: holds"], 0))
        self.assertEqual((two.text, two.shown), ("c", []))

    def test_a_marker_concerns_the_next_block_only(self):
        commands = readme.commands_of("<!-- readme-test: skip, recursion -->\n```console\n$ a\n```\n"
                                      "<!-- readme-test: exit 2 -->\n```console\n$ b\n```\n```console\n$ c\n```\n")
        self.assertEqual([(c.skipped, c.exit_code) for c in commands], [("recursion", 0), ("", 2), ("", 0)])

    def test_an_unknown_marker_and_an_empty_block_are_refused(self):
        for text in ("<!-- readme-test: skip -->\n", "```console\na\n```\n"):
            with self.assertRaises(ValueError):
                readme.commands_of(text)

    def test_shown_lines_are_looked_for_in_order_with_dots_for_anything(self):
        output = "noise\nverdict: holds\nseed: 7\ntrace: 00ff\n"
        self.assertEqual(readme.missing_lines(["...", "verdict: holds", "trace: ..."], output), [])
        self.assertEqual(readme.missing_lines(["seed: 7", "verdict: holds"], output), ["verdict: holds"])
        self.assertEqual(readme.missing_lines(["verdict: hold"], output), ["verdict: hold"])


class FailureTest(unittest.TestCase):
    def complaint(self, text, exit_code=0, shown=()):
        return readme.complaint(readme.Command(1, text, exit_code, "", list(shown)), Path(__file__).parent)

    def test_exit_code_and_output_are_compared(self):
        self.assertIsNone(self.complaint("echo a", 0, ["a"]))
        self.assertIsNone(self.complaint("exit 2", 2))
        self.assertIn("exit 0, not 2", self.complaint("true", 2))
        self.assertIn("does not have", self.complaint("echo a", 0, ["b"]))


if __name__ == "__main__":
    unittest.main()
