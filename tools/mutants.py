#!/usr/bin/env python3
"""./dev mutants: puts known mistakes back one at a time; each must be caught by the oracle it names."""
import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import runs
from checks import mutants
from checks.tree import Tree

PLACE = runs.ROOT / "build" / "mutants"
SOURCE = PLACE / "src"
PROGRAM = SOURCE / "build" / "release" / "lockstep"


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


def hunt(mutant, jobs):
    """(caught, sentence): the first seed at which the named oracle fires; other oracles do not count."""
    others, silent, tried = set(), 0, 0
    batch = 2 * (jobs or os.cpu_count() or 1)
    for first in range(1, mutant.seeds + 1, batch):
        seeds = range(first, min(first + batch, mutant.seeds + 1))
        items = [(SOURCE / scenario, seed) for seed in seeds for scenario in mutant.scenarios]
        for result in runs.in_parallel(jobs, lambda item: runs.run(PROGRAM, *item), items):
            tried = result.seed
            if mutant.oracle in result.violated:
                return True, f"caught after {tried} seeds by {mutant.oracle} in {result.scenario}"
            others.update(result.violated)
            silent += not result.spoke
    why = f"not caught by {mutant.oracle} in {tried} seeds"
    if others:
        why += f"; other oracles fired: {', '.join(sorted(others))}"
    if silent:
        why += f"; {silent} runs ended without a verdict"
    return False, why


def judge(tree, path, jobs):
    mutant = mutants.read(path)
    if isinstance(mutant, str):
        return False, mutant
    restore(tree)
    apply_patch(mutant)
    broken = build()
    if broken:
        return False, "does not compile:\n" + "\n".join(broken.split("\n")[-12:])
    return hunt(mutant, jobs)


def main():
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants (file names without .patch); default all")
    parser.add_argument("--jobs", type=int, default=0, help="runs at once (default: processors)")
    arguments = parser.parse_args()
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
            caught, sentence = judge(tree, patches[name], arguments.jobs)
        except subprocess.CalledProcessError:
            caught, sentence = False, "does not apply (./dev check says where)"
        failed += not caught
        print(f"{'ok    ' if caught else 'FAILED'} {name:{width}}  {sentence}  [{time.monotonic() - started:.0f} s]", flush=True)
    print(f"mutants: {len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
