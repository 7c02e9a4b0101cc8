"""The report page in a real browser: page_test.py LOCKSTEP [--measure] [--pictures DIR]. Exit code 77: there is no Chromium here.

Without --measure nothing is judged by the clock.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import browser  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = ROOT / "scenarios" / "suite"
MOST_BYTES = 3_000_000
LEAST_FRAMES = 30  # a second, while panning
NAME = "</script><script>console.error('escaped')</script><b>&amp;"  # of a scenario that means harm
arguments = argparse.Namespace()


def lockstep(*words, codes=(0,)):
    done = subprocess.run([arguments.lockstep, *map(str, words)], capture_output=True, text=True)
    if done.returncode not in codes:
        raise AssertionError(f"lockstep {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Runs:
    """Made once, in a directory that is gone at the end."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="lockstep-page-")
        self.root = pathlib.Path(self.directory.name)
        self.fine = self._run("leader_partition", "fine", {})
        self.violated = self._violated()
        self.real = self._real()
        self.undone = self._run("leader_partition", "undone", {"expect": {"min_ok": 1_000_000}})
        self.field = self._run("ab_switch_power_loss", "field", {})
        self.long = self._run("leader_partition", "long", {"workload": [{"kind": "register", "clients": 6, "keys": 3, "think": "30ms", "for": "17s", "timeout": "1s"}]})
        # More of everything than a page can hold.
        self.crowded = self._run("leader_partition", "crowded", {"cluster": {"nodes": 3, "election_timeout": "300ms"}, "workload": [{"kind": "register", "clients": 24, "keys": 3, "think": "10ms", "for": "14s", "timeout": "1s"}]})

    def _run(self, file, name, changes):
        scenario = json.loads((SUITE / f"{file}.json").read_text()) | {"name": name} | changes
        path = self.root / f"{name}.json"
        path.write_text(json.dumps(scenario))
        lockstep("run", path, "--page", "--out", self.root, codes=(0, 1))
        return self.root / f"{name}-{scenario.get('seed', 1)}"

    # The fine run as if it had been a real one, which left no trace: half as fast where it was simulated.
    def _real(self):
        made = self.root / "made-real"
        made.mkdir()
        report = json.loads((self.fine / "report.json").read_text())
        report |= {"world": "real", "lasted_ns": report.pop("simulated_ns"), "trace": None, "not_applied": []}
        twin = {"bucket_ns": report["throughput"]["bucket_ns"], "ok": [count // 2 for count in report["throughput"]["ok"]], "p50_ns": [5_000_000 if count else None for count in report["throughput"]["ok"]]}
        world = {"verdict": "holds", "verdicts": {}, "elections": report["elections"], "operations": {"ok": sum(twin["ok"]), "failed": 0, "unknown": 0}, "latency_ns": {name: 5_000_000 for name in ("p50", "p90", "p99", "max")}}
        report["fidelity"] = {"real": world, "simulated": world | {"series": twin}}
        report["logs"] = [{"node": "n1", "levels": {"info": 7, "warning": 2}, "complaints": [f"warning {NAME}"]}, {"node": "n2", "levels": {"info": 1}, "complaints": []}]
        (made / "report.json").write_text(json.dumps(report))
        for name in ("history.jsonl", "scenario.json"):
            (made / name).write_text((self.fine / name).read_text())
        lockstep("report", made)
        return made

    # The fine run with a second leader written into it, and a name that wants to be markup.
    def _violated(self):
        made = self.root / "made-up"
        made.mkdir()
        events = [json.loads(line) for line in (self.fine / "trace.jsonl").read_text().splitlines()]
        elected = next(i for i, event in enumerate(events) if event["event"] == "role_changed" and event["role"] == 4)
        other = next(i for i in range(elected + 1, len(events)) if events[i]["event"] == "commit_advanced" and events[i]["node"] != events[elected]["node"])
        usurper, term = events[other], events[elected]["term"]
        events[other] = {key: usurper[key] for key in ("order", "time", "node", "incarnation")} | {"event": "role_changed", "group": 1, "role": 4, "term": term, "leader": 1}
        (made / "trace.jsonl").write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events))
        report = json.loads((self.fine / "report.json").read_text())
        row = next(row for row in report["verdicts"] if row["name"] == "election-safety")
        row["verdict"] = report["verdict"] = "violated"
        row["evidence"] = [f"event {usurper['order']} at {usurper['time'] / 1e9:.3f} s on {usurper['node']}: {usurper['node']} leads term {term}, which {events[elected]['node']} led before", NAME]
        report["scenario"] = NAME
        (made / "report.json").write_text(json.dumps(report))
        for name in ("history.jsonl", "scenario.json"):
            (made / name).write_text((self.fine / name).read_text())
        # A trace that is not the run's is refused; the refusal says which hash would make it so.
        refused = lockstep("report", made, codes=(2,))
        report["trace"] = re.search(r"found ([0-9a-f]{16})", refused)[1]
        (made / "report.json").write_text(json.dumps(report))
        lockstep("report", made)
        return made


