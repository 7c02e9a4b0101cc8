"""Records become medians with their spread, and those one table: Markdown that also reads well as text."""
import statistics

BASE = "etcd"

# What issue 3 wants: rate as a multiple of etcd's at so many outstanding, and processor time of three nodes per write.
WANTED_RATES = {
    ("Lockstep native", "write"): {"1": 2.5, "16": 3.0, "64": 3.0, "256": 4.0},
    ("Lockstep gRPC", "write"): {"1": 1.5, "16": 2.0, "64": 2.0, "256": 2.0},
    ("Lockstep native", "linearizable read"): {"1": 3.0, "16": 3.0, "64": 3.0, "256": 3.0},
    ("Lockstep gRPC", "linearizable read"): {"1": 1.5, "16": 1.5, "64": 1.5, "256": 1.5},
}
WANTED_CPU_US = {("Lockstep native", "write"): {"64": 30.0, "256": 20.0}}
WANTED_P99_OF_ETCD = 0.5

HEAD = ["operation", "outstanding", "system", "per second", "× etcd", "p50 µs", "p99 µs", "p99 ÷ etcd", "CPU µs/op, 3 nodes",
        "client cores", "flushes/op"]


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values):
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} - {number(max(values))})"


class Table:
    def __init__(self, records, outages):
        self.groups = {}  # (operation, load) -> system -> records, in the order of their first appearance
        for record in records:
            group = self.groups.setdefault((record["operation"], record["load"]), {})
            group.setdefault(record["system"], []).append(record)
        self.outages = {}  # (system, how) -> milliseconds
        for outage in outages:
            self.outages.setdefault((outage["how"], outage["system"]), []).append(outage["ms"])

    def median(self, key, system, figure):
        records = self.groups[key].get(system)
        return statistics.median(record[figure] for record in records) if records else None

    def ratio(self, key, system, figure):
        ours, theirs = self.median(key, system, figure), self.median(key, BASE, figure)
        return ours / theirs if ours is not None and theirs else None

    def rows(self):
        for (operation, load), systems in self.groups.items():
            for system, records in systems.items():
                def of(figure):
                    return [record[figure] for record in records]
                rate, p99 = (self.ratio((operation, load), system, figure) for figure in ("per_second", "p99_us"))
                yield [operation, load, system, spread(of("per_second")), f"{rate:.2f}" if rate else "",
                       number(statistics.median(of("p50_us"))), spread(of("p99_us")), f"{p99:.2f}" if p99 else "",
                       number(statistics.median(of("cpu_us"))), f"{statistics.median(of('client_cores')):.2f}",
                       f"{statistics.median(of('flushes')):.2f}"]

    def markdown(self):
        text = grid(HEAD, list(self.rows())) if self.groups else ""
        if self.outages:
            rows = [[how, system, spread(values), f"{len(values)}"] for (how, system), values in sorted(self.outages.items())]
            text += "\n" + grid(["the leader is", "system", "no write for, ms", "times"], rows)
        return text

    def verdicts(self):
        """(sentence, met) for everything that was wanted and measured."""
        for (system, operation), wanted in WANTED_RATES.items():
            for load, multiple in wanted.items():
                ratio = self.ratio((operation, load), system, "per_second") if (operation, load) in self.groups else None
                if ratio is not None:
                    yield f"{system}, {operation}, {load} outstanding: {ratio:.2f} × etcd, wanted {multiple}", ratio >= multiple
        for (system, operation), wanted in WANTED_CPU_US.items():
            for load, most in wanted.items():
                used = self.median((operation, load), system, "cpu_us") if (operation, load) in self.groups else None
                if used is not None:
                    yield f"{system}, {operation}, {load} outstanding: {used:.1f} µs of CPU, wanted at most {most}", used <= most
        for system, wanted_operation in WANTED_RATES:
            for operation, load in self.groups:
                share = self.ratio((operation, load), system, "p99_us") if operation == wanted_operation else None
                if share is not None:
                    yield (f"{system}, {operation}, {load}: p99 is {share:.2f} of etcd's, wanted at most {WANTED_P99_OF_ETCD}",
                           share <= WANTED_P99_OF_ETCD)


def grid(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |\n"
    return line(head) + "|" + "|".join("-" * (width + 2) for width in widths) + "|\n" + "".join(map(line, rows))
