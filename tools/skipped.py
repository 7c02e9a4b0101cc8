#!/usr/bin/env python3
"""One line that says how many tests were skipped, and why: skipped.py RESULTS, the directory that `./dev test` fills."""
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

FROM_CTEST = "ctest.xml"


def reason_in(text):
    """Of what a test printed, the last line, without the name of who says it."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return re.sub(r"^\w+: ", "", lines[-1]) if lines else "no reason given"


def of_program(document):
    """Reasons of the skipped tests of one program of GoogleTest, whose messages begin with file and line."""
    return [reason_in(skipped.text) for skipped in document.iter("skipped")]


def of_ctest(document):
    """The same of what ctest started and was told that it did not run; a program that is not there has failed."""
    return [reason_in(test.findtext("system-out")) for test in document.iter("testcase")
            if test.find("skipped") is not None and test.find("skipped").get("message", "").startswith("SKIP_")]


def reasons(results):
    """Every skipped test's reason, with how often it was given."""
    counts = Counter()
    for path in sorted(results.glob("*.xml")):
        document = ElementTree.parse(path)
        counts.update(of_ctest(document) if path.name == FROM_CTEST else of_program(document))
    return counts


def sentence(counts):
    total = sum(counts.values())
    if total == 0:
        return "skipped: no test"
    whys = ", ".join(f"{count} ({why})" for why, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return f"skipped: {total} test{'s' if total > 1 else ''}: {whys}"


def main():
    if len(sys.argv) != 2:
        print(f"expected one argument, a directory of results; {__doc__}", file=sys.stderr)
        return 2
    results = Path(sys.argv[1])
    if not (results / FROM_CTEST).exists():
        print(f"skipped: not known, there are no results in {results}")
        return 2
    print(sentence(reasons(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
