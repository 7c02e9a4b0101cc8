#!/usr/bin/env python3
"""The same scenario and seed must give the same trace hash in every build and on every machine: compares two builds over the suite, and
the first seed of each file with what another machine found (tests/traces.txt), or two builds over drawn scenarios."""
import argparse
import subprocess
import sys
from pathlib import Path

import runs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path, help="a `lockstep` program")
    parser.add_argument("other", type=Path, help="another build of it")
    parser.add_argument("--seeds", type=int, default=10, help="seeds per file of the suite (default 10)")
    parser.add_argument("--drawn", metavar="A..B", type=seed_range, help="instead of the suite: the scenarios that chaos draws from these seeds")
    parser.add_argument("--recorded", type=Path, default=runs.ROOT / "tests" / "traces.txt", metavar="FILE",
                        help="of the suite: the traces that another machine found (default tests/traces.txt)")
    parser.add_argument("--record", action="store_true", help="behaviour has changed on purpose: write that file instead of comparing with it")
    parser.add_argument("--out", type=Path, default=runs.ROOT / "out" / "traces",
                        help="with --drawn: where the programs keep their results, each in a directory named as its own, and go on from "
                             "(default out/traces)")
    parser.add_argument("--jobs", type=int, default=0, help="processes at once (default: processors)")
    arguments = parser.parse_args()
    for program in (arguments.one, arguments.other):
        runs.need_program(program)
    if arguments.record and arguments.drawn:
        parser.error("--record is for the suite, not with --drawn")
    if arguments.drawn and name_of(arguments.one) == name_of(arguments.other):
        parser.error(f"expected programs in directories of two names, found both in one named {name_of(arguments.one)}: their results would "
                     "lie in one place")
    compared, different = compare_drawn(arguments) if arguments.drawn else compare_suite(arguments)
    print(f"traces: {compared - different} passed, {different} failed")
    return 1 if different or not compared else 0


def seed_range(text):
    first, dots, last = text.partition("..")
    if not (dots and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"expected FIRST..LAST, such as 1..2000, found {text!r}")
    return int(first), int(last)


def differ(title, one, other):
    """What each program said, (trace, verdict), below the title."""
    print(f"FAILED {title}:", *(f"       {trace or 'no trace'} {verdict}" for trace, verdict in (one, other)), sep="\n", flush=True)


def compare_suite(arguments):
    def both(item):
        return tuple(runs.run(program, *item) for program in (arguments.one, arguments.other))

    items = [(path, seed) for path in runs.suite_files() for seed in range(1, arguments.seeds + 1)]
    recorded, firsts = read_recorded(arguments.recorded), {}
    progress = runs.Progress(len(items), every=20)
    different = 0
    for one, other in runs.in_parallel(arguments.jobs, both, items):
        progress.step(one.title)
        if one.seed == 1:
            firsts[one.scenario] = one.trace
        if not one.trace or (one.trace, one.verdict) != (other.trace, other.verdict):
            different += 1
            differ(one.title, *((run.trace, f"{run.verdict}  {program}")
                                for run, program in ((one, arguments.one), (other, arguments.other))))
        elif one.seed == 1 and not arguments.record and recorded.get(one.scenario) != one.trace:
            different += 1
            differ(one.title, (one.trace, "here"), (recorded.get(one.scenario), f"{arguments.recorded}: a machine or a library makes a "
                   "difference, or behaviour has changed (on purpose: --record)"))
    if arguments.record:
        arguments.recorded.write_text("".join(f"{name} {trace}\n" for name, trace in sorted(firsts.items())), encoding="utf-8")
    return len(items), different


def read_recorded(path):
    """By the name of each suite file the trace of its first seed, as another machine has written it down."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(line.split() for line in lines)


def compare_drawn(arguments):
    ones, others = (campaign(program, arguments) for program in (arguments.one, arguments.other))
    different = 0
    for seed in sorted(ones.keys() | others.keys()):
        one, other = ones.get(seed, ("", "not run")), others.get(seed, ("", "not run"))
        if not one[0] or one != other:
            different += 1
            differ(f"seed {seed}", one, other)
    return len(ones.keys() | others.keys()), different


def name_of(program):
    return program.resolve().parent.name  # build/asan/lockstep: asan


def campaign(program, arguments):
    """Runs the drawn seeds that this build of the program has no results of yet; by seed the trace and the verdict."""
    first, last = arguments.drawn
    out = arguments.out / name_of(program)
    print(f"{program}: {first}..{last}", file=sys.stderr, flush=True)
    try:
        drawn = runs.run_drawn(program.resolve(), first, last, out, arguments.jobs)
    except subprocess.CalledProcessError as error:
        print(f"traces: {' '.join(error.cmd)} ended with exit code {error.returncode}", file=sys.stderr)
        sys.exit(2)
    return {seed: (one.trace, one.kind or "holds") for seed, one in drawn.items()}


if __name__ == "__main__":
    sys.exit(main())
