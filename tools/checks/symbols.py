"""The libraries of storage, core, hub and edge reach the world through the ports only: their undefined symbols say so."""
import re
import subprocess
from pathlib import Path

from .tree import Finding

LIBRARIES = re.compile(r"liblockstep_(storage|core|hub|edge)(_\w+)?\.a")

FORBIDDEN = [
    (r"_ZNSt6chrono3_V21[23](system|steady)_clock3nowEv|clock_gettime|clock|gettimeofday|time|timespec_get"
     r"|localtime(_r)?|gmtime(_r)?|mktime", "a clock"),
    (r"nanosleep|clock_nanosleep|u?sleep|poll|select|epoll_\w+", "waiting"),
    (r"_ZNSt6thread\w+|_ZNSt18condition_variable\w+|pthread_(create|mutex_lock|cond_wait|join|once)|thrd_\w+|fork|vfork"
     r"|exec[vl]\w*|system|popen", "a thread or a process"),
    (r"socket|connect|bind|listen|accept4?|sendto|recvfrom|sendmsg|recvmsg|getaddrinfo", "a socket"),
    (r"f?open(64|at|at64)?|creat(64)?|freopen(64)?|mkstemp(64)?|tmpfile(64)?|unlink(at)?|rename(at)?|mkdir(at)?|opendir"
     r"|_ZNSt13basic_filebuf\w+|_ZNSt14basic_[io]fstream\w+|_ZNSt13basic_fstream\w+|_ZNSt10filesystem\w+", "a file"),
    (r"getrandom|getentropy|arc4random\w*|s?rand(om)?|_ZNSt13random_device\w+", "a random device"),
    (r"(secure_)?getenv|setlocale|_ZNSt6localeC\w+PKc", "the environment"),
]
COMPILED = [(re.compile(pattern), kind) for pattern, kind in FORBIDDEN]


def kind_of(symbol):
    """What of the world a symbol (mangled, without version) is, or None."""
    return next((kind for pattern, kind in COMPILED if pattern.fullmatch(symbol)), None)


def check(build):
    """Findings in the archives of one build directory, and how many archives were looked at."""
    findings = []
    archives = sorted(path for path in Path(build).rglob("*.a") if LIBRARIES.fullmatch(path.name))
    for archive in archives:
        listing = subprocess.run(["nm", "--undefined-only", "--print-file-name", str(archive)],
                                 capture_output=True, text=True, check=True).stdout
        for line in listing.splitlines():
            where, _, symbol = line.rpartition(" ")
            kind = kind_of(symbol.partition("@")[0])
            if kind:
                member = where.split(":")[1] if ":" in where else "?"
                findings.append(Finding(archive.name, 1, f"{member} uses '{symbol}' ({kind}), which only net and sim may"))
    return findings, len(archives)
