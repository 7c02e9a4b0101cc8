"""The dashboard of a hub in a real browser: dashboard_test.py LOCKSTEP [--pictures DIR]. Exit code 77: there is no Chromium here.

A cluster with edges and a cloud runs beside it; what the page shows is compared with what SQL says.
"""
import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True
import browser  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "hub" / "policy" / "default_model.safetensors"
NODES = 3
PATIENCE = 60  # seconds; a machine may be busy
MOST_OFF = 0.25  # of a rate: the page looks once a second, over five of them
arguments = argparse.Namespace()


def lockstep(*words):
    done = subprocess.run([arguments.lockstep, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"lockstep {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def free_ports():
    """The first of a row that is free now, below those that the system gives to who dials."""
    for base in range(12_000 + os.getpid() % 80 * 100, 60_000, 100):
        sockets = []
        try:
            for port in range(base, base + 10 * NODES):
                sockets.append(socket.create_server(("127.0.0.1", port)))
            return base
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise AssertionError("no free ports")


def eventually(look, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE} s still not: {what}")


class System:
    """Three hub nodes, two edges, a cloud and one model; gone at the end."""

    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="lockstep-dashboard-")
        self.directory = pathlib.Path(self.home.name) / "c"
        self.port = free_ports()
        try:
            lockstep("cluster", "start", "--dir", self.directory, "--nodes", NODES, "--port", self.port, "--edges", 2, "--cloud")
            lockstep("cloud", "send", MODEL, "--kind", "model", "--dir", self.directory, "--note", "from <b>the</b> test")
        except BaseException:
            self.close()
            raise

    def close(self):
        subprocess.run([arguments.lockstep, "cluster", "stop", "--kill", "--dir", self.directory], capture_output=True)
        self.home.cleanup()

    def url(self, node):
        return f"http://127.0.0.1:{self.port + 10 * (node - 1) + 1}/"

    def sql(self, statement):
        return [list(row.values()) for row in json.loads(lockstep("sql", "--dir", self.directory, "--mode", "json", "-c", statement))]


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System()
        cls.addClassCleanup(cls.system.close)
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, node=1, **how):
        page = self.browser.page(self.system.url(node), **how)
        self.addCleanup(page.close)
        self.addCleanup(lambda: self.assertEqual(page.complaints, []))
        self.addCleanup(lambda: self.assertEqual([url for url in page.requests if not url.startswith(("data:", "http://127.0.0.1:"))], []))
        eventually(lambda: page.value("!$('field').hidden && document.querySelectorAll('#edges tbody tr').length"), "edges on the page")
        return page

    def rows(self, page, place):
        return page.value(f"[...document.querySelectorAll('#{place} tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))")

    def test_the_edges_are_those_of_the_table(self):
        page = self.open()
        statement = "SELECT name, (SELECT sum(readings) FROM hub_streams WHERE edge = node) FROM hub_edges ORDER BY name"
        before = self.system.sql(statement)
        self.assertEqual([name for name, _ in before], ["e1", "e2"])
        eventually(lambda: all(int(shown[3].replace(",", "")) >= row[1] for shown, row in zip(self.rows(page, "edges"), before)), "the readings of the table")
        shown = self.rows(page, "edges")
        after = self.system.sql(statement)
        self.assertEqual([row[0] for row in shown], [name for name, _ in after])
        for row, (name, readings) in zip(shown, after):
            self.assertLessEqual(int(row[3].replace(",", "")), readings, name)
            self.assertEqual(row[1], "live")
            self.assertEqual(row[4], "0")

    # Rows that a healthy cluster has not, shown at once; the page's next look takes them away. State, how it is marked, refusal, why.
    def states_of(self, page, edges, newest, then=""):
        return page.value(f"""(() => {{
          field.rows = {{ ...field.rows, edges: {json.dumps(edges)}, newest: {json.dumps(newest)} }};
          field.edges.clear(), note_readings(), show_edges();
          {then};
          return [...document.querySelectorAll('#edges tbody tr')].map(row => {{
            const state = row.cells[1], refusal = state.querySelector('.bad');
            return [state.firstChild.textContent, state.className, refusal && refusal.textContent, refusal && refusal.title];
          }});
        }})()""")

    def test_a_refused_setting_hides_no_dead_edge(self):
        page = self.open()
        now = time.time() * 1000
        edges = [["dead", 500, 0, 0, 3, "speed: too high"], ["silent", 500, 0, 0, 0, ""], ["refusing", 500, 0, 0, 3, "speed: too high"], ["new", 0, 0, 0, 3, "speed: too high"]]
        newest = [["dead/a", now - 125_000], ["dead/b", now - 300_000], ["silent/a", now - 125_000], ["refusing/a", now]]
        refusal = ["refuses settings 3", "speed: too high"]
        self.assertEqual(self.states_of(page, edges, newest), [["2 min ago", "warn", *refusal], ["2 min ago", "warn", None, None], ["live", "good", *refusal], ["no readings", "warn", *refusal]])

    def test_readings_per_second_are_the_real_ones(self):
        page = self.open()

        def differences():
            """Per edge, by which share the mean of what is shown over some seconds is off what the table gained in them."""
            read = lambda: (time.monotonic(), dict(self.system.sql("SELECT e.name, sum(s.readings) FROM hub_streams s JOIN hub_edges e ON s.edge = e.node GROUP BY 1")))
            begin, first = read()
            page.value("""new Promise(done => { window.shown = {}; let left = 80; (function look() {
              for (const row of document.querySelectorAll('#edges tbody tr')) (shown[row.cells[0].textContent] ??= []).push(Number(row.cells[2].textContent.replace(/,/g, '')));
              left-- ? setTimeout(look, 100) : done(1); })(); })""")
            end, last = read()
            shown = page.value("shown")
            real = {name: (last[name] - first[name]) / (end - begin) for name in last}
            return {name: abs(sum(shown[name]) / len(shown[name]) / real[name] - 1) for name in real if real[name] > 0}

        eventually(lambda: page.value("[...field.edges.values()].every(seen => seen.length >= 5)"), "a rate of five seconds")
        eventually(lambda: (off := differences()) and len(off) == 2 and max(off.values()) < MOST_OFF, "a rate as in the table")

    def test_instructions_are_counted_as_in_the_table(self):
        page = self.open()
        totals = "SELECT decided, done, missed FROM hub_totals"
        number = lambda text: int(text.replace(",", ""))
        seen = lambda: [number(part) for part in re.findall(r"([0-9,]+) (?:decided|missed)", page.value("$('decided').textContent"))]

        def agrees():
            """What is shown once the page has asked again lies between what the table says before and after."""
            before = self.system.sql(totals)[0]
            asked = page.value("window.asked = field.edges.get('e1').at(-1).time")
            eventually(lambda: page.value("field.edges.get('e1').at(-1).time > asked"), "another look of the page")
            decided, missed = seen()
            shown = (decided, number(page.value("$('done').textContent")), missed)
            after = self.system.sql(totals)[0]
            return all(low <= one <= high for low, one, high in zip(before, shown, after))
        eventually(agrees, "the counts of the table")
        self.assertEqual(len(self.rows(page, "instructions")), 8)
        for row in self.rows(page, "instructions"):
            device, model, open_ = self.system.sql(f"SELECT device, model_version, state < 3 FROM hub_instructions WHERE id = {number(row[0])}")[0]
            self.assertEqual(row[1], device)
            self.assertEqual(row[3], f"model {model}" if model else "rules")
            self.assertTrue(not open_ or row[2] in ("in flight", "deadline missed"), row)

    # What a page over a longer time than this one's is drawn from.
    def test_metrics_of_the_leading_hub_say_the_same(self):
        looked = lambda node: urllib.request.urlopen(self.system.url(node) + "metrics").read().decode()
        totals = "SELECT decided, done, (SELECT sum(readings) FROM hub_streams) FROM hub_totals"
        before = self.system.sql(totals)[0]
        of_hubs = [page for page in map(looked, range(1, NODES + 1)) if "lockstep_hub_" in page]
        after = self.system.sql(totals)[0]
        self.assertEqual(len(of_hubs), 1, "one hub leads")
        number = lambda name: float(re.search(f"^{re.escape(name)} (.*)$", of_hubs[0], re.M)[1])
        self.assertEqual(number('lockstep_hub_edges{state="connected"}'), 2)
        self.assertEqual(number('lockstep_hub_active_version{kind="model"}'), 1)
        for name, low, high in zip(("instructions_decided", "instructions_done", "readings"), before, after):
            self.assertTrue(low <= number(f"lockstep_hub_{name}_total") <= high, name)

    def test_the_model_in_force_is_shown(self):
        page = self.open()
        version, note = self.system.sql("SELECT p.version, p.note FROM hub_packages p JOIN hub_active a ON a.kind = p.kind AND a.version = p.version WHERE p.kind = 1")[0]
        shown = eventually(lambda: self.rows(page, "packages"), "a package")
        self.assertEqual(shown, [["model", str(version), "active", note]])
        self.assertEqual(page.value("document.querySelectorAll('#packages b').length"), 0)
        eventually(lambda: all(row[3] == f"model {version}" for row in self.rows(page, "instructions")), "decisions of the model")

    def test_the_chart_is_the_series_of_the_table(self):
        page = self.open()
        names = [name for name, in self.system.sql("SELECT DISTINCT series FROM series_blocks ORDER BY series")]
        self.assertEqual(page.value("[...$('series').options].map(option => option.value)"), names)
        for name, unit in (("e2/motor/speed", "rad/s"), ("e1/tank/temperature", "K"), ("e1/motor/wear", "")):
            page.value(f"$('series').value = '{name}', $('series').dispatchEvent(new Event('change'))")
            # A span that has ended by the newest reading on the page has all its readings, and keeps them.
            chart = eventually(lambda: (rows := page.value(f"field.chart.series === '{name}' ? field.chart.rows : []")) and len(rows) > 3 and rows, "four spans")
            begin, least, greatest, mean = chart[-3]
            of_table = self.system.sql(f"SELECT least, greatest, mean FROM series_buckets('{name}', {begin}000000, {begin + 2000}000000, 2000000000)")[0]
            self.assertEqual([least, greatest], of_table[:2])
            self.assertAlmostEqual(mean, of_table[2], places=9)
            self.assertGreater(page.value("document.querySelector('#telemetry path.one').getTotalLength()"), 10)
            low, high = self.system.sql(f"SELECT min(least), max(greatest) FROM series_blocks WHERE series = '{name}'")[0]
            self.assertTrue(low <= float(page.value("$('value').textContent")) <= high)
            self.assertEqual(page.value("[$('unit').textContent, $('value-age').textContent]"), [unit, "mean of the last 2 s"])

    def test_while_nothing_comes_no_figure_is_shown(self):
        page = self.open()
        show = lambda age: page.value(f"""(() => {{
          const series = $('series').value;
          field.rows = {{ ...field.rows, newest: field.rows.newest.map(([name, time]) => [name, name === series ? Date.now() - {age} : time]) }};
          field.chart = {{ series, unit: 'K', rows: [[Date.now() - {age} - 6000, 1, 3, 2], [Date.now() - {age} - 2000, 1, 3, 2.5]] }};
          show_telemetry();
          return ['value', 'unit', 'value-age'].map(id => $(id).textContent);
        }})()""")
        self.assertEqual(show(1000), ["2.50", "K", "mean of the last 2 s"])
        self.assertEqual(show(20_500), ["–", "", "nothing for 20 s"])

    def test_what_is_active_comes_before_what_was_refused_and_long_reasons_are_cut(self):
        page = self.open()
        reason = "e1 refuses it: " + "the key motor.speed.limit is beyond what the device can do; " * 8
        settings = [[3, 9, 5, reason, ""], [3, 8, 5, reason, ""], [3, 2, 3, "", "in force"]]
        query = page.value("QUERIES.packages")
        # The page's own query, over rows that this cluster does not have.
        tables = ("WITH hub_packages(kind, version, state, reason, note) AS (VALUES " + ", ".join(f"({kind}, {version}, {state}, '{why}', '{note}')" for kind, version, state, why, note in settings) +
                  "), hub_active(kind, version) AS (VALUES (3, 2)) ")
        rows = self.system.sql(tables + query)
        self.assertEqual([row[1] for row in rows], [2, 9, 8])
        titles, heights, states = page.value(f"""(() => {{
          field.rows = {{ ...field.rows, packages: {json.dumps(rows)} }};
          show_packages();
          const cells = [...document.querySelectorAll('#packages tbody tr')].map(row => row.cells[3]);
          return [cells.map(cell => cell.title), cells.map(cell => cell.firstChild.clientHeight / parseFloat(getComputedStyle(cell).lineHeight)), cells.map(cell => cell.previousSibling.textContent)];
        }})()""")
        self.assertEqual(titles, ["in force", reason, reason])
        self.assertEqual(states, ["active", "refused", "refused"])
        self.assertEqual([round(height) for height in heights], [1, 2, 2])

    def test_it_fits_a_phone(self):
        page = self.open(width=390, height=844)
        eventually(lambda: page.value("document.querySelectorAll('#telemetry path').length && document.querySelectorAll('#instructions tbody tr').length"), "all of the field")
        self.assertLessEqual(page.value("document.documentElement.scrollWidth"), 390)
        cut = "[...document.querySelectorAll('#field .scroll')].filter(box => box.scrollWidth > box.clientWidth).map(box => box.id)"
        self.assertEqual(page.value(cut), [], "tables that must be scrolled sideways")
        self.states_of(page, [["e1", 10_123_456, 0, 10, 12, "no"]], [["e1/a", time.time() * 1000 - 400 * 60_000]], f"window.cut = {cut}")
        self.assertEqual(page.value("cut"), [], "the same with an edge that is silent and refuses settings")

    def test_every_node_shows_the_same_field(self):
        for node in range(1, NODES + 1):
            page = self.open(node)
            self.assertEqual([row[0] for row in self.rows(page, "edges")], ["e1", "e2"])
            eventually(lambda: page.value("$('headline').textContent") == "All three nodes in step", "a cluster in step")

    def test_pictures(self):
        if not arguments.pictures:
            self.skipTest("no --pictures")
        arguments.pictures.mkdir(parents=True, exist_ok=True)
        for name, how in (("field", {}), ("field-dark", {"dark": True}), ("field-phone", {"width": 390, "height": 844})):
            page = self.open(**how)
            eventually(lambda: page.value("document.querySelectorAll('#charts path.one').length"), "throughput")
            page.picture(arguments.pictures / f"{name}.png")


class Alone(unittest.TestCase):
    def test_a_node_without_a_hub_has_no_field_and_no_complaints(self):
        home = tempfile.TemporaryDirectory(prefix="lockstep-dashboard-")
        self.addCleanup(home.cleanup)
        port = free_ports()
        node = subprocess.Popen([arguments.lockstep, "node", "--data", home.name, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (node.kill(), node.wait(), node.stdout.close()))
        node.stdout.readline()  # it listens
        one = browser.Browser()
        self.addCleanup(one.close)
        page = one.page(f"http://127.0.0.1:{port + 1}/")
        eventually(lambda: page.value("field.there === false && $('headline').textContent") == "Serving", "an answer")
        self.assertTrue(page.value("$('field').hidden"))
        self.assertEqual(page.complaints, [])


if __name__ == "__main__":
    sys.exit(browser.run_tests(browser.command_line(__doc__), arguments))
