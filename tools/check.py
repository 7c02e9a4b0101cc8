#!/usr/bin/env python3
"""./dev check: arrows, determinism rules, symbols of the libraries, style, mutants that still apply."""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from checks import arrows, determinism, mutants, style, symbols, tree  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent, type=Path)
    parser.add_argument("--build", type=Path, help="build directory whose libraries are looked at")
    arguments = parser.parse_args()
    source = tree.Tree(arguments.root)

    results = {"arrows": arrows.check(source), "determinism": determinism.check(source),
               "style": style.check(source), "mutants": mutants.check(arguments.root)}
    if arguments.build:
        results["symbols"], libraries = symbols.check(arguments.build)
        if libraries == 0:
            print(f"check: no library to look at in {arguments.build}; build first", file=sys.stderr)
            return 1
    for lines, name in style.long_files(source):
        print(f"check: {name} has {lines} lines (wished: headers {style.WISHED_HEADER_LINES}, "
              f"sources {style.WISHED_SOURCE_LINES})")
    for findings in results.values():
        for finding in findings:
            print(finding)
    broken = [kind for kind, findings in results.items() if findings]
    print(f"check: {len(results) - len(broken)} passed, {len(broken)} failed" + (f" ({', '.join(broken)})" if broken else ""))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
