#!/usr/bin/env python3
"""The same scenario and seed must give the same trace hash in every build: compares two of them over the suite."""
import argparse
import sys
from pathlib import Path

import runs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path, help="a `lockstep` program")
    parser.add_argument("other", type=Path, help="another build of it")
    parser.add_argument("--seeds", type=int, default=10, help="seeds per file (default 10)")
    parser.add_argument("--jobs", type=int, default=0, help="processes at once (default: processors)")
    arguments = parser.parse_args()
    for program in (arguments.one, arguments.other):
        runs.need_program(program)

    def both(item):
        return tuple(runs.run(program, *item) for program in (arguments.one, arguments.other))

    items = [(path, seed) for path in runs.suite_files() for seed in range(1, arguments.seeds + 1)]
    progress = runs.Progress(len(items), every=20)
    failed = 0
    for one, other in runs.in_parallel(arguments.jobs, both, items):
        progress.step(f"{one.scenario} seed {one.seed}")
        if one.trace and one.trace == other.trace and one.verdict == other.verdict:
            continue
        failed += 1
        print(f"FAILED {one.scenario} seed {one.seed}:\n"
              f"       {one.trace or 'no trace'} {one.verdict}  {arguments.one}\n"
              f"       {other.trace or 'no trace'} {other.verdict}  {arguments.other}", flush=True)
    print(f"traces: {len(items) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
