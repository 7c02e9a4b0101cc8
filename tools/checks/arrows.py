"""Includes go along the arrows only: the table is the one in ARCHITECTURE.md, read here."""
import re

from .tree import Finding, line_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
ROW = re.compile(r"^\|\s*`(?P<folder>[a-z/]+)`\s*\|(?P<ours>[^|]*)\|(?P<foreign>[^|]*)\|", re.M)
TABLE = "ARCHITECTURE.md"
ANYTHING = "*"


class Arrows:
    """folder -> (what it may include of ours, which foreign headers); tokens are path prefixes."""

    def __init__(self, architecture):
        self.rows = {}
        section = architecture.partition("## Arrows")[2].partition("\n## ")[0]
        for row in ROW.finditer(section):
            tokens = [re.findall(r"`([^`]+)`", row[column]) for column in ("ours", "foreign")]
            self.rows[row["folder"]] = tuple(tokens)

    def folder_of(self, name):
        """The longest row that the file lies in, or None."""
        parents = ["/".join(name.split("/")[:depth]) for depth in range(name.count("/"), 0, -1)]
        return next((parent for parent in parents if parent in self.rows), None)

    def top_folders(self):
        return {folder.split("/")[0] for folder in self.rows}

    def allows(self, name, folder, included, is_ours):
        ours, foreign = self.rows[folder]
        if is_ours and (included == folder or included.startswith(folder + "/")):
            return True
        for token in ours if is_ours else foreign:
            header, _, only_in = token.partition("@")
            if only_in and only_in != name:
                continue
            if header == ANYTHING or included == header or included.startswith(header.rstrip("/") + "/"):
                return True
        return False


def is_standard(included):
    return "/" not in included and "." not in included


def check(tree):
    if TABLE not in tree.files:
        return [Finding(TABLE, 1, "missing: the table of arrows is there")]
    arrows = Arrows(tree.text(TABLE))
    if not arrows.rows:
        return [Finding(TABLE, 1, "no row found in the table under '## Arrows'")]
    findings = []
    for name in tree.cpp():
        folder = arrows.folder_of(name)
        if folder is None:
            findings.append(Finding(name, 1, f"its folder has no row in the table of {TABLE}"))
            continue
        code = tree.code(name)
        for match in INCLUDE.finditer(code):
            included = match[2]
            is_ours = included.split("/")[0] in arrows.top_folders() and "/" in included
            if not is_ours and is_standard(included):
                continue
            if not arrows.allows(name, folder, included, is_ours):
                findings.append(Finding(name, line_of(code, match.start()),
                                        f"{folder} may not include {included} (arrows of {TABLE})"))
    return findings
