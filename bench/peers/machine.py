"""What the machine tells about a measurement: processor time, what others took, flushes of the disk; and when it is quiet."""
import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
QUIET_CORES = 0.25  # others may use so much before and while a point is measured
STOLEN_CORES = 0.10  # and the hypervisor so much
LONGEST_WAIT_S = 240


@dataclass
class Reading:
    """Counters at one moment; a difference of two is a measurement."""
    at: float
    busy: float  # seconds of processor time of the whole machine
    stolen: float
    flushes: int  # that the disk was asked for
    processors: list  # seconds of each of the processes


@dataclass
class Usage:
    """What happened between two readings."""
    seconds: float
    cores: list  # of each of the processes
    foreign: float  # cores that neither the processes nor the load generator account for
    stolen: float
    flushes: int

    @property
    def quiet(self):
        return self.foreign <= QUIET_CORES and self.stolen <= STOLEN_CORES


def disk_of(path):
    """The name in /proc/diskstats of the device that holds the path; a partition counts with its whole disk."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for entry in Path("/sys/class/block").iterdir():
        if (entry / "dev").read_text().strip() == wanted:
            whole = entry.resolve()
            return whole.parent.name if (whole / "partition").exists() else whole.name
    return None


def flushes_of(disk):
    """Field 16 of a row: flush requests completed. 0 if the kernel does not count them."""
    for line in Path("/proc/diskstats").read_text().splitlines():
        fields = line.split()
        if fields[2] == disk and len(fields) >= 19:
            return int(fields[18])
    return 0


def processor_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid, field="VmHWM"):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def whole_machine():
    """Busy and stolen seconds; idle and waiting for the disk are neither."""
    user, nice, system, _, _, irq, softirq, steal, *_ = (int(x) for x in Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + irq + softirq) / TICKS, steal / TICKS


def read(disk, pids):
    processors = [processor_seconds(pid) for pid in pids]
    busy, stolen = whole_machine()
    return Reading(time.monotonic(), busy, stolen, flushes_of(disk), processors)


def between(first, last, client_cores):
    seconds = last.at - first.at
    cores = [(b - a) / seconds for a, b in zip(first.processors, last.processors)]
    foreign = (last.busy - first.busy) / seconds - sum(cores) - client_cores
    return Usage(seconds, cores, foreign, (last.stolen - first.stolen) / seconds, last.flushes - first.flushes)


def wait_until_quiet():
    """Returns when others left the machine alone for half a second, or after four minutes. The answer: were they quiet?"""
    give_up = time.monotonic() + LONGEST_WAIT_S
    while True:
        began = time.monotonic()
        before, stolen_before = whole_machine()
        time.sleep(0.5)
        after, stolen_after = whole_machine()
        passed = time.monotonic() - began
        if (after - before) / passed <= QUIET_CORES and (stolen_after - stolen_before) / passed <= STOLEN_CORES:
            return True
        if time.monotonic() > give_up:
            return False
        time.sleep(1)


def describe():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "an unnamed processor")
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} processors ({model}), {memory_gib:.0f} GiB, Linux {os.uname().release}"
