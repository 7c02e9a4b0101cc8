#!/usr/bin/env python3
"""./dev suite: every file of scenarios/suite over N seeds, and every file of scenarios/seeds with its own; a failing seed
is printed with its command."""
import argparse
import sys
import time
from pathlib import Path

import runs


def main():
    parser = argparse.ArgumentParser(prog="./dev suite", description=__doc__)
    parser.add_argument("--program", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--on", choices=["sim", "real"], default="sim", help="the simulator, or real processes in real time")
    parser.add_argument("--seeds", type=int, help="seeds per file (default 5, real 1)")
    parser.add_argument("--first", type=int, default=1, help="first seed (default 1)")
    parser.add_argument("--jobs", type=int, default=0, help="processes at once (default: processors, real 1)")
    arguments = parser.parse_args()
    real = arguments.on == "real"
    arguments.seeds = arguments.seeds if arguments.seeds is not None else (1 if real else 5)
    arguments.jobs = arguments.jobs or (1 if real else 0)  # real runs are judged by the clock: one after another
    if arguments.seeds < 1:
        parser.error("--seeds is at least 1")
    runs.need_program(arguments.program)

    files = runs.suite_files()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    items = [(path, seed) for path in files for seed in seeds]
    if not real:
        items += [(path, None) for path in runs.seed_files()]
    progress = runs.Progress(len(items))
    failed, refused = [], []
    started = time.monotonic()
    for result in runs.in_parallel(arguments.jobs, lambda item: runs.run(arguments.program, *item, world=arguments.on), items):
        progress.step(result.title)
        if result.refused:
            refused.append(result)
            print(f"REFUSED {result.title}: {result.verdict.removeprefix(runs.REFUSED)}", flush=True)
        elif not result.holds:
            failed.append(result)
            names = f" ({', '.join(result.violated)})" if result.violated else ""
            print(f"FAILED {result.title}: {result.verdict}{names}\n"
                  f"       {runs.command_of(result, world=arguments.on)}", flush=True)
    print(f"suite: {len(files)} files, {arguments.seeds} seeds, {time.monotonic() - started:.1f} s")
    passed = len(items) - len(failed) - len(refused)
    print(f"suite: {passed} passed, {len(failed)} failed" + (f", {len(refused)} refused" if refused else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