def events_of(run):
    return [json.loads(line) for line in (run / "trace.jsonl").read_text().splitlines()]


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runs = Runs()
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.runs.directory.cleanup()

    def open(self, run, address="", **how):
        file = run / "report.html" if run.is_dir() else run
        page = self.browser.page(file.as_uri() + address, **how)
        self.addCleanup(lambda: self.assertEqual(page.complaints, []))
        self.addCleanup(lambda: self.assertEqual([url for url in page.requests if not url.startswith(("file:", "data:"))], []))
        return page

    # The button with this label, its count aside.
    def button(self, label):
        return f"[...document.querySelectorAll('#tools button, #filters button')].find(each => each.firstChild.textContent === {json.dumps(label)})"

    def press(self, page, label):
        page.value(f"{self.button(label)}.click()")

    def test_the_answer_comes_first(self):
        page = self.open(self.runs.fine)
        self.assertEqual(page.value("$('headline').textContent"), "fine holds")
        self.assertEqual(page.value("document.querySelectorAll('#verdicts tbody tr').length"), len(json.loads((self.runs.fine / "report.json").read_text())["verdicts"]))
        self.assertEqual(page.value("document.querySelectorAll('.wrong').length"), 0)

    def test_an_oracles_effort_is_counted(self):
        row = next(row for row in json.loads((self.runs.fine / "report.json").read_text())["verdicts"] if row["name"] == "exactly-once")
        self.assertEqual(row["checked"]["events"], sum(event["event"] == "write_executed" for event in events_of(self.runs.fine)))
        self.assertIn(f"{row['checked']['events']:,} events", self.open(self.runs.fine).value("$('verdicts').textContent"))

    def test_a_violation_is_told_shown_and_harmless(self):
        page = self.open(self.runs.violated)
        self.assertEqual(page.value("$('headline').textContent"), NAME + " is violated: election-safety")
        self.assertIn("which", page.value("document.querySelector('.wrong b').textContent"))
        self.assertEqual(page.value("name_of(view.selected.event)"), "role_changed")
        self.assertTrue(page.value("view.begin <= trace.time[view.selected.event] && trace.time[view.selected.event] <= view.end"))
        self.assertEqual(page.value("document.querySelectorAll('main script, main b b').length"), 0)

    def test_a_run_that_missed_its_purpose_is_told(self):
        page = self.open(self.runs.undone)
        self.assertEqual(page.value("$('headline').textContent"), "undone proves nothing: it did not do what it was made for")
        self.assertIn("at least 1,000,000 were expected", page.value("document.querySelector('.wrong').textContent"))

    def test_the_events_are_those_of_the_trace(self):
        page = self.open(self.runs.fine)
        events = [json.loads(line) for line in (self.runs.fine / "trace.jsonl").read_text().splitlines()]
        self.assertEqual(page.value("trace.n"), len(events))
        for at in range(0, len(events), 997):
            event = events[at]
            shown = page.value(f"[trace.order[{at}], trace.time[{at}], host_of({at}), trace.lives[trace.life[{at}]][1], name_of({at}), text_of({at})]")
            self.assertEqual(shown, [event["order"], event["time"], event["node"], event["incarnation"], event["event"], event.get("text", "")])
            values = dict(page.value(f"fields_of({at})"))
            for name, value in event.items():
                if name in ("hash", "digest", "result", "index", "commit", "term", "message", "bytes"):
                    self.assertEqual(values[name], str(value))

    def test_keys_move_and_choose(self):
        page = self.open(self.runs.fine)
        page.value("$('timeline').focus()")
        before = page.value("[view.begin, view.end]")
        page.key("+")
        page.key("ArrowRight")
        after = page.value("[view.begin, view.end]")
        self.assertLess(after[1] - after[0], before[1] - before[0])
        page.key(".")
        first = page.value("view.selected.event")
        page.key(".")
        self.assertGreater(page.value("view.selected.event"), first)
        self.assertIn("may follow from it", page.value("$('inspector').textContent"))
        page.key("Escape")
        self.assertIsNone(page.value("view.selected"))
        page.key("0")
        self.assertGreaterEqual(page.value("view.end - view.begin"), page.value("END"))

    def test_what_is_pointed_at_is_explained(self):
        page = self.open(self.runs.fine)
        box = page.value("(() => { const event = leaders[0].event, box = $('timeline').getBoundingClientRect(), lane = lane_of_life[trace.life[event]]; view.visit(trace.time[event], 2e6); timeline.drawing.now();"
                         " $('timeline').scrollIntoView(); const moved = $('timeline').getBoundingClientRect(); return [moved.left + timeline.x(trace.time[event]), moved.top + timeline.middle(lane)]; })()")
        page.mouse("mouseMoved", *box)
        self.assertIn("role leader", page.value("$('tip').textContent"))
        page.click(*box)
        self.assertEqual(page.value("view.selected.event"), page.value("leaders[0].event"))

    def test_a_search_finds_events_and_operations(self):
        page = self.open(self.runs.fine)
        self.assertEqual(page.value("""search('role_changed "role leader"'), view.hits.length"""), page.value("leaders.length"))
        self.assertGreater(page.value("search('register write ok'), view.hits.filter(hit => hit.operation).length"), 10)

    def test_filters_narrow_what_is_shown_and_say_how_much(self):
        page = self.open(self.runs.fine)
        events = events_of(self.runs.fine)
        self.press(page, "n1")
        self.press(page, "n3")
        self.assertEqual(page.value("lanes.filter((_, i) => timeline.tops[i] !== undefined).map(lane => lane.name)"), ["n1", "n3"])
        self.press(page, "role changed")
        wanted = [event for event in events if event["event"] == "role_changed" and event["node"] in ("n1", "n3")]
        self.assertEqual(page.value("filter.shown.events"), len(wanted))
        self.assertEqual(page.value("lanes.flatMap(lane => [...lane.shown]).sort((a, b) => a - b).map(i => trace.order[i])"), [event["order"] for event in wanted])
        self.assertIn(f"{len(wanted)} of {len(events):,} events", page.value("$('filters').textContent"))
        page.value("view.whole(), show_sight()")
        self.assertEqual(page.value("$('inspector').querySelectorAll('li').length"), min(len(wanted), page.value("MOST_IN_SIGHT")))
        for text in page.value("[...$('inspector').querySelectorAll('li')].map(item => item.textContent)"):
            self.assertRegex(text, "s(n1|n3) role changed")
        self.press(page, "Raft")  # which has them all: now nothing is left
        self.assertEqual(page.value("filter.shown.events"), 0)
        page.value("show_sight()")
        self.assertIn("Nothing that the filter lets through", page.value("$('inspector').textContent"))
        self.press(page, "Reset")
        self.assertTrue(page.value("filter.is_plain()"))
        self.assertEqual(page.value("filter.shown.events"), page.value("trace.kind.reduce((sum, _, i) => sum + (AT_FIRST.includes(group_of(i)) && !lanes[lane_of_life[trace.life[i]]].is_client), 0)"))

    def test_each_count_is_what_its_choice_would_show(self):
        page = self.open(self.runs.fine)
        page.value("filter.set({ text: 'term 2', only: true })")
        for choice in ("n1", "n4", "commit advanced", "role changed"):
            self.press(page, "All nodes")
            self.press(page, "All kinds")
            promised = page.value(f"Number({self.button(choice)}.querySelector('small').textContent.replaceAll(',', ''))")
            self.press(page, choice)
            self.assertEqual(page.value("filter.shown.events"), promised, choice)
            self.assertGreater(promised, 0, choice)

    def test_only_hits_are_shown_if_that_is_asked_for(self):
        page = self.open(self.runs.fine)
        all_of_them = page.value("filter.shown.events")
        page.value("""search('"role leader"')""")
        self.assertEqual(page.value("filter.shown.events"), all_of_them)
        self.press(page, "Only hits")
        self.assertEqual(page.value("filter.shown.events"), page.value("leaders.length"))
        self.assertEqual(page.value("view.hits.length"), page.value("leaders.length"))
        page.value("search('requested')")  # of the clients, who are not shown
        self.assertEqual(page.value("view.hits.length"), 0)
        self.assertRegex(page.value("document.querySelector('.found').textContent"), "0 hits, [0-9,]+ hidden")

    def test_operations_are_chosen_by_kind_and_key(self):
        page = self.open(self.runs.fine)
        page.value("filter.set({ f: 'read', key: data.operations.keys.find(key => key) })")
        shown = page.value("filter.shown.operations")
        self.assertEqual(shown, page.value("operations.filter(op => op.f === 'read' && op.key === filter.key).length"))
        self.assertGreater(shown, 10)
        page.value("view.whole(), show_sight()")
        page.value("$('filters').querySelector('select').value === 'read' || (() => { throw new Error('the choice is not shown'); })()")

    def test_the_address_leads_back_to_what_was_shown(self):
        page = self.open(self.runs.fine)
        page.value("address.write()")
        self.assertEqual(page.value("location.hash"), "")
        state = "[[...filter.nodes], [...filter.kinds], [...filter.groups].sort(), filter.text, filter.only, filter.f, filter.key, filter.shown, view.begin, view.end, view.selected && view.selected.event]"
        page.value("filter.nodes.add('n1').add('n2'), filter.kinds.add('role_changed'), filter.groups.delete('operations'), filter.set({ text: 'term 2 & \"x\"', only: false, f: 'cas', key: data.operations.keys[1] })")
        page.value("view.select({ event: leaders[0].event }, true), view.show(Math.round(view.begin), Math.round(view.end)), address.write()")
        address = page.value("location.hash")
        self.assertIn("kinds=role_changed", address)
        again = self.open(self.runs.fine, address)
        self.assertEqual(again.value(state), page.value(state))
        self.assertEqual(again.value("$('search').value"), page.value("$('search').value"))
        again.value("new Promise(done => { addEventListener('hashchange', done, { once: true }); location.hash = '#nodes=n3&kinds=nonsense&groups=raft&from=x'; })")
        self.assertEqual(again.value("[[...filter.nodes], [...filter.kinds], [...filter.groups], filter.text]"), [["n3"], [], ["raft"], ""])

    def test_filters_are_worked_by_keys(self):
        page = self.open(self.runs.fine)
        self.assertEqual(page.value("[...$('filters').querySelectorAll('*'), ...$('tools').querySelectorAll('*')].filter(each => each.tabIndex < 0 && each.matches('button, select, input, summary')).length"), 0)
        page.value("$('timeline').focus()")
        page.key("/")
        self.assertEqual(page.value("document.activeElement.id"), "search")
        page.value(f"{self.button('n2')}.focus()")
        page.key("Enter")
        self.assertEqual(page.value("[...filter.nodes]"), ["n2"])
        page.value("view.select({ event: lanes[1].shown[0] }), $('timeline').focus()")
        page.key("ArrowDown")  # no other lane is shown
        self.assertEqual(page.value("host_of(view.selected.event)"), "n2")
        before = page.value("view.selected.event")
        page.key(".")
        self.assertTrue(page.value(f"view.selected.event > {before} && is_shown(view.selected.event)"))

    def test_of_hub_and_edges_what_turns_the_run_is_listed(self):
        page = self.open(self.runs.field)
        listed = page.value("lanes.flatMap(lane => [...lane.listed]).map(i => trace.order[i])")
        turns = ("package_refused", "package_active", "model_in_use", "slot_switched", "slot_rolled_back", "readings_dropped", "duplicate_refused")
        undone = lambda event: event["event"] in ("instruction_ended", "instruction_settled") and event["outcome"] not in (1, 4)
        events = events_of(self.runs.field)
        told = {}  # of each instruction the first word of its end
        for event in filter(undone, events):
            told.setdefault(event["id"], event["order"])
        wanted = {event["order"] for event in events if event["event"] in turns} | set(told.values())
        for name in ("package_active", "slot_switched", "slot_rolled_back", "model_in_use"):
            self.assertTrue(any(event["event"] == name for event in events), name)
        self.assertTrue(any(undone(event) for event in events))
        self.assertEqual(wanted - set(listed), set())
        ends = {event["order"] for event in events if event["event"] in ("instruction_ended", "instruction_settled")}
        self.assertEqual(ends & set(listed), set(told.values()))
        often = {event["order"] for event in events if event["event"] in ("batch_sent", "buffered", "executed") or (event["event"] == "instruction_ended" and event["outcome"] == 1)}
        self.assertEqual(often & set(listed), set())
        self.assertEqual(page.value("lanes.filter((_, i) => timeline.tops[i] !== undefined).map(lane => lane.name)"), ["n1", "n2", "n3", "e1", "e2", "e3", "cloud"])
        self.assertIn("outcome", page.value("fields_of(lanes.flatMap(lane => [...lane.listed]).find(i => name_of(i) === 'instruction_ended')).map(f => f.join(' ')).join()"))

    def test_the_promises_without_a_case_are_told_from_those_that_were_checked(self):
        for run in (self.runs.fine, self.runs.field):
            page = self.open(run)
            rows = json.loads((run / "report.json").read_text())["verdicts"]
            idle = [row["name"] for row in rows if not any(count for unit, count in row["checked"].items() if unit != "events")]
            self.assertGreater(len(idle), 0)
            self.assertIn(f"{len(rows) - len(idle)} promises were checked; {len(idle)} more had nothing to check here (", page.value("$('detail').textContent"))
            shown = page.value("[...document.querySelectorAll('#verdicts tbody tr')].map(row => [row.cells[0].textContent, row.cells[3].textContent])")
            self.assertEqual([name for name, checked in shown if checked.startswith("nothing: ")], idle)
        self.assertEqual(page.value("[{}, { reads: 0, others: 2 }, { facts: 0, events: 9 }, { readings: 0, dropped: 0 }].map(checked => had_a_case({ checked }))"), [True, True, False, False])

    def test_who_spoke_with_whom_has_the_edges_and_the_cloud(self):
        page = self.open(self.runs.field)
        self.assertEqual(page.value("[...document.querySelectorAll('.topology text')].map(text => text.textContent)"), ["n1", "n2", "n3", "e1", "e2", "e3", "cloud", "clients"])
        events = events_of(self.runs.field)
        sender = {event["message"]: event["node"] for event in events if event["event"] == "frame_sent"}
        arrived = [{event["node"], sender[event["message"]]} for event in events if event["event"] == "frame_delivered"]
        links = dict(page.value("[...document.querySelectorAll('.topology .link')].map(line => { const [who, what] = line.textContent.split(': '); return [who, [line.classList.contains('field'), what]]; })"))
        for who in ("n1 and e1", "n2 and e3", "n1 and n2"):
            is_field, what = links[who]
            self.assertEqual(is_field, "e" in who.split(" and ")[1], who)
            all_of_them, lost = (int(re.match("[0-9,]+", part)[0].replace(",", "")) for part in what.split(", "))
            self.assertEqual(all_of_them - lost, arrived.count(set(who.split(" and "))), who)
            self.assertGreater(all_of_them, lost)
        self.assertTrue(any(who.endswith(" and cloud") for who in links), links)
        self.assertFalse(any(who.endswith("clients") and is_field for who, (is_field, _) in links.items()), links)

    # The rows of the table on the card with this title; the words of each cell.
    def table(self, page, title, number=0):
        card = f"[...document.querySelectorAll('#cluster .card')].find(card => card.querySelector('h3').textContent === {json.dumps(title)})"
        return page.value(f"[...{card}.querySelectorAll('table')[{number}].rows].map(row => [...row.cells].map(cell => cell.textContent))")

    def test_faults_are_counted_by_kind(self):
        page = self.open(self.runs.fine)
        faults = json.loads((self.runs.fine / "report.json").read_text())["faults"]
        self.assertEqual(self.table(page, "2 faults")[1:], [["partition", "2", str(sum(len(fault["strikes"]) for fault in faults)), f"{sum(fault['fired'] for fault in faults):,}×"]])
        self.assertEqual(len(self.table(page, "2 faults", 1)[1:]), 2)

    def test_tables_of_each_replica_are_shown(self):
        replicas = json.loads((self.runs.field / "report.json").read_text())["replicas"]
        self.assertEqual([replica["replica"] for replica in replicas], ["n1", "n2", "n3"])
        head, *rows = self.table(self.open(self.runs.field), "Tables at the end")
        self.assertEqual(head, ["", "n1", "n2", "n3"])
        self.assertEqual(len(rows), len(replicas[0]["tables"]))
        for name, *cells in rows:
            held = [next(table for table in replica["tables"] if table["table"] == name) for replica in replicas]
            self.assertTrue(all(table["rows"] > 0 for table in held), held)
            self.assertEqual(cells, [f"{table['rows']:,} row{'s' if table['rows'] != 1 else ''}, version {table['version']:,}" for table in held])

    def test_a_real_run_has_its_twin_in_the_charts_and_its_logs_counted(self):
        page = self.open(self.runs.real)
        twin = json.loads((self.runs.real / "report.json").read_text())["fidelity"]["simulated"]["series"]
        name, dashed, values = page.value("(line => [line.name, line.dashed, line.values])(charts_of_page[0].lines.at(-1))")
        self.assertEqual((name, dashed), ("ok simulated", True))
        for value, count in zip(values, twin["ok"], strict=True):
            self.assertAlmostEqual(value, count * 1e9 / twin["bucket_ns"], 6)
        self.assertEqual(page.value("(line => [line.name, line.values])(charts_of_page[1].lines.at(-1))"), ["median simulated", twin["p50_ns"]])
        self.assertEqual(self.table(page, "Lines of the logs, by level"), [["", "error", "warning", "info"], ["n1", "0", "2", "7"], ["n2", "0", "0", "1"]])
        self.assertEqual(page.value("[...document.querySelectorAll('#cluster details pre')].map(pre => pre.textContent)"), [f"warning {NAME}"])
        self.assertEqual(self.table(page, "Members at the end")[1][4], json.loads((self.runs.real / "report.json").read_text())["replicas"][0]["digest"])

    def test_every_event_of_the_program_has_a_group(self):
        declared = {name for header in ROOT.glob("*/events.h") for name in re.findall(r'\b\d+,\s*"([a-z_]+)",', header.read_text())}
        declared |= {name for header in ROOT.glob("core/*/events.h") for name in re.findall(r'\b\d+,\s*"([a-z_]+)",', header.read_text())}
        self.assertGreater(len(declared), 70)
        known = set(self.open(self.runs.fine).value("[...GROUP_OF_NAME.keys()]"))
        self.assertEqual(declared - known, {"frame_sent", "frame_delivered"})  # as their channel says
        self.assertEqual(known - declared, set())

    def test_an_order_of_a_register_is_found(self):
        page = self.open(self.runs.fine)
        self.assertTrue(page.value("!$('registers').hidden"))
        self.assertRegex(page.value("$('register').textContent"), "one order that fits")

    def test_it_fits_a_phone(self):
        for run in (self.runs.fine, self.runs.violated, self.runs.field):
            page = self.open(run, width=390, height=844)
            self.assertLessEqual(page.value("document.documentElement.scrollWidth"), 390)

    def test_light_and_dark(self):
        page = self.open(self.runs.fine, dark=True)
        dark = page.value("getComputedStyle(document.body).backgroundColor")
        page.value("$('theme').click()")
        self.assertNotEqual(page.value("getComputedStyle(document.body).backgroundColor"), dark)

    def test_nothing_jumps(self):
        page = self.open(self.runs.fine)
        height = page.value("document.documentElement.scrollHeight")
        for action in ("view.whole()", "view.visit(END / 2, 1e6)", "view.select({ event: leaders[0].event }, true)", "view.select(null)", "search('leader')"):
            page.value(action)
            page.frames(2)
            self.assertEqual(page.value("document.documentElement.scrollHeight"), height, action)

    def test_a_hundred_thousand_events_fit(self):
        self.assertLess((self.runs.long / "report.html").stat().st_size, MOST_BYTES)
        page = self.open(self.runs.long)
        self.assertGreater(page.value("trace.n"), 100_000)
        self.assertEqual(page.value("data.trace.kept"), page.value("data.trace.total"))

    def test_a_run_that_is_too_large_still_fits(self):
        self.assertLess((self.runs.crowded / "report.html").stat().st_size, MOST_BYTES)
        page = self.open(self.runs.crowded)
        self.assertGreater(page.value("data.trace.total"), 130_000)
        self.assertGreater(page.value("data.operations.total"), 9_000)
        self.assertEqual(page.value("operations.length"), 9_000)
        self.assertGreater(page.value("data.trace.kept"), 80_000)
        self.assertIn("operations are in history.jsonl only", page.value("$('legend').textContent"))

    def test_what_a_page_does_not_hold_is_counted_all_the_same(self):
        page = self.open(self.runs.crowded)
        events = events_of(self.runs.crowded)
        of = lambda kind: [event for event in events if event["event"] == kind]
        self.assertLess(page.value("frames.times.length"), len(of("frame_delivered")))  # else this is no story
        end = page.value("END")
        chart = lambda title: f"charts_of_page.find(chart => chart.root.querySelector('h3').textContent === '{title}')"
        shown = page.value(f"(() => {{ const lines = {chart('Messages per second')}.lines; return [lines.filter(line => line.name !== 'dropped').reduce((sum, line) => sum + line.overall, 0), lines.at(-1).overall]; }})()")
        self.assertAlmostEqual(shown[0], len(of("frame_sent")) * 1e9 / end, 3)
        self.assertAlmostEqual(shown[1], len(of("frame_dropped")) * 1e9 / end, 3)
        drawn = page.value(f"{chart('Bytes per second')}.lines.reduce((sum, line) => sum + line.values.reduce((a, b) => a + b, 0) * data.whole.traffic.stretch_ns / 1e9, 0)")
        self.assertAlmostEqual(drawn, sum(event["bytes"] for event in of("frame_sent")), 0)
        rows = {row[0]: int(row[1].replace(",", "")) for row in self.table(page, "Messages")[1:]}
        self.assertEqual(rows["raft, with entries"], len(of("append_sent")))
        sender = {event["message"]: event["node"] for event in of("frame_sent")}
        between = sum({event["node"], sender[event["message"]]} == {"n1", "n2"} for event in of("frame_delivered"))
        words = page.value("[...document.querySelectorAll('.topology .link')].map(line => line.textContent).find(words => words.startsWith('n1 and n2'))")
        ended, lost = (int(number.replace(",", "")) for number in re.search("([0-9,]+) messages, ([0-9,]+) lost", words).groups())
        self.assertEqual(ended - lost, between)
        last = {event["node"]: event for event in of("entry_applied")}
        for name, applied, digest in page.value("members.map(name => [name, data.whole.members[name].applied, data.whole.members[name].digest])"):
            self.assertEqual((applied, digest), (last[name]["index"], f"{last[name]['digest']:016x}"))

    def test_an_order_that_cannot_be_looked_for_is_told(self):
        page = self.open(self.runs.crowded)
        self.assertTrue(page.value("!$('registers').hidden"))
        self.assertRegex(page.value("$('register').textContent"), "needs every operation on the object, and of the [0-9,]+ operations of this run the page holds [0-9,]+")

    def test_panning_is_fluid(self):
        page = self.open(self.runs.long)
        page.value("$('time').scrollIntoView()")
        for width, name in (("END", "the whole run"), ("END / 6", "a sixth"), ("END / 60", "a sixtieth"), ("END / 2000", "a two thousandth")):
            rate = page.value(f"""new Promise(done => {{
              view.show(END * 0.1, END * 0.1 + {width});
              let begin = performance.now(), count = 0;
              (function next() {{
                if (count === 10) begin = performance.now();
                view.pan(count % 60 < 30 ? 0.02 : -0.02);
                if (++count < 100) requestAnimationFrame(next); else done(90000 / (performance.now() - begin));
              }})();
            }})""")
            cost = page.value("(() => { const begin = performance.now(); for (let i = 0; i < 20; ++i) timeline.drawing.now(); return (performance.now() - begin) / 20; })()")
            if arguments.measure:
                print(f"panning over {name}: {rate:.0f} frames/s, {cost:.1f} ms to draw one", file=sys.stderr)
                self.assertGreater(rate, LEAST_FRAMES, name)

    def test_the_index_leads_to_the_pages(self):
        index = lockstep("report", self.runs.fine, self.runs.violated).strip()
        page = self.open(pathlib.Path(index))
        self.assertIn("2 runs: 1 is violated, 1 holds", page.value("document.querySelector('h1').textContent"))
        self.assertEqual(page.value("document.querySelectorAll('tbody script').length"), 0)
        links = page.value("[...document.querySelectorAll('tbody a')].map(a => a.href)")
        self.assertEqual(sorted(links), sorted((run / "report.html").as_uri() for run in (self.runs.fine, self.runs.violated)))

    def test_pictures(self):
        if not arguments.pictures:
            self.skipTest("no --pictures")
        arguments.pictures.mkdir(parents=True, exist_ok=True)
        for name, run, how in (("fine", self.runs.fine, {}), ("dark", self.runs.fine, {"dark": True}), ("violated", self.runs.violated, {}), ("phone", self.runs.violated, {"width": 390, "height": 844}), ("long", self.runs.long, {}), ("crowded", self.runs.crowded, {}), ("crowded-dark", self.runs.crowded, {"dark": True}), ("real", self.runs.real, {}), ("real-dark", self.runs.real, {"dark": True}),
                               ("field", self.runs.field, {}), ("field-phone", self.runs.field, {"width": 390, "height": 844}), ("filtered", self.runs.field, {"address": "#kinds=package_refused.slot_switched.slot_rolled_back"})):
            self.open(run, **how).picture(arguments.pictures / f"{name}.png")


if __name__ == "__main__":
    command_line = browser.command_line(__doc__)
    command_line.add_argument("--measure", action="store_true", help="also demand 30 frames a second while panning")
    sys.exit(browser.run_tests(command_line, arguments))
