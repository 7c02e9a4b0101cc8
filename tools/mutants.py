#!/usr/bin/env python3
"""./dev mutants: puts known mistakes back one at a time; each must be caught by the oracle it names, in the median of
several hunts, which have seeds of their own. With --drawn nothing leads to the mistakes: scenarios that chaos draws hunt them."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import runs
from checks import mutants
from checks.tree import Tree

PLACE = runs.ROOT / "build" / "mutants"
SOURCE = PLACE / "src"
PROGRAM = SOURCE / "build" / "release" / "lockstep"
PIECE_S = 300  # a drawn hunt begins no seed of a piece later than this, and ends with a piece that was cut


def restore(tree):
    """Makes the copy equal to the tree, touching only what differs, so that builds stay incremental."""
    wanted = set(tree.files)
    if SOURCE.exists():
        for name in Tree(SOURCE).files:
            if name not in wanted:
                (SOURCE / name).unlink()
    for name in tree.files:
        copy = SOURCE / name
        original = tree.root / name
        if not copy.exists() or copy.read_bytes() != original.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(original, copy)


def apply_patch(mutant):
    # Without this, git would look for the repository around the copy and apply nothing at all.
    alone = dict(os.environ, GIT_CEILING_DIRECTORIES=str(PLACE))
    subprocess.run(["git", "apply", str(mutant.path.resolve())], cwd=SOURCE, env=alone, check=True)


def build():
    """None, or what the compiler said."""
    done = subprocess.run([str(SOURCE / "dev"), "build", "release", "lockstep"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


@dataclass(frozen=True)
class Hunt:
    """One search: how many seeds until the named oracle fired (None: it did not), in which scenario, and what else happened."""
    seeds: int | None
    scenario: str
    others: frozenset
    silent: int


def hunt(mutant, first, jobs):
    """Goes through mutant.seeds seeds from `first` on; other oracles than the named one do not count."""
    others, silent = set(), 0
    batch = 2 * (jobs or os.cpu_count() or 1)
    end = first + mutant.seeds
    for begin in range(first, end, batch):
        items = [(SOURCE / scenario, seed) for seed in range(begin, min(begin + batch, end)) for scenario in mutant.scenarios]
        for result in runs.in_parallel(jobs, lambda item: runs.run(PROGRAM, *item), items):
            if mutant.oracle in result.violated:
                return Hunt(result.seed - first + 1, result.scenario, frozenset(others), silent)
            others.update(result.violated)
            silent += not result.spoke
    return Hunt(None, "", frozenset(others), silent)


@dataclass(frozen=True)
class DrawnHunt:
    """One search among drawn scenarios: the first violated seed, counted from the hunt's own first (None: there was none), which
    verdicts it violated, how many seeds were run, and how many of them ended otherwise than holding or violated."""
    seeds: int | None
    oracles: tuple
    tried: int
    others: int


def drawn_hunt(first, most, jobs):
    """In ever larger pieces, since most mistakes show at once. Some make every seed slow: such a hunt is cut short."""
    tried = others = 0
    size = 2 * (jobs or os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="lockstep_") as out:
        while tried < most:
            begin, size = first + tried, min(size, most - tried)
            results = runs.run_drawn(PROGRAM, begin, begin + size - 1, out, jobs, ("--for", f"{PIECE_S}s"))
            for seed, result in sorted(results.items()):
                if result.kind == runs.VIOLATED:
                    return DrawnHunt(seed - first + 1, result.names, tried + len(results), others)
                others += result.kind not in ("", "vacuous")
            tried += len(results)
            if len(results) < size:
                break
            size *= 2
    return DrawnHunt(None, (), tried, others)


def drawn_sentence_of(mutant, hunts):
    """(caught, sentence). Any oracle counts: the scenario was not made for this mistake."""
    numbers, middle = listed(hunts), median(hunts)
    tried = sum(each.tried for each in hunts)
    others = sum(each.others for each in hunts)
    aside = f"; {count_of(others)} ended without a verdict" if others else ""
    if middle is None:
        return False, f"not caught by chaos in {tried} seeds (hunts: {numbers}){aside}"
    oracles = frozenset().union(*(each.oracles for each in hunts))
    whose = "its" if mutant.oracle in oracles else f"not {mutant.oracle}, but"
    return True, f"caught by chaos after {count_of(middle)} (median of {numbers}): {whose} {', '.join(sorted(oracles))}{aside}"


def listed(hunts):
    return ", ".join("none" if each.seeds is None else str(each.seeds) for each in hunts)


def count_of(seeds):
    return f"{seeds} seed{'s' * (seeds != 1)}"


def median(hunts):
    """None unless more than half of them caught something; of an even number the higher of the two in the middle."""
    numbers = sorted(hunt.seeds if hunt.seeds is not None else float("inf") for hunt in hunts)
    middle = numbers[len(numbers) // 2]
    return None if middle == float("inf") else middle


def sentence_of(mutant, hunts):
    """(caught, sentence) of all hunts for one mutant."""
    numbers, middle = listed(hunts), median(hunts)
    if middle is not None:
        scenario = Counter(each.scenario for each in hunts if each.scenario).most_common(1)[0][0]
        return True, f"caught by {mutant.oracle} in {scenario} after {count_of(middle)} (median of {numbers})"
    why = f"not caught by {mutant.oracle} in {mutant.seeds} seeds (hunts: {numbers})"
    others = frozenset().union(*(each.others for each in hunts))
    if others:
        why += f"; other oracles fired: {', '.join(sorted(others))}"
    silent = sum(each.silent for each in hunts)
    if silent:
        why += f"; {silent} runs ended without a verdict"
    return False, why


def judge(tree, path, arguments):
    mutant = mutants.read(path)
    if isinstance(mutant, str):
        return False, mutant
    restore(tree)
    apply_patch(mutant)
    tell(f"{mutant.name}: builds")
    broken = build()
    if broken:
        return False, "does not compile:\n" + "\n".join(broken.split("\n")[-12:])
    hunts = []
    most = arguments.drawn or mutant.seeds
    for number in range(arguments.hunts):
        tell(f"{mutant.name}: hunt {number + 1} of {arguments.hunts}" + (f", before it {listed(hunts)}" if hunts else ""))
        first = 1 + number * most
        hunts.append(drawn_hunt(first, most, arguments.jobs) if arguments.drawn else hunt(mutant, first, arguments.jobs))
    return drawn_sentence_of(mutant, hunts) if arguments.drawn else sentence_of(mutant, hunts)


def tell(text):
    """What is being done, on standard error: a line that the next one overwrites on a terminal, else a line each."""
    end = "" if sys.stderr.isatty() else "\n"
    print(("\r\033[K" if sys.stderr.isatty() else "") + text, end=end, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants (file names without .patch); default all")
    parser.add_argument("--hunts", type=int, default=5, help="hunts for each, with seeds of their own; the median counts (default: 5)")
    parser.add_argument("--drawn", type=int, metavar="N",
                        help="hunt with scenarios that chaos draws, at most N in each hunt, instead of the named files; any oracle counts")
    parser.add_argument("--jobs", type=int, default=0, help="runs at once (default: processors)")
    arguments = parser.parse_args()
    if arguments.hunts < 1:
        parser.error("expected --hunts to be 1 or more")
    if arguments.drawn is not None and arguments.drawn < 1:
        parser.error("expected --drawn to be 1 or more")
    patches = {path.stem: path for path in mutants.all_patches(runs.ROOT)}
    unknown = [name for name in arguments.names if name not in patches]
    if unknown or not patches:
        print(f"mutants: there is no {', '.join(unknown) or 'patch'} in {mutants.FOLDER}", file=sys.stderr)
        return 2

    tree = Tree(runs.ROOT)
    chosen = arguments.names or list(patches)
    width = max(map(len, chosen))
    failed = 0
    for name in chosen:
        started = time.monotonic()
        try:
            caught, sentence = judge(tree, patches[name], arguments)
        except subprocess.CalledProcessError:
            caught, sentence = False, "does not apply (./dev check says where)"
        failed += not caught
        if sys.stderr.isatty():
            tell("")
        print(f"{'ok    ' if caught else 'FAILED'} {name:{width}}  {sentence}  [{time.monotonic() - started:.0f} s]", flush=True)
    print(f"mutants: {len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
