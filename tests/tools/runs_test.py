#!/usr/bin/env python3
"""What the tools make of what `lockstep run` says."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import runs  # noqa: E402


def said(exit_code, out="", err=""):
    """The run of a program that says just this."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "program"
        program.write_text(f"#!{sys.executable}\nimport sys\nprint({out!r})\nprint({err!r}, file=sys.stderr)\n"
                           f"sys.exit({exit_code})\n", encoding="utf-8")
        program.chmod(0o755)
        return runs.run(program, "a.json", 7, world="real")


class RunsTest(unittest.TestCase):
    def test_a_refusal_is_known_by_its_document(self):
        result = said(2, '{"refused": "too long"}', "lockstep run: too long")
        self.assertTrue(result.refused)
        self.assertEqual(result.verdict, "refused: too long")
        self.assertFalse(result.holds or result.spoke)

    def test_other_bad_input_is_no_refusal_whatever_it_says(self):
        result = said(2, "", "lockstep run: it runs in the simulator only")
        self.assertFalse(result.refused)
        self.assertEqual(result.verdict, "no verdict (exit 2): lockstep run: it runs in the simulator only")

    def test_a_verdict_is_read(self):
        result = said(1, '{"verdict": "violated", "verdicts": [{"name": "x", "verdict": "violated"}]}')
        self.assertEqual((result.verdict, result.violated, result.spoke), ("violated", ("x",), True))


if __name__ == "__main__":
    unittest.main()
