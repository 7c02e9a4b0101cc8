#!/usr/bin/env python3
"""The line about skipped tests names every reason once, with how many tests gave it."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CTEST = """<testsuite>
  <testcase name="fine"><system-out>all fine</system-out></testcase>{}
  <testcase name="gone"><skipped message="Unable to find executable"/><system-out>not there</system-out></testcase>
</testsuite>"""
SKIPPED_BY_CTEST = """
  <testcase name="{0}"><skipped message="SKIP_RETURN_CODE=77"/><system-out>{0}_test: no browser here
</system-out></testcase>"""
PROGRAM = """<testsuites><testsuite><testcase name="Fine" result="completed"/>{}</testsuite></testsuites>"""
SKIPPED_BY_PROGRAM = """<testcase name="A" result="skipped">
  <skipped message="x"><![CDATA[../tests/a_test.cc:5\nno histories at "/there"; LOCKSTEP_SHARED_DATA names another folder]]></skipped></testcase>"""


class Skipped(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.results = Path(scratch.name)

    def answer(self):
        return subprocess.run([sys.executable, ROOT / "tools/skipped.py", self.results], capture_output=True, text=True,
                              check=False)

    def test_reasons_are_counted(self):
        (self.results / "ctest.xml").write_text(
            CTEST.format(SKIPPED_BY_CTEST.format("page") + SKIPPED_BY_CTEST.format("dashboard")))
        (self.results / "test_a.xml").write_text(PROGRAM.format(3 * SKIPPED_BY_PROGRAM))
        (self.results / "test_b.xml").write_text(PROGRAM.format(""))
        self.assertEqual(self.answer().stdout, 'skipped: 5 tests: 3 (no histories at "/there"; LOCKSTEP_SHARED_DATA names another folder), '
                                               "2 (no browser here)\n")

    def test_none_is_said_too(self):
        (self.results / "ctest.xml").write_text(CTEST.format(""))
        self.assertEqual(self.answer().stdout, "skipped: no test\n")

    def test_without_results_nothing_is_claimed(self):
        answer = self.answer()
        self.assertEqual(answer.returncode, 2)
        self.assertIn("not known", answer.stdout)


if __name__ == "__main__":
    unittest.main()
