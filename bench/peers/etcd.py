"""etcd 3.4 as it comes with Debian: three members on loopback, defaults except what a comparison sets."""
from .cluster import NODES, Cluster

CLIENT_PORTS = [23790 + 10 * node for node in range(NODES)]
PEER_PORTS = [23791 + 10 * node for node in range(NODES)]
FAST_ELECTION = ("--heartbeat-interval=50", "--election-timeout=300")


class Etcd(Cluster):
    name = "etcd"
    flags = ()
    state = "new"

    def endpoint(self, node):
        return f"127.0.0.1:{CLIENT_PORTS[node]}"

    def command(self, node):
        def url(port):
            return f"http://127.0.0.1:{port}"
        members = ",".join(f"n{n}={url(PEER_PORTS[n])}" for n in range(NODES))
        return ["etcd", "--name", f"n{node}", "--data-dir", str(self.directory / f"n{node}"),
                "--listen-client-urls", url(CLIENT_PORTS[node]), "--advertise-client-urls", url(CLIENT_PORTS[node]),
                "--listen-peer-urls", url(PEER_PORTS[node]), "--initial-advertise-peer-urls", url(PEER_PORTS[node]),
                "--initial-cluster", members, "--initial-cluster-state", self.state, "--initial-cluster-token", "bench",
                "--logger", "zap", "--log-level", "error", *self.flags]

    def form(self):
        super().form()
        self.state = "existing"

    def find_leader(self):
        agreed, printed = self.ask("etcd_load", "status", *[self.endpoint(node) for node in range(NODES)])
        rows = [line.split() for line in printed.splitlines()]
        if not agreed or len(rows) != NODES:
            return None
        return [member for member, _ in rows].index(rows[0][1])

    def fill(self):
        self.need("etcd_load", "fill", self.endpoint(self.wait_for_leader()), "--outstanding", 64)

    def load(self, operation, leader):
        verb = {"write": "put", "linearizable read": "linearizable"}[operation]
        return ["etcd_load", verb, self.endpoint(leader)]

    def outage(self, survivors):
        return ["etcd_load", "outage", *[self.endpoint(node) for node in survivors]]
