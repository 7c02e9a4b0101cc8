#!/usr/bin/env python3
"""Runs the README's commands in a fresh copy of the tree and looks for the lines that the README shows.

A ```console block has lines '$ command' and, below each, lines of its output; '...' in such a line stands for anything,
a line of '...' alone for any lines. A comment right above a block may say what is special about it:
  <!-- readme-test: skip, REASON -->   not run, but counted and printed
  <!-- readme-test: exit 1 -->         the exit code that the block's commands have
"""
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from checks.tree import Tree  # noqa: E402

TIME_LIMIT_S = 1200
MARKER = re.compile(r"<!-- readme-test: (?:(?P<skip>skip), (?P<reason>.+?)|exit (?P<exit>\d+)) -->")


@dataclass
class Command:
    """One '$ ' line, what the README shows below it, and what its marker says."""
    line: int
    text: str
    exit_code: int = 0
    skipped: str = ""
    shown: list = field(default_factory=list)


def commands_of(readme):
    """The commands in order. Raises ValueError for a marker that it does not understand or a block without command."""
    commands, lines = [], readme.split("\n")
    marker, in_block = None, False
    for number, line in enumerate(lines, 1):
        if in_block and line == "```":
            if count == len(commands):
                raise ValueError(f"README:{number}: a console block without a '$ ' line")
            in_block, marker = False, None
        elif in_block and line.startswith("$ "):
            commands.append(Command(number, line[2:], int(marker["exit"] or 0) if marker else 0,
                                    (marker["reason"] if marker and marker["skip"] else "")))
        elif in_block and len(commands) > count:
            if line.strip():
                commands[-1].shown.append(line)
        elif line.startswith("```console"):
            in_block, count = True, len(commands)
        elif "readme-test:" in line:
            marker = MARKER.fullmatch(line.strip())
            if not marker:
                raise ValueError(f"README:{number}: not a marker that the test knows: {line}")
        elif line.strip():
            marker = None
    return commands


def missing_lines(shown, output):
    """Those of the shown lines that the output does not have, in this order."""
    remaining = iter([line.rstrip() for line in output.split("\n")])
    missing = []
    for line in shown:
        if line.strip() == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in line.rstrip().split("...")))
        if not any(pattern.fullmatch(candidate) for candidate in remaining):
            missing.append(line)
    return missing


def complaint(command, place):
    """None, or why the command did not do what the README says."""
    try:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command.text], cwd=place, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"did not end within {TIME_LIMIT_S} s"
    if done.returncode != command.exit_code:
        return f"exit {done.returncode}, not {command.exit_code}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    missing = missing_lines(command.shown, done.stdout)
    if missing:
        return "its output does not have, in this order:\n  " + "\n  ".join(missing) + f"\nbut:\n{done.stdout[-2000:]}"
    return None


def main():
    commands = commands_of((ROOT / "README.md").read_text())
    if not any(not command.skipped for command in commands):
        print("readme: there is no command to run")
        return 1
    failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="lockstep_readme_") as scratch:
        place = Path(scratch) / "lockstep"
        for name in Tree(ROOT).files:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
        for command in commands:
            if command.skipped:
                skipped += 1
                print(f"skipped README:{command.line}: {command.text} ({command.skipped})")
                continue
            why = complaint(command, place)
            failed += why is not None
            print(f"{'FAILED ' if why else 'ok     '} README:{command.line}: {command.text}" + (f"\n{why}" if why else ""),
                  flush=True)
    print(f"readme: {len(commands) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
