// ---- panels: the answer, the tables, the inspector; then everything is put in its place ----
const mark = verdict => make('span', { class: 'mark ' + verdict }, verdict);
const row = (...cells) => make('tr', {}, ...cells);
const cell = (text, kind = '') => make('td', kind ? { class: kind } : {}, text);
const heads = (...names) => make('thead', {}, row(...names.map(name => make('th', { scope: 'col', class: name.startsWith('#') ? 'number' : undefined }, name.replace('#', '')))));
const visit = (time, text) => make('button', { class: 'link', type: 'button', onclick: () => { view.visit(time); $('time').scrollIntoView({ block: 'start' }); } }, text);
const facts = pairs => make('dl', { class: 'facts' }, ...pairs.filter(pair => pair[1] !== undefined).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
const is_real = report.world === 'real';
const sampled = data.trace && data.trace.kept < data.trace.total;

// Of the events an oracle has seen all there were; what it could check is counted beside them. Nothing: the run had no case of it.
const had_a_case = verdict => { const counts = Object.entries(verdict.checked); return !counts.length || counts.some(([units, n]) => units !== 'events' && n > 0); };
function promises_words() {
  const idle = report.verdicts.filter(verdict => !had_a_case(verdict)), checked = report.verdicts.length - idle.length;
  return `${many(checked, 'promise was', 'promises were')} checked${idle.length ? `; ${count(idle.length)} more had nothing to check here (${list(idle.map(verdict => verdict.name))})` : ''}`;
}

function show_answer() {
  const bad = report.verdicts.filter(verdict => verdict.verdict === 'violated').map(verdict => verdict.name);
  const words = { holds: 'holds', violated: `is violated: ${list(bad)}`, unknown: 'is undecided', vacuous: 'proves nothing: it did not do what it was made for' };
  document.body.classList.add({ holds: 'good', violated: 'bad' }[report.verdict] ?? 'warn');
  $('headline').textContent = `${report.scenario} ${words[report.verdict]}`;
  const did = `${many(report.operations.ok, 'operation')} succeeded in ${duration(report.simulated_ns ?? report.lasted_ns)}${is_real ? ' on real processes' : ' of simulated time'}, under ${many(report.faults.length, 'fault')}. ${promises_words()}.`;
  $('detail').textContent = `${scenario?.about ? scenario.about + ' ' : ''}${did}`;
  $('where').textContent = is_real ? 'a real run' : `seed ${report.seed}`;
  const lines = [['Seed', String(report.seed)], ['Trace', report.trace ? make('code', {}, report.trace) : 'none: a real run'], [is_real ? 'Lasted' : 'Simulated', duration(report.simulated_ns ?? report.lasted_ns)], ['Took', duration(report.real_ns)],
    ['Events', count(report.events)], ['Operations ok', count(report.operations.ok)], ['Failed', count(report.operations.failed)], ['Unknown', count(report.operations.unknown)],
    ['Leaders elected', report.elections ? count(report.elections.leaders) : undefined], ['Program', report.version]];
  $('facts').replaceWith(Object.assign(facts(lines), { id: 'facts' }));
  const button = make('button', { type: 'button', onclick: () => copy(data.command, button) }, 'Copy');
  $('command').append(make('code', {}, data.command), button);
}

// What went wrong, a card each; an oracle's first line is the explanation, the rest the counter-example.
function show_wrong() {
  for (const verdict of report.verdicts) {
    if (verdict.verdict === 'holds') continue;
    const place = verdict.evidence.map(place_in).find(Boolean);
    const [first, ...rest] = verdict.evidence;
    $('wrong').append(make('div', { class: 'wrong' + (verdict.verdict === 'violated' ? '' : ' warn') }, make('h3', {}, `${upper(verdict.name.replaceAll('-', ' '))}: ${verdict.verdict}`),
      make('p', {}, `Promised: ${verdict.promise}.`), verdict.anomalies ? make('p', {}, `Anomalies: ${list(verdict.anomalies)}${verdict.ruled_out ? `; so it is not ${list(verdict.ruled_out)}` : ''}.`) : undefined, first ? make('p', {}, make('b', {}, first)) : undefined,
      place ? visit_place(place) : undefined, rest.length ? make('ol', {}, ...rest.slice(0, 20).map(line => make('li', {}, line))) : undefined));
  }
  const asked_for = report.faults.filter(fault => !fault.skipped);
  const idle = asked_for.filter(fault => !fault.fired);
  const missing = (report.idle_faults !== 'allowed' || idle.length === asked_for.length ? idle : []).map(fault => `${fault.kind} never took effect: ${fault.description}`);
  if (report.operations.ok < report.operations.min_ok) missing.push(`only ${many(report.operations.ok, 'operation')} succeeded, at least ${count(report.operations.min_ok)} were expected`);
  if (missing.length) $('wrong').append(make('div', { class: 'wrong warn' }, make('h3', {}, 'Not what it was made for'), ...missing.map(line => make('p', {}, upper(line)))));
}
const visit_place = place => make('button', { type: 'button', onclick: () => { if (place.event !== undefined) view.select({ event: place.event }, true); else view.visit(place.time); $('time').scrollIntoView({ block: 'start' }); } }, 'Show it in the time line');

function show_verdicts() {
  const checked = verdict => Object.entries(verdict.checked).map(([units, n]) => counted(n, units)).join(', ');
  $('verdicts').append(heads('Promise', 'Verdict', 'What it says', 'Checked'), make('tbody', {}, ...report.verdicts.map(verdict => {
    const place = verdict.evidence.map(place_in).find(Boolean);
    return row(make('th', { scope: 'row' }, verdict.name), make('td', {}, mark(verdict.verdict), place ? make('div', {}, visit(place.time, 'where')) : ''), make('td', { class: 'promise' }, upper(verdict.promise), ...(verdict.excused ?? []).map(line => make('div', { class: 'soft' }, `Excused: ${line}`))), had_a_case(verdict) ? cell(checked(verdict), 'soft') : cell(`nothing: ${checked(verdict)}`, 'soft'));
  })));
}

// ---- time line: places to go, legend ----
function first_place() {
  for (const verdict of report.verdicts) {
    if (verdict.verdict === 'holds') continue;
    const place = verdict.evidence.map(place_in).find(Boolean);
    if (place) return place;
  }
  return null;
}
function show_fault(strike) { const margin = Math.max((strike.to - strike.from) * 0.35, END / 40); view.show(strike.from - margin, Math.min(strike.to, strike.from + END / 3) + margin); }
let next_fault = -1;
function show_jumps() {
  const add = (text, act) => $('jumps').append(make('button', { type: 'button', onclick: act }, text));
  const wrong = first_place(), faults = [...strikes].sort((a, b) => a.from - b.from);
  if (wrong) add('First violation', () => wrong.event !== undefined ? view.select({ event: wrong.event }, true) : view.visit(wrong.time));
  if (faults.length) add(faults.length > 1 ? 'Next fault' : 'The fault', () => { next_fault = (next_fault + 1) % faults.length; show_fault(faults[next_fault]); view.select({ strike: faults[next_fault] }); });
  if (leaders.length) add(leaders.length > 1 ? 'Next leader' : 'The leader', () => { const middle = (view.begin + view.end) / 2, next = leaders.find(l => l.time > middle + 1) ?? leaders[0]; view.select({ event: next.event }); view.visit(next.time, Math.min(view.end - view.begin, END / 8)); });
  const gap = data.availability;
  if (gap.gap_ns > 0) add('Longest silence', () => view.show(gap.gap_from_ns - gap.gap_ns * 0.3, gap.gap_from_ns + gap.gap_ns * 1.3));
}
function show_legend() {
  const entry = (style, text) => { const i = make('i'); Object.assign(i.style, style); return make('span', {}, i, text); };
  const fill = name => ({ background: `var(--${name})` }), thin = name => ({ background: `var(--${name})`, height: '2px', verticalAlign: '4px' });
  const striped = 'repeating-linear-gradient(135deg, var(--warn) 0 1px, var(--warn-wash) 1px 5px)';
  $('legend').append(entry(fill('accent'), 'leader'), entry(fill('accent-wash'), 'follower'), entry({ background: striped }, 'candidate, or standing still'), entry({ background: 'var(--bad-wash)', border: '1px dashed var(--bad)' }, 'down'),
    entry(thin('third'), 'Raft message'), entry(thin('second'), 'request'), entry(thin('accent'), 'reply'), ...(has_field ? [entry(thin('field'), 'hub and edges')] : []), entry(thin('bad'), 'lost'), entry({ ...fill('accent'), opacity: '.75' }, 'ok'), entry(fill('faint'), 'failed'), entry(fill('warn'), 'unknown'),
    make('span', {}, 'thin lines under a lane: log, commit and applied index'));
  if (sampled) $('legend').append(make('span', {}, `${count(data.trace.total - data.trace.kept)} of ${count(data.trace.total)} events are in trace.jsonl only (${list(data.trace.kinds.filter(kind => kind.kept < kind.total).map(kind => kind.name.replaceAll('_', ' ')))})`));
  if (!data.trace) $('legend').append(make('span', {}, 'This run left no trace: clients and faults only. With --trace there are the nodes, too.'));
  if (data.no_history) $('legend').append(make('span', {}, 'There was no history.jsonl: this page knows no operations and no latencies.'));
  const shown = data.operations.rows.length;
  if (shown < data.operations.total) $('legend').append(make('span', {}, `${count(data.operations.total - shown)} of ${count(data.operations.total)} operations are in history.jsonl only`));
}
function show_minimap() {
  const canvas = $('minimap');
  const drawing = new Drawing(canvas, (g, width, height) => {
    const scale = width / END, most = Math.max(1, ...data.series.ok);
    g.fillStyle = colours.bad; g.globalAlpha = 0.22;
    for (const strike of strikes) g.fillRect(strike.from * scale, 0, Math.max(2, (strike.to - strike.from) * scale), height);
    g.globalAlpha = 1; g.fillStyle = colours.accent;
    data.series.ok.forEach((n, i) => { const high = n / most * (height - 10); g.fillRect(i * data.series.bucket_ns * scale, height - high, Math.max(1, data.series.bucket_ns * scale - 1), high); });
    g.fillStyle = colours.ink;
    for (const leader of leaders) g.fillRect(leader.time * scale - 0.5, 0, 1.5, 8);
    g.fillStyle = colours.warn;
    for (const hit of view.hits.slice(0, 4000)) g.fillRect(hit.time * scale, 0, 1, height);
    const left = view.begin * scale, right = view.end * scale;
    g.fillStyle = colours.veil; g.fillRect(0, 0, left, height); g.fillRect(right, 0, width - right, height);
    g.strokeStyle = colours.soft; g.strokeRect(clamp(left, 0.5, width - 1), 0.5, Math.max(2, Math.min(right, width) - Math.max(left, 0) - 1), height - 1);
  });
  view.listeners.push(() => drawing.later());
  const go = e => { const box = canvas.getBoundingClientRect(), time = (e.clientX - box.left) / box.width * END, half = (view.end - view.begin) / 2; view.show(time - half, time + half); };
  canvas.addEventListener('pointerdown', e => { canvas.setPointerCapture(e.pointerId); if (view.end - view.begin >= END) view.visit(0, END / 8); go(e); });
  canvas.addEventListener('pointermove', e => { if (canvas.hasPointerCapture(e.pointerId)) go(e); });
}

// ---- inspector ----
function inspect(what) {
  const panel = $('inspector');
  $('spoken').textContent = what ? tip_of(what).map(part => part.textContent ?? part).join(' ') : '';
  if (!what) return show_sight();
  panel.replaceChildren(...(what.event !== undefined ? inspect_event(what.event) : what.operation ? inspect_operation(what.operation) : inspect_strike(what.strike)));
}
// While nothing is chosen: what matters in the part of the run that is in sight; with a filter that asks for something in
// particular, all of that.
const MOST_IN_SIGHT = 40;
function things_in_sight() {
  const first = [], inside = time => time >= view.begin && time <= view.end;
  let all = 0;
  for (const lane of lanes) {
    const begin = lower_bound(lane.listed_times, view.begin), end = lower_bound(lane.listed_times, view.end);
    all += end - begin;
    for (let at = begin; at < Math.min(end, begin + MOST_IN_SIGHT); ++at) first.push({ event: lane.listed[at], time: lane.listed_times[at] });
  }
  const others = [...(filter.groups.has('faults') && !filter.is_narrow() ? strikes.map(strike => ({ strike, time: strike.from })) : []),
    ...(filter.is_narrow() && (!filter.kinds.size || filter.f || filter.key) ? [...filter.operations].map(operation => ({ operation, time: operation.from })) : [])].filter(each => inside(each.time));
  return { all: all + others.length, first: [...first, ...others].sort((a, b) => a.time - b.time).slice(0, MOST_IN_SIGHT) };
}
function show_sight() {
  if (view.selected) return;
  const { all, first } = things_in_sight(), words = what => what.strike ? `fault: ${strike_words(what.strike)}` : what.operation ? `process ${what.operation.process} ${operation_words(what.operation)}` : `${host_of(what.event)} ${words_of(what.event)}`;
  const item = what => make('li', {}, make('button', { class: 'link', type: 'button', onclick: () => view.select(what.strike ? { strike: what.strike } : what.operation ? { operation: what.operation } : { event: what.event }) }, make('time', {}, moment(what.time)), words(what)));
  const half = Math.ceil(first.length / 2), what = filter.is_narrow() ? many(all, 'thing that was asked for', 'things that were asked for') : many(all, 'thing that matters', 'things that matter');
  const none = filter.is_plain() ? 'Nothing that matters is in sight. Point at anything to see what it is; a click holds it here.' : 'Nothing that the filter lets through is in sight.';
  $('inspector').replaceChildren(make('p', { class: 'quietly' }, all ? `In sight: ${what}${all > first.length ? `, the first ${count(first.length)} of them here` : ''}. Click one, or anything above, to see what could have led to it and what could follow.` : none),
    make('ol', {}, ...first.slice(0, half).map(item)), make('ol', {}, ...first.slice(half).map(item)));
}
const pairs = rows => make('table', { class: 'inner' }, make('tbody', {}, ...rows.map(([name, value]) => row(make('th', { scope: 'row', class: 'small' }, name), cell(value, 'small')))));
function inspect_event(i) {
  const life = trace.lives[trace.life[i]], lane = lanes[lane_of_life[trace.life[i]]];
  const reach = side => lanes.reduce((sum, each, l) => sum + (side === 'past' ? lower_bound(each.events, view.cone.past_event[l] + 1) : each.events.length - lower_bound(each.events, Math.min(view.cone.future_event[l], 4e9))), 0) - 1;
  const at = lower_bound(lane.events, i), around = Array.from(lane.events.slice(Math.max(0, at - 4), at + 6));
  const partner = partner_of(i);
  return [make('div', {}, make('h3', {}, `${life[0]}: ${name_of(i).replaceAll('_', ' ')}`),
    pairs([['time', moment(trace.time[i])], ['event', `${trace.order[i]}, life ${life[1]}`], ...fields_of(i).filter(([name]) => name !== 'group')]),
    partner >= 0 ? make('p', {}, make('button', { class: 'link', type: 'button', onclick: () => view.reveal(partner) }, name_of(partner) === 'frame_sent' ? `sent by ${host_of(partner)} ${duration(trace.time[i] - trace.time[partner])} before` : `${name_of(partner).replaceAll('_', ' ')} at ${host_of(partner)} ${duration(trace.time[partner] - trace.time[i])} later`)) : undefined,
    make('p', {}, `${many(reach('past'), 'event')} may have led to it, ${many(reach('future'), 'event')} may follow from it.`)),
  make('div', {}, make('h3', {}, `Around it on ${life[0]}`), make('ol', {}, ...around.map(event => make('li', event === i ? { 'aria-current': 'true' } : {},
    make('button', { class: 'link', type: 'button', onclick: () => view.reveal(event) }, make('time', {}, moment(trace.time[event])), words_of(event))))))];
}
function partner_of(i) {
  if (!name_of(i).startsWith('frame_')) return -1;
  const k = frames.ended.indexOf(i);
  if (k >= 0) return frames.sent[k];
  const sent = frames.sent.indexOf(i);
  return sent >= 0 ? frames.ended[sent] : -1;
}
function inspect_operation(op) {
  return [make('div', {}, make('h3', {}, `Process ${op.process}: ${op.f} ${bare_key(op.key)}`), pairs([['asked', `${moment(op.from)}${op.argument ? `, ${op.argument}` : ''}`], ['answer', op.open ? 'none' : `${OUTCOMES[op.completion]} after ${duration(op.to - op.from)}${op.result ? `: ${op.result}` : ''}`], ...(op.error ? [['because', op.error]] : []), ['number', String(op.number)]])),
    make('div', {}, make('h3', {}, 'At the same time'), make('ol', {}, ...operations.filter(other => other !== op && other.key === op.key && other.from <= op.to && other.to >= op.from).slice(0, 8).map(other => make('li', {},
      make('button', { class: 'link', type: 'button', onclick: () => view.select({ operation: other }) }, make('time', {}, moment(other.from)), `process ${other.process} ${operation_words(other)}`)))))];
}
function inspect_strike(strike) {
  return [make('div', {}, make('h3', {}, `Fault: ${strike.kind.replaceAll('_', ' ')}`), pairs([['from', moment(strike.from)], ['to', strike.open ? 'the end phase' : strike.instant ? 'the same moment' : moment(strike.to)], ['whom', strike.hosts.length ? list(strike.hosts) : strike.groups.length ? group_words(strike) : 'every link'], ['all of it', report.faults[strike.number].description]]))];
}

// ---- the cluster ----
const card = (title, ...children) => make('div', { class: 'card' }, make('h3', {}, title), ...children);
function election_card() {
  if (!leaders.length) return null;
  const rows = leaders.slice(0, 40).map(l => row(make('td', {}, visit(l.time, seconds(l.time))), make('th', { scope: 'row' }, l.host), cell(String(l.term), 'number'), cell(duration(Math.max(0, l.time - l.before)), 'number'), cell(duration(l.until - l.time), 'number')));
  return card(`${many(leaders.length, 'leader')}, ${many(report.elections?.candidacies ?? 0, 'candidacy', 'candidacies')}`, make('table', { class: 'inner' }, heads('Elected at', 'Leader', '#Term', '#Nobody for', '#Led for'), make('tbody', {}, ...rows)), leaders.length > 40 ? make('p', {}, `and ${leaders.length - 40} more`) : '');
}
function availability_card() {
  if (data.no_history) return null;
  const a = data.availability;
  const rows = a.recoveries.slice(0, 12).map(r => row(make('td', {}, visit(r.at_ns, seconds(r.at_ns))), cell(r.kind.replaceAll('_', ' ')), cell(duration(r.took_ns), 'number')));
  return card('Without a successful write', facts([['Longest', a.gap_ns > 0 ? visit(a.gap_from_ns + a.gap_ns / 2, duration(a.gap_ns)) : 'no two writes succeeded'], ['Latency, median', duration(a.latency_ns.p50)], ['90 of 100', duration(a.latency_ns.p90)], ['99 of 100', duration(a.latency_ns.p99)], ['Slowest', duration(a.latency_ns.max)]]),
    rows.length ? make('table', { class: 'inner' }, heads('Healed at', 'Fault', '#Next write after'), make('tbody', {}, ...rows)) : '');
}
const replicas = report.replicas ?? [], MOST_TABLES = 20;
function member_card() {
  if (!data.whole && !replicas.length) return null;
  const rows = members.map((name, i) => {
    const state = lanes[i]?.states.at(-1) ?? { name: 'unseen' }, replica = replicas.find(each => each.replica === name), member = data.whole?.members[name] ?? (replica ? { applied: replica.applied, digest: replica.digest } : {}), index = at => at === undefined || at === null ? '–' : count(at);
    return row(make('th', { scope: 'row' }, name), cell(state.name === 'unseen' ? '–' : `${state.name}${state.term ? ', term ' + state.term : ''}`), cell(index(member.durable), 'number'), cell(index(member.applied), 'number'), make('td', {}, make('code', {}, member.digest ?? '–')));
  });
  return card('Members at the end', make('table', { class: 'inner' }, heads('', 'Is', '#Log', '#Applied', 'Digest'), make('tbody', {}, ...rows)));
}
// Tables that the runner read on each member, when all was healed and at rest.
function table_card() {
  const names = [...new Set(replicas.flatMap(replica => replica.tables.map(each => each.table)))].sort();
  if (!names.length) return null;
  const of = (replica, name) => { const found = replica.tables.find(each => each.table === name); return found ? `${many(found.rows, 'row')}, version ${count(found.version)}` : '–'; };
  const rows = names.slice(0, MOST_TABLES).map(name => row(make('th', { scope: 'row' }, name), ...replicas.map(replica => cell(of(replica, name), 'number'))));
  return card('Tables at the end', make('table', { class: 'inner' }, heads('', ...replicas.map(replica => '#' + replica.replica)), make('tbody', {}, ...rows)), names.length > MOST_TABLES ? make('p', {}, `and ${count(names.length - MOST_TABLES)} more in report.json`) : '');
}
function message_card() {
  if (!sent_kinds.length) return null;
  const { kinds, reasons, entries } = data.whole.traffic;
  const rows = kinds.map(each => row(make('th', { scope: 'row' }, kind_words(each)), cell(count(total(each.sent)), 'number'), cell(bytes(total(each.bytes)), 'number'), cell(count(each.dropped), 'number')));
  return card('Messages', make('table', { class: 'inner' }, heads('', '#Sent', '#Bytes', '#Dropped'), make('tbody', {}, ...rows)),
    entries ? make('p', {}, `Raft sent ${many(entries, 'log entry', 'log entries')}; the rest of its messages are heartbeats, votes, reads and answers.`) : '',
    reasons.length ? make('p', {}, 'Dropped: ' + list(reasons.map(([reason, n]) => `${count(n)} ${REASONS[reason] ?? 'for another reason'}`))) : '');
}
function disk_card() {
  const rows_of = members.map(name => [name, data.whole?.members[name]]).filter(([, member]) => member), most = Math.max(0, ...rows_of.map(([, member]) => member.syncs));
  if (!most) return null;
  const rows = rows_of.map(([name, member]) => {
    const bar = make('span', { class: 'bar' });
    bar.style.width = `${member.syncs / most * 120}px`;
    return row(make('th', { scope: 'row' }, name), cell(count(member.syncs), 'number'), cell(count(member.failed_syncs), 'number'), cell(`${(member.log_busy_ns / END * 100).toFixed(1)} %`, 'number'), make('td', {}, bar));
  });
  return card('Disks', make('table', { class: 'inner' }, heads('', '#Syncs', '#Failed', '#Log lane busy', ''), make('tbody', {}, ...rows)));
}
function log_card() {
  const logs = report.logs ?? [], levels = [...new Set(['error', 'warning', 'info', ...logs.flatMap(log => Object.keys(log.levels))])];
  if (!logs.length) return null;
  const rows = logs.map(log => row(make('th', { scope: 'row' }, log.node), ...levels.map(level => cell(count(log.levels[level] ?? 0), 'number'))));
  const complaints = logs.filter(log => log.complaints.length).map(log => make('details', {}, make('summary', {}, `Last complaints of ${log.node}`), make('pre', { tabindex: '0' }, log.complaints.join('\n'))));
  return card('Lines of the logs, by level', make('table', { class: 'inner' }, heads('', ...levels.map(level => '#' + level)), make('tbody', {}, ...rows)), ...complaints);
}
// Who spoke with whom: the thicker, the more; red, as far as it was lost.
const MOST_OF_THE_FIELD = 9;
function topology_card() {
  if (!sent_kinds.length || members.length < 2) return null;
  // A corner each, except for the clients; edges too, while there is room for all of them.
  const room = lanes.filter(lane => lane.is_field).length <= MOST_OF_THE_FIELD;
  const names = lanes.map(lane => lane.is_client ? 'clients' : lane.is_field && lane.name !== 'cloud' && !room ? 'edges' : lane.name);
  const corners = [...new Set([...names.filter(name => name !== 'clients'), ...names])], of = lane => corners.indexOf(names[lane]), links = new Map();
  for (const [from, to, ended, dropped, field] of data.whole.traffic.links) {
    const [a, b] = [from, to].map(number => of(lane_of_host.get(member_name(number)) ?? -1));
    if (a === b || a < 0 || b < 0) continue;
    const name = `${Math.min(a, b)} ${Math.max(a, b)}`, link = links.get(name) ?? { a: Math.min(a, b), b: Math.max(a, b), all: 0, lost: 0, field: 0 };
    link.all += ended; link.lost += dropped; link.field += field;
    links.set(name, link);
  }
  const most = Math.max(...[...links.values()].map(link => link.all));
  const place = i => { const angle = (i / corners.length - 0.25) * 2 * Math.PI; return [180 + 118 * Math.cos(angle), 130 + 98 * Math.sin(angle)]; };
  const lines = [...links.values()].flatMap(link => {
    const [x1, y1] = place(link.a), [x2, y2] = place(link.b), share = link.lost / link.all, wide = 1 + 7 * link.all / most;
    const title = `${corners[link.a]} and ${corners[link.b]}: ${many(link.all, 'message')}, ${count(link.lost)} lost`;
    const line = (x, y, kind) => svg('line', { x1, y1, x2: x, y2: y, class: kind, 'stroke-width': wide }, svg('title', {}, title));
    return [line(x2, y2, link.field > 0 ? 'link field' : 'link'), ...(share > 0 ? [line(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, 'lost')] : [])];
  });
  const nodes = corners.map((name, i) => {
    const [x, y] = place(i), leads = leaders.at(-1)?.host === name;
    return svg('g', {}, svg('circle', { cx: x, cy: y, r: name.length < 4 ? 20 : 26, class: leads ? 'node leads' : 'node' }), svg('text', { x, y: y + 4.5, class: leads ? 'leads' : '' }, name));
  });
  const picture = svg('svg', { viewBox: '0 0 360 262', role: 'img', class: 'topology', 'aria-label': `${list(corners)} and the messages between them` }, ...lines, ...nodes);
  return card('Who spoke with whom', picture);
}
function fault_card() {
  if (!report.faults.length) return null;
  const words = fault => fault.kind.replaceAll('_', ' '), kinds = new Map();
  const effects = n => n ? cell(`${count(n)}×`, 'number') : make('td', { class: 'number' }, make('span', { class: 'vacuous' }, 'never'));
  for (const fault of report.faults.filter(fault => !fault.skipped)) {
    const sum = kinds.get(words(fault)) ?? { faults: 0, strikes: 0, fired: 0 };
    ++sum.faults; sum.strikes += fault.strikes?.length ?? 0; sum.fired += fault.fired;
    kinds.set(words(fault), sum);
  }
  const by_kind = kinds.size < report.faults.length ? make('table', { class: 'inner' }, heads('Kind', '#Faults', '#Struck', '#Took effect'), make('tbody', {}, ...[...kinds].sort((a, b) => a[1].fired - b[1].fired || b[1].faults - a[1].faults).map(([kind, sum]) => row(make('th', { scope: 'row' }, kind), cell(count(sum.faults), 'number'), cell(count(sum.strikes), 'number'), effects(sum.fired))))) : '';
  return card(many(report.faults.length, 'fault'), by_kind, make('table', { class: 'inner' }, heads('Fault', 'When and whom', '#Took effect'), make('tbody', {}, ...report.faults.map(fault => row(make('th', { scope: 'row' }, words(fault)), cell(fault.skipped ? `skipped: ${fault.skipped}` : fault.description),
    fault.skipped ? cell('–', 'number') : effects(fault.fired))))));
}

// Two columns of facts: a real run and the simulated one, or this run and another one.
function beside(names, a, b) {
  const rows = [...new Set([...Object.keys(a.verdicts), ...Object.keys(b.verdicts)])].filter(name => a.verdicts[name] !== b.verdicts[name]);
  const verdict = of => of ? mark(of) : '–', line = (name, of_a, of_b) => row(make('th', { scope: 'row' }, name), cell(of_a), cell(of_b));
  return [heads('', ...names), make('tbody', {}, line('verdict', mark(a.verdict), mark(b.verdict)), ...rows.map(name => line(name, verdict(a.verdicts[name]), verdict(b.verdicts[name]))),
    ...(a.elections && b.elections ? [line('leaders elected', count(a.elections.leaders), count(b.elections.leaders)), line('candidacies', count(a.elections.candidacies), count(b.elections.candidacies))] : []),
    ...['ok', 'failed', 'unknown'].map(name => line('operations ' + name, count(a.operations[name]), count(b.operations[name]))), ...['p50', 'p90', 'p99', 'max'].map(name => line('latency, ' + name, duration(a.latency_ns[name]), duration(b.latency_ns[name]))))];
}
function show_fidelity() {
  if (!report.fidelity) return;
  $('worlds').hidden = false;
  $('fidelity').append(...beside(['Real', 'Simulated'], report.fidelity.real, report.fidelity.simulated));
}
function show_other() {
  const other = data.other;
  if (!other) return;
  const facts_of = (of, availability) => ({ ...of, verdicts: Object.fromEntries(of.verdicts.map(each => [each.name, each.verdict])), latency_ns: availability.latency_ns });
  $('others').hidden = false;
  $('other').append(make('table', {}, ...beside([data.name, other.name], facts_of(report, data.availability), facts_of(other.report, other.availability))));
  if (!other.difference) return;
  const at = other.parts_at === undefined ? -1 : lower_bound(trace.order, other.parts_at);
  if (at >= 0 && at < trace.n) $('jumps').append(make('button', { type: 'button', onclick: () => view.select({ event: at }, true) }, 'First difference'));
  $('other').append(make('pre', { tabindex: '0', class: 'padded' }, other.difference));
}
function show_itself() {
  const fold = (title, ...children) => make('details', {}, make('summary', {}, title), ...children);
  const kinds = [...(data.trace?.kinds ?? [])].sort((a, b) => b.total - a.total);
  $('itself').append(make('div', { class: 'card' },
    data.scenario ? fold('The scenario as it ran, every default filled in', make('pre', { tabindex: '0' }, data.scenario)) : '',
    kinds.length ? fold(`Events by kind: ${count(data.trace.total)}`, make('table', { class: 'inner' }, heads('Event', '#In the run', '#In this page'), make('tbody', {}, ...kinds.map(kind => row(make('th', { scope: 'row' }, kind.name), cell(count(kind.total), 'number'), cell(count(kind.kept), 'number')))))) : '',
    report.not_applied?.length ? fold('What this world could not do', ...report.not_applied.map(line => make('p', {}, line))) : '',
    report.kept ? make('p', {}, `Data and logs of the nodes: ${report.kept}`) : ''));
  $('footer').append(make('span', {}, report.version ? `lockstep ${report.version}` : 'lockstep'), make('span', {}, report.trace ? `trace ${report.trace}` : ''), make('span', {}, 'This file needs no network and nothing beside it.'));
}

// ---- everything in its place ----
show_answer();
show_wrong();
show_verdicts();
filter.apply();
const timeline = new Timeline($('timeline'));
$('timeline').setAttribute('aria-label', `Time line of ${list(members)} over ${duration(END)}: ${many(leaders.length, 'leader')}, ${many(strikes.length, 'fault')}, ${many(operations.length, 'operation')}`);
view.choosers.push(inspect);
let sight_waits = 0;
view.listeners.push(() => { if (!view.selected && !sight_waits) sight_waits = setTimeout(() => { sight_waits = 0; show_sight(); }, 120); });
show_tools(timeline);
show_filters();
show_jumps();
show_minimap();
show_legend();
inspect(null);
$('charts').append(...(data.no_history ? [] : [throughput_chart().root, latency_chart().root]), ...(data.whole && top_index > 1 ? [lag_chart().root] : []), ...(sent_kinds.length ? [frames_chart().root, bytes_chart().root] : []));
$('cluster').append(...[election_card(), availability_card(), fault_card(), member_card(), table_card(), topology_card(), message_card(), disk_card(), log_card()].filter(Boolean));
show_fidelity();
show_other();
show_registers();
show_itself();
(function open() {
  const wrong = first_place(), fault = [...strikes].sort((a, b) => a.from - b.from)[0];
  if (wrong?.event !== undefined) view.select({ event: wrong.event }, true);
  else if (wrong) view.visit(wrong.time, END / 12);
  else if (fault) show_fault(fault);
  else view.whole();
  address.begin();
})();
