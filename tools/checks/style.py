"""Style as ratchets: a first line that says what a file is for, functions that end, no leftovers."""
import re

from .tree import Finding, line_of

MAX_FUNCTION_LINES = 100
WISHED_HEADER_LINES = 250
WISHED_SOURCE_LINES = 500

# Written so that this file does not contain what it looks for.
LEFTOVERS = re.compile(r"\b(TO[D]O|FIXM[E]|HAC[K])\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(wor[k]|hom[e]/\w+|roo[t])/")
SCRATCH_PATHS = re.compile(r"(?<![\w.}])/tm[p]/")
SCOPE = re.compile(r"(^|\s)(namespace|class|struct|enum|union|extern)\b")


def comment_mark(name):
    if "/stories/" in name:  # the input of a test: any first line may be what is tested
        return None
    if name.endswith((".h", ".cc", ".proto")):
        return ("//",)
    if name.endswith((".cmake", "CMakeLists.txt", ".sh")) or name in ("dev", ".ci/run", ".ci/packages.txt"):
        return ("#",)
    return ("#", '"""') if name.endswith(".py") else None


def check_first_lines(tree):
    findings = []
    for name in tree.files:
        marks = comment_mark(name)
        if marks is None:
            continue
        lines = tree.text(name).split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if not any(first.startswith(mark) and len(first) > len(mark) + 3 for mark in marks):
            findings.append(Finding(name, 1, "the first line is a comment that says what the file is for"))
    return findings


def functions(code):
    """(name, first line, lines) of each outermost block with a parameter list; macros such as TEST count."""
    found = []
    stack = []  # one entry per open brace: the head of a function, or None
    head_start = 0
    for match in re.finditer(r"[{};]", code):
        token, at = match[0], match.start()
        if token == "{":
            head = " ".join(re.sub(r"^[ \t]*#[^\n]*", "", code[head_start:at], flags=re.M).split())
            inside = any(entry is not None for entry in stack)
            is_function = not inside and "(" in head and not SCOPE.search(re.sub(r"\(.*", "", head))
            stack.append((head, at) if is_function else None)
        elif token == "}" and stack:
            opened = stack.pop()
            if opened is not None:
                first, last = line_of(code, opened[1]), line_of(code, at)
                found.append((opened[0].partition("(")[0].split()[-1:] or ["?"], first, last - first + 1))
        head_start = match.end()
    return [(name[0], first, lines) for name, first, lines in found]


def check_functions(tree):
    return [Finding(name, first, f"{function} has {lines} lines, more than {MAX_FUNCTION_LINES}: find the missing noun")
            for name in tree.cpp()
            for function, first, lines in functions(tree.code(name)) if lines > MAX_FUNCTION_LINES]


def check_words(tree):
    findings = []
    for name in tree.files:
        text = tree.text(name)
        rules = [(LEFTOVERS, "an open end does not stay in the tree"),
                 (MACHINE_PATHS, "a path of one machine")]
        if not name.startswith("tests/"):
            rules.append((SCRATCH_PATHS, "a fixed scratch path: ask for a temporary directory"))
        for pattern, reason in rules:
            findings += [Finding(name, line_of(text, match.start()), f"'{match[0]}': {reason}")
                         for match in pattern.finditer(text)]
    return findings


def check(tree):
    return check_first_lines(tree) + check_functions(tree) + check_words(tree)


def long_files(tree):
    """Files over the wished size, longest first; printed, never a failure."""
    sizes = ((tree.text(name).count("\n"), name) for name in tree.cpp())
    return sorted(((lines, name) for lines, name in sizes
                   if lines > (WISHED_HEADER_LINES if name.endswith(".h") else WISHED_SOURCE_LINES)), reverse=True)
