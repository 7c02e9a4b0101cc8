"""Mutants: patches that put a known mistake back. Each names its oracle and still applies."""
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .tree import Finding

FOLDER = "tests/mutants"
FIELD = re.compile(r"^# (oracle|run|seeds):[ \t]*(\S.*?)[ \t]*$", re.M)
DEFAULT_SEEDS = 200


@dataclass(frozen=True)
class Mutant:
    """The head of a patch: `# what it breaks`, `# oracle: NAME`, `# run: FILE`, optionally `# seeds: N`."""
    path: Path
    about: str
    oracle: str
    scenarios: tuple
    seeds: int

    @property
    def name(self):
        return self.path.stem


def read(path):
    """A Mutant, or a sentence that says what its head lacks."""
    head = re.split(r"^(?:diff |--- )", path.read_text(), maxsplit=1, flags=re.M)[0]
    fields = FIELD.findall(head)
    oracles = [value for key, value in fields if key == "oracle"]
    scenarios = tuple(value for key, value in fields if key == "run")
    seeds = [value for key, value in fields if key == "seeds"]
    first = head.split("\n", 1)[0]
    if not first.startswith("# ") or FIELD.match(first):
        return "the first line says what the mutant breaks: '# sentence'"
    if len(oracles) != 1:
        return "its head names the one oracle that must fire: '# oracle: NAME'"
    if not scenarios:
        return "its head names a scenario: '# run: scenarios/suite/NAME.json'"
    if seeds and not seeds[0].isdigit():
        return f"'# seeds:' is a number, not '{seeds[0]}'"
    return Mutant(path, first[2:], oracles[0], scenarios, int(seeds[0]) if seeds else DEFAULT_SEEDS)


def all_patches(root):
    return sorted((Path(root) / FOLDER).glob("*.patch"))


def check(root):
    findings = []
    for path in all_patches(root):
        name = path.relative_to(root).as_posix()
        mutant = read(path)
        if isinstance(mutant, str):
            findings.append(Finding(name, 1, mutant))
            continue
        findings += [Finding(name, 1, f"its scenario {scenario} does not exist")
                     for scenario in mutant.scenarios if not (Path(root) / scenario).is_file()]
        applied = subprocess.run(["git", "apply", "--check", str(path.resolve())], cwd=root,
                                 capture_output=True, text=True, check=False)
        if applied.returncode != 0:
            findings.append(Finding(name, 1, "no longer applies: " + applied.stderr.strip().split("\n")[0]))
    return findings
