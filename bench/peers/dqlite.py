"""dqlite 1.11 as it comes with Debian, one node to a process; stock, or with Nagle's algorithm off in its nodes."""
import os

from .cluster import NODES, Cluster

PORTS = [23890 + node for node in range(NODES)]


class Dqlite(Cluster):
    name = "dqlite"
    nodelay = False

    def endpoint(self, node):
        return f"127.0.0.1:{PORTS[node]}"

    def command(self, node):
        data = self.directory / f"n{node + 1}"
        data.mkdir(exist_ok=True)
        return [str(self.programs / "dqlite_node"), str(node + 1), self.endpoint(node), str(data)]

    def environment(self):
        return dict(os.environ, LD_PRELOAD=str(self.programs / "libnodelay.so")) if self.nodelay else None

    def form(self):
        self.wait_for(lambda: self.leader_known_by(0), "a node that leads itself")
        self.need("dqlite_load", "setup", *[self.endpoint(node) for node in range(NODES)])
        self.wait_for_leader()

    def leader_known_by(self, node):
        answered, printed = self.ask("dqlite_load", "leader", self.endpoint(node))
        return printed.strip() if answered else None

    def find_leader(self):
        known = {self.leader_known_by(node) for node in range(NODES)}
        leader = known.pop()
        endpoints = [self.endpoint(node) for node in range(NODES)]
        return endpoints.index(leader) if not known and leader in endpoints else None

    def fill(self):
        self.need("dqlite_load", "fill", self.endpoint(self.wait_for_leader()))

    def load(self, operation, leader):
        verb = {"write": "insert", "local read": "read"}[operation]
        return ["dqlite_load", verb, self.endpoint(leader)]
