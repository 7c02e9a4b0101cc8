"""Lockstep itself: three nodes of `lockstep node` on loopback, with the configuration's defaults."""
import json

from .cluster import NODES, Cluster

NATIVE_PORTS = [24890 + 10 * node for node in range(NODES)]
GRPC_PORTS = [24891 + 10 * node for node in range(NODES)]
VERBS = {"write": "write", "linearizable read": "linearizable", "local read": "local", "churn": "churn"}


class Lockstep(Cluster):
    name = "lockstep"

    def endpoint(self, node):
        return f"127.0.0.1:{NATIVE_PORTS[node]}"

    def data(self, node):
        return self.directory / f"n{node + 1}"

    def command(self, node):
        file = self.directory / f"node{node + 1}.json"
        file.write_text(json.dumps(self.configuration(node), indent=1))
        return [str(self.programs.parent / "lockstep"), "node", "--config", str(file)]

    def configuration(self, node):
        members = [{"id": n + 1, "address": self.endpoint(n)} for n in range(NODES)]
        return {"data": str(self.data(node)),
                "cluster": {"id": "bench", "node": node + 1, "members": members, "election_timeout": "300ms"},
                "log": {"level": "warning"}}

    def form(self):
        self.need("load", "execute", self.endpoint(self.wait_for_leader()))

    def find_leader(self):
        agreed, printed = self.ask("load", "status", *[self.endpoint(node) for node in range(NODES)])
        rows = [line.split() for line in printed.splitlines()]
        known = {leader for _, leader, _, _ in rows}
        if not agreed or len(rows) != NODES or len(known) != 1 or known == {"0"}:
            return None
        leader = int(known.pop()) - 1
        return leader if rows[leader][3] == "1" else None  # it can serve

    def fill(self):
        self.need("load", "fill", self.endpoint(self.wait_for_leader()), "--outstanding", 64)

    def load(self, operation, leader):
        return ["load", VERBS[operation], self.endpoint(leader)]

    def outage(self, survivors):
        return ["load", "outage", *[self.endpoint(node) for node in survivors]]



class LockstepGrpc(Lockstep):
    """The same nodes with their gRPC port open: writes on Session streams, a Query call for each read."""

    def configuration(self, node):
        return super().configuration(node) | {"listen": {"grpc": f"127.0.0.1:{GRPC_PORTS[node]}"}}

    def load(self, operation, leader):
        protocol = "grpc-stream" if operation == "write" else "grpc"
        return ["load", VERBS[operation], f"127.0.0.1:{GRPC_PORTS[leader]}", "--protocol", protocol]
