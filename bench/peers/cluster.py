"""Three nodes as processes under one directory: started, struck, measured, and surely gone afterwards."""
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import machine

NODES = 3
LONGEST_START_S = 60


class Broken(Exception):
    """The cluster did not do what the comparison needs; the text says what, and where its log is."""


class Cluster:
    """What etcd, dqlite and Lockstep have in common. A subclass knows its command line and how to ask who leads."""
    name = ""

    def __init__(self, programs, scratch):
        self.programs = programs  # where the load generators are
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=scratch))
        self.processes = [None] * NODES

    def __enter__(self):
        try:
            for node in range(NODES):
                self.start(node)
            self.form()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    # What a subclass says.
    def command(self, node):
        raise NotImplementedError

    def environment(self):
        return None

    def form(self):
        """Once, after the first start: join the nodes, create the table."""
        self.wait_for_leader()

    def find_leader(self):
        """The position of the node that all three call leader; none yet: None."""
        raise NotImplementedError

    # What all do.
    def start(self, node):
        log = open(self.directory / f"node{node + 1}.log", "ab")
        with log:
            self.processes[node] = subprocess.Popen(self.command(node), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    cwd=self.directory, env=self.environment())

    def wait_for_leader(self):
        return self.wait_for(self.find_leader, "a leader that all nodes know")

    def wait_for(self, look, what):
        """Looks until there is something to see, and returns it."""
        give_up = time.monotonic() + LONGEST_START_S
        while True:
            seen = look()
            if seen is not None:
                return seen
            for node, process in enumerate(self.processes):
                if process.poll() is not None:
                    raise Broken(f"{self.name}: node {node + 1} ended with {process.returncode}: {self.last_words(node)}")
            if time.monotonic() > give_up:
                raise Broken(f"{self.name}: {what}: not within {LONGEST_START_S} s: {self.last_words(0)}")
            time.sleep(0.1)

    def last_words(self, node):
        text = (self.directory / f"node{node + 1}.log").read_text(errors="replace").strip()
        return text[-500:] or "its log is empty"

    def restart(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait()
        for node in range(NODES):
            self.start(node)
        time.sleep(1)
        self.wait_for_leader()

    def pids(self):
        return [process.pid for process in self.processes]

    def peak_memory_mib(self):
        return max(machine.memory_mib(pid) for pid in self.pids())

    def stop(self):
        running = [process for process in self.processes if process is not None and process.poll() is None]
        for process in running:
            process.kill()
        for process in running:
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, program, *arguments):
        """(ended well, what it printed) of a short run of a load generator."""
        ended = subprocess.run([str(self.programs / program), *map(str, arguments)], capture_output=True, text=True)
        return ended.returncode == 0, ended.stdout

    def need(self, program, *arguments):
        ended = subprocess.run([str(self.programs / program), *map(str, arguments)], capture_output=True, text=True)
        if ended.returncode != 0:
            raise Broken(f"{self.name}: {program} {arguments[0]}: {ended.stderr.strip()[-500:]}")
