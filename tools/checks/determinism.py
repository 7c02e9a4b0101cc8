"""What code that runs in the simulator must not use, because two runs with one seed would differ."""
import re

from .tree import Finding, line_of

FOLDERS = ["base", "json", "config", "storage", "core", "hub", "edge", "sim", "scenarios"]
FREE = ("scenarios/real/", "scenarios/farm/")  # they drive processes from outside

RULES = [
    (r"\bstd::(jthread|thread|async|future|promise|packaged_task|barrier|latch)\b|\bpthread_\w+\s*\(",
     "a thread: work goes to a lane (base/env/lanes.h)"),
    (r"\bstd::\w*mutex\b|\bstd::condition_variable|\bstd::(lock_guard|unique_lock|scoped_lock|call_once)\b",
     "a lock: an actor is single-threaded, a lane owns its object"),
    (r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|random|unordered_map|unordered_set"
     r"|locale|stop_token|semaphore|latch|barrier|ctime|time\.h)>",
     "a header of which nothing may be used here"),
    (r"\b(system|steady|high_resolution|utc|file)_clock\b|\b(clock_gettime|gettimeofday|timespec_get)\s*\("
     r"|\bstd::time\s*\(|(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0)\s*\)|(?<![\w.>:])(localtime|gmtime|mktime)\w*\s*\(",
     "a clock of the machine: time comes from base/env/clock.h"),
    (r"\bstd::this_thread\b|(?<![\w.>:])(u|nano)?sleep\s*\(", "sleeping: set the alarm instead"),
    (r"\bunordered_(multi)?(map|set)\b", "an unordered container: its order is the library's choice"),
    (r"\bstd::hash\b", "std::hash: its values are the library's choice; base/hash.h has one of ours"),
    (r"\b\w+_distribution\b|\bstd::(mt19937|minstd_rand|default_random_engine|shuffle|sample)",
     "std random: results differ between libraries; draws are keyed (base/prng.h)"),
    (r"\brandom_device\b|(?<![\w.>:])s?rand(om)?\s*\(\s*\)|\b(getrandom|getentropy|arc4random)\s*\(",
     "entropy: the seed in the actor's configuration is the only source"),
    (r"\b(secure_)?getenv\s*\(", "the environment differs between machines: configuration is an argument"),
    (r"\bstd::locale\b|\bsetlocale\s*\(|\.imbue\s*\(", "the locale differs between machines"),
    (r"reinterpret_cast<\s*(std::)?u?intptr_t\s*>", "a pointer value: it differs from run to run"),
    (r"\bstd::(multi)?(map|set)<\s*(const\s+)?[\w:]+\s*\*\s*[,>]", "order by address: it differs from run to run"),
]
COMPILED = [(re.compile(pattern), reason) for pattern, reason in RULES]


def check(tree):
    findings = []
    for name in tree.cpp(FOLDERS):
        if name.startswith(FREE):
            continue
        code = tree.code(name)
        for pattern, reason in COMPILED:
            for match in pattern.finditer(code):
                findings.append(Finding(name, line_of(code, match.start()), f"'{match[0].strip()}' is {reason}"
                                        if reason.startswith(("a ", "an ")) else f"'{match[0].strip()}': {reason}"))
    return findings
