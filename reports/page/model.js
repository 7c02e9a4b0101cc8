// ---- model: what the file holds, as arrays that are quick to search ----
const data = JSON.parse($('data').textContent);
const report = data.report;
const scenario = (() => { try { return JSON.parse(data.scenario); } catch { return null; } })();
const ROLES = { 1: 'follower', 2: 'pre-candidate', 3: 'candidate', 4: 'leader' };
const CHANNELS = { 1: 'raft', 2: 'request', 3: 'reply', 5: 'field' };
const REASONS = { 1: 'lost', 2: 'partition', 3: 'no such host', 4: 'receiver dead', 5: 'damaged', 6: 'other cluster', 7: 'other node', 8: 'by a rule', 9: 'queue full', 10: 'connection reset' };
const DISK_FAULTS = { 1: 'error', 2: 'failed sync', 3: 'full', 4: 'stall', 5: 'slow', 6: 'lie', 7: 'bad sector', 8: 'misdirected', 9: 'phantom', 10: 'rot' };
const DISK_CALLS = { 0: 'none', 1: 'open', 2: 'exists', 3: 'rename', 4: 'remove', 5: 'list', 6: 'sync of a directory', 7: 'read', 8: 'write', 9: 'truncate', 10: 'size', 11: 'sync' };
const OUTCOMES_OF_INSTRUCTIONS = { 0: 'missed', 1: 'done', 2: 'failed', 3: 'expired', 4: 'cancelled', 5: 'refused', 6: 'interrupted' };
const PACKAGES = { 1: 'model', 2: 'policy', 3: 'settings' };
const PACKAGE_STATES = { 0: 'unknown', 1: 'receiving', 2: 'staged', 3: 'active', 4: 'kept', 5: 'refused' };
const member_name = number => number < 100 ? 'n' + number : number === 100 ? 'steward' : number > 20000 ? 'cloud' : number > 10000 ? 'e' + (number - 10000) : 'c' + (number - 100);

// The layout is that of reports/page/packed_trace.h.
function decode_trace(trace, base64) {
  const packed = atob(base64), n = trace.kept;
  const fields = trace.kinds.reduce((sum, kind) => sum + kind.kept * kind.fields.length, 0);
  const out = { n, kinds: trace.kinds, lives: trace.lives, kind: new Uint16Array(n), life: new Uint32Array(n), order: new Float64Array(n), time: new Float64Array(n),
                first: new Uint32Array(n + 1), values: new Float64Array(fields), text: new Uint32Array(n) };
  let at = 0, value = 0, order = 0, time = 0;
  const number = () => {
    let result = 0, scale = 1, byte;
    do { byte = packed.charCodeAt(at++); result += (byte & 127) * scale; scale *= 128; } while (byte & 128);
    return result;
  };
  const last = new Map();
  for (let i = 0; i < n; ++i) {
    const kind = out.kind[i] = number(), life = out.life[i] = number(), width = trace.kinds[kind].fields.length;
    order += number(); out.order[i] = order++;
    out.time[i] = time += number();
    const slot = kind * 65536 + life;
    let before = last.get(slot);
    if (!before) last.set(slot, before = new Float64Array(width));
    out.first[i] = value;
    for (let f = 0; f < width; ++f) {
      const coded = number();
      out.values[value++] = before[f] += coded % 2 ? -(coded + 1) / 2 : coded / 2;
    }
    out.text[i] = number();
  }
  out.first[n] = value;
  return out;
}
const trace = data.trace ? decode_trace(data.trace, $('events').textContent) : { n: 0, kinds: [], lives: [], kind: [], life: [], order: [], time: [], first: [0], values: [], text: [] };
const END = Math.max(report.simulated_ns ?? report.lasted_ns, trace.n ? trace.time[trace.n - 1] : 0, 1);

// Numbers of kinds and fields by name; -1: this run has none.
const kinds_by_name = new Map();
trace.kinds.forEach((kind, i) => kinds_by_name.set(kind.name, [...(kinds_by_name.get(kind.name) ?? []), i]));
const name_of = i => trace.kinds[trace.kind[i]].name;
const host_of = i => trace.lives[trace.life[i]][0];
function field(i, name) {
  const place = trace.kinds[trace.kind[i]].fields.indexOf(name);
  return place < 0 ? undefined : trace.values[trace.first[i] + place];
}
const text_of = i => trace.text[i] ? data.trace.texts[trace.text[i] - 1] : '';
// What a value means, for people.
function meaning(kind, name, value, is_wide) {
  if (is_wide) return data.trace.wide[value];
  if (name === 'role') return ROLES[value] ?? String(value);
  if (name === 'channel') return CHANNELS[value] ?? String(value);
  if (kind === 'disk_fault' && name === 'fault') return DISK_FAULTS[value] ?? String(value);
  if (kind === 'disk_fault' && name === 'operation') return DISK_CALLS[value] ?? String(value);
  if (name === 'reason') return REASONS[value] ?? String(value);
  if (name === 'outcome' && kind.startsWith('instruction')) return OUTCOMES_OF_INSTRUCTIONS[value] ?? String(value);
  if (name === 'kind' && kind.startsWith('package')) return PACKAGES[value] ?? String(value);
  if (name === 'state' && kind === 'package_answered') return PACKAGE_STATES[value] ?? String(value);
  if (name === 'slot') return ['A', 'B'][value] ?? String(value);
  if (['to', 'from', 'leader', 'vote', 'client', 'edge', 'hub', 'member'].includes(name)) return value === 0 ? 'nobody' : name === 'from' && !kind.startsWith('frame') && kind !== 'contradicted' ? String(value) : member_name(value);
  if (name.endsWith('_ns')) return duration(value);
  return String(value);
}
function fields_of(i) {
  const kind = trace.kinds[trace.kind[i]];
  const out = kind.fields.map((name, f) => [name, meaning(kind.name, name, trace.values[trace.first[i] + f], kind.wide[f])]);
  if (trace.text[i]) out.push(['text', text_of(i)]);
  return out;
}
const words_of = i => [name_of(i).replaceAll('_', ' '), ...fields_of(i).filter(([name]) => name !== 'group' && !['hash', 'digest', 'result'].includes(name)).map(([name, value]) => name === 'text' ? value : `${name} ${value}`)].join(' · ');

// The rarer, the sooner it is what somebody points at, and the longer it is drawn when there is much.
const DISK = ['job_started', 'job_finished', 'file_synced', 'directory_synced'];
const ENTRIES = ['entry_durable', 'entry_applied', 'write_executed', 'append_sent', 'commit_advanced', 'hard_state_durable'];
const FIELD_OFTEN = ['batch_applied', 'batch_acknowledged', 'buffered', 'batch_sent', 'batch_settled', 'decided', 'instruction_logged', 'instruction_sent', 'instruction_settled', 'instruction_taken', 'executed',
  'instruction_ended', 'package_answered', 'report_received', 'slot_read', 'plant_state'];
const FIELD = [...FIELD_OFTEN, 'envelope_bounded', 'window_skipped', 'package_active', 'package_refused', 'package_staged', 'model_in_use', 'package_damaged', 'readings_dropped', 'readings_refused', 'edge_opened', 'edge_stopped', 'stream_restored', 'field_refused', 'statement_failed', 'hub_refuses', 'hub_found', 'hub_lost',
  'duplicate_refused', 'fallback_taken', 'slot_staged', 'slot_switched', 'slot_rolled_back', 'slot_cleaned'];
const weight_of_kind = trace.kinds.map(kind => DISK.includes(kind.name) ? 3 : kind.name.startsWith('frame') ? 2 : ENTRIES.includes(kind.name) || FIELD_OFTEN.includes(kind.name) || ['disk_fault', 'requested', 'replied'].includes(kind.name) ? 1 : 0);
// What turns the course of a run: a person who reads only these knows what happened.
const TURNS = ['role_changed', 'process_leaves', 'process_killed', 'power_lost', 'node_failed', 'recovered', 'process_stalled', 'log_truncated', 'contradicted', 'left_behind', 'fenced', 'fence_lifted', 'tail_torn', 'disk_wiped', 'disk_forgot', 'memory_refused', 'wall_jumped', 'clock_leapt', 'clock_frozen',
  'package_active', 'package_refused', 'package_damaged', 'model_in_use', 'envelope_bounded', 'readings_dropped', 'readings_refused', 'edge_stopped', 'stream_restored', 'field_refused', 'statement_failed', 'hub_refuses', 'duplicate_refused', 'fallback_taken', 'slot_switched', 'slot_rolled_back', 'plant_fault'];
const is_turn = trace.kinds.map(kind => TURNS.includes(kind.name)), is_end_of_instruction = trace.kinds.map(kind => ['instruction_settled', 'instruction_ended'].includes(kind.name));
// An instruction that was not done matters, once: every hub tells of it, and its edge. One that was done, or taken back because a newer one was there, is as it should be.
const DONE = 1, CANCELLED = 4;
const told_first = (() => {
  const first = new Map();
  for (let i = 0; i < trace.kind.length; ++i) {
    if (!is_end_of_instruction[trace.kind[i]] || [DONE, CANCELLED].includes(field(i, 'outcome'))) continue;
    const id = field(i, 'id');
    if (!first.has(id)) first.set(id, i);
  }
  return new Set(first.values());
})();
const matters = i => is_turn[trace.kind[i]] || told_first.has(i);

// ---- who was there: members of the cluster get a lane each ----
const hosts = [...new Set(trace.lives.map(life => life[0]))];
const by_number = (a, b) => a.slice(1) - b.slice(1);
const members = hosts.filter(name => /^n\d+$/.test(name)).sort(by_number);
if (!members.length && scenario) for (let i = 1; i <= (scenario.cluster?.nodes ?? 0); ++i) members.push('n' + i);
// Who is no member: edges and the cloud, then the clients of the workloads.
const clients = [...hosts.filter(name => /^e\d+$/.test(name)).sort(by_number), ...hosts.filter(name => name === 'cloud'), ...hosts.filter(name => /^c\d+$/.test(name)).sort(by_number)];
const lane_of_host = new Map([...members, ...(hosts.includes('steward') ? ['steward'] : []), ...clients].map((name, i) => [name, i]));
const lane_of_life = trace.lives.map(life => lane_of_host.get(life[0]) ?? 0);

class Lane {
  constructor(name) { Object.assign(this, { name, is_field: /^e\d+$|^cloud$/.test(name), is_client: /^c\d+$|^steward$/.test(name), events: [], times: [], states: [], stalls: [], lines: { durable: [[], []], commit: [[], []], applied: [[], []] }, jobs: [], syncs: [], probes: [] }); }
  state(time, name, term = 0) {
    const last = this.states.at(-1);
    if (last) { if (last.name === name && last.term === term) return; last.to = time; }
    this.states.push({ from: time, to: END, name, term });
  }
  line(name, time, value) { const [times, values] = this.lines[name]; times.push(time); values.push(value); }
}
const lanes = [...lane_of_host.keys()].map(name => new Lane(name));

// ---- one walk over the events ----
// Frames that arrived or were dropped, by the time of that; -1 as the event of sending: it was not kept.
const frames = { sent: [], ended: [], lost: [] };
const leaders = [];      // {time, host, term, until}
let top_index = 1, longest_flight = 0;
(function walk() {
  const sending = new Map(), running = new Map();
  let reign = null;
  const end_reign = (host, time) => { if (reign && reign.host === host && reign.until === END) reign.until = time; };
  const steps = {
    process_started: (i, lane, time) => lane.state(time, 'starting'),
    process_killed: (i, lane, time) => { lane.state(time, 'down'); end_reign(lane.name, time); for (const stall of lane.stalls) stall.to = Math.min(stall.to, time); },
    power_lost: (i, lane, time) => { lane.state(time, 'down'); end_reign(lane.name, time); },
    process_stalled: (i, lane, time) => lane.stalls.push({ from: time, to: Math.min(END, time + field(i, 'duration_ns')) }),
    process_resumed: (i, lane, time) => { if (lane.stalls.length) lane.stalls.at(-1).to = Math.min(lane.stalls.at(-1).to, time); },
    recovered: (i, lane, time) => { lane.state(time, 'follower', field(i, 'term')); for (const [name, from] of [['durable', 'last'], ['commit', 'commit'], ['applied', 'applied']]) lane.line(name, time, field(i, from)); },
    node_failed: (i, lane, time) => { lane.state(time, 'failed'); end_reign(lane.name, time); },
    role_changed: (i, lane, time) => {
      const role = ROLES[field(i, 'role')] ?? 'follower', term = field(i, 'term');
      lane.state(time, role, term);
      if (role !== 'leader') return end_reign(lane.name, time);
      leaders.push(reign = { event: i, time, host: lane.name, term, until: END, before: leaders.at(-1)?.until ?? 0 });
    },
    entry_durable: (i, lane, time) => { lane.line('durable', time, field(i, 'index')); top_index = Math.max(top_index, field(i, 'index')); },
    log_truncated: (i, lane, time) => lane.line('durable', time, field(i, 'from') - 1),
    entry_applied: (i, lane, time) => lane.line('applied', time, field(i, 'index')),
    commit_advanced: (i, lane, time) => lane.line('commit', time, field(i, 'commit')),
    frame_sent: i => sending.set(field(i, 'message'), i),
    frame_delivered: i => frame(i, 0),
    frame_dropped: i => frame(i, 1),
    job_started: (i, lane) => running.set(`${lane.name} ${trace.life[i]} ${field(i, 'lane')} ${field(i, 'ordinal')}`, i),
    job_finished: (i, lane, time) => {
      const key = `${lane.name} ${trace.life[i]} ${field(i, 'lane')} ${field(i, 'ordinal')}`, start = running.get(key);
      if (start !== undefined) { lane.jobs.push([trace.time[start], time, Math.min(2, field(i, 'lane'))]); running.delete(key); }
    },
    file_synced: (i, lane) => lane.syncs.push(i),
    directory_synced: (i, lane) => lane.syncs.push(i),
    probe_reached: (i, lane) => lane.probes.push(i),
    probe_released: (i, lane) => lane.probes.push(i),
  };
  function frame(i, lost) {
    const start = sending.get(field(i, 'message')) ?? -1;
    frames.sent.push(start); frames.ended.push(i); frames.lost.push(lost);
    if (start >= 0) longest_flight = Math.max(longest_flight, trace.time[i] - trace.time[start]);
  }
  const by_kind = trace.kinds.map(kind => steps[kind.name]);
  for (let i = 0; i < trace.n; ++i) {
    const lane = lanes[lane_of_life[trace.life[i]]];
    lane.events.push(i);
    by_kind[trace.kind[i]]?.(i, lane, trace.time[i]);
  }
  for (const lane of lanes) {
    lane.times = Float64Array.from(lane.events, i => trace.time[i]);
    lane.events = Uint32Array.from(lane.events);
    lane.jobs.sort((a, b) => a[0] - b[0]);
    lane.job_starts = Float64Array.from(lane.jobs, job => job[0]);
    lane.longest_job = lane.jobs.reduce((most, job) => Math.max(most, job[1] - job[0]), 0);
    for (const name of Object.keys(lane.lines)) lane.lines[name] = lane.lines[name].map(values => Float64Array.from(values));
    if (!lane.states.length) lane.state(0, 'unseen');
  }
  frames.times = Float64Array.from(frames.ended, i => trace.time[i]);
  frames.begun = Float64Array.from(frames.sent, (start, k) => trace.time[start < 0 ? frames.ended[k] : start]);
  frames.from = Uint16Array.from(frames.ended, (i, k) => frames.sent[k] >= 0 ? lane_of_life[trace.life[frames.sent[k]]] : lane_of_host.get(member_name(field(i, 'from'))) ?? 0);
  frames.to = Uint16Array.from(frames.ended, (i, k) => frames.lost[k] ? lane_of_host.get(member_name(field(i, 'to'))) ?? frames.from[k] : lane_of_life[trace.life[i]]);
  frames.channel = Uint8Array.from(frames.ended, (i, k) => field(i, 'channel') ?? (frames.sent[k] >= 0 ? field(frames.sent[k], 'channel') : 0));
})();

// ---- faults ----
// What happens at once and leaves its mark on the lanes, if any: nothing is to be shaded until the end for it.
const AT_ONCE = ['restart', 'reset', 'clock', 'pause', 'crash', 'kill', 'leave', 'power_loss', 'disk_rot'];
const is_instant = (fault, strike) => strike.until_ns === undefined && AT_ONCE.includes(fault.kind);
const strikes = report.faults.flatMap((fault, number) => (fault.strikes ?? []).map(strike => ({
  number, kind: fault.kind, from: strike.at_ns, to: is_instant(fault, strike) ? strike.at_ns : Math.min(END, strike.until_ns ?? END), instant: is_instant(fault, strike),
  hosts: strike.hosts ?? [], groups: strike.groups ?? [], one_way: strike.one_way === true, open: strike.until_ns === undefined && !is_instant(fault, strike) })));
const group_words = s => s.groups.map(group => group.join(' ')).join(s.one_way ? ' → ' : ' | ');
const fault_rows = [...new Set(strikes.map(strike => strike.number))].map((number, row) => { for (const s of strikes) if (s.number === number) s.row = row; return report.faults[number].kind; });
const strike_words = s => `${s.kind.replaceAll('_', ' ')}${s.hosts.length ? ' of ' + list(s.hosts) : ''}${s.groups.length ? ': ' + group_words(s) : ''}`;

// ---- operations: a process that has ended makes room for the next one ----
const OUTCOMES = ['ok', 'failed', 'unknown'];
const operations = data.operations.rows.map(([process, f, key, argument, result, completion, invoked, returned, error, number]) => ({
  process, f: data.operations.functions[f], key: data.operations.keys[key], argument, result, completion, from: Math.max(0, invoked), to: returned < 0 ? END : returned, open: returned < 0, error, number }));
const operation_rows = (() => {
  const spans = new Map();
  for (const op of operations) {
    const span = spans.get(op.process);
    if (span) span.to = Math.max(span.to, op.to); else spans.set(op.process, { from: op.from, to: op.to });
  }
  const rows = [];
  for (const span of [...spans.values()].sort((a, b) => a.from - b.from)) {
    let row = rows.findIndex(end => end <= span.from);
    if (row < 0) row = rows.push(0) - 1;
    rows[row] = span.to; span.row = row;
  }
  for (const op of operations) op.row = spans.get(op.process).row;
  return rows.map((_, row) => {
    const list = operations.filter(op => op.row === row).sort((a, b) => a.from - b.from);
    return { list, starts: Float64Array.from(list, op => op.from) };
  });
})();
const longest_operation = operations.reduce((most, op) => Math.max(most, op.to - op.from), 0);
const bare_key = key => key.replace(/^"|"$/g, '');
const operation_words = op => `${op.f}${op.key ? ' ' + bare_key(op.key) : ''}${op.argument ? ' ' + op.argument : ''}${op.result && op.result !== op.argument ? ' → ' + op.result : ''}`;

// What verdicts point at: an event by its order, else a moment.
function place_in(line) {
  const event = /^event (\d+) at /.exec(line);
  if (event) { const i = lower_bound(trace.order, Number(event[1])); if (i < trace.n && trace.order[i] === Number(event[1])) return { event: i, time: trace.time[i] }; }
  const time = /\bat (\d+(?:\.\d+)?) (ms|s)\b/.exec(line);
  return time ? { time: time[1] * (time[2] === 's' ? 1e9 : 1e6) } : null;
}

// ---- causes and effects: a frame carries knowledge from one process to another, a life carries it on ----
function cone_of(event) {
  const past = new Float64Array(lanes.length).fill(-1), future = new Float64Array(lanes.length).fill(Infinity);
  const lane = lane_of_life[trace.life[event]];
  past[lane] = event; future[lane] = event;
  const carriers = { past: new Map(), future: new Map() };  // by lane: the frame that reached farthest
  // Backwards: what was sent before the latest known event of a lane that received it.
  for (let k = lower_bound(frames.times, trace.time[event] + 1) - 1; k >= 0; --k) {
    if (frames.lost[k] || frames.sent[k] < 0 || frames.ended[k] > past[frames.to[k]] || frames.sent[k] <= past[frames.from[k]]) continue;
    past[frames.from[k]] = frames.sent[k];
    carriers.past.set(frames.from[k], k);
  }
  for (let k = lower_bound(frames.times, trace.time[event]); k < frames.ended.length; ++k) {
    if (frames.lost[k] || frames.sent[k] < future[frames.from[k]] || frames.ended[k] >= future[frames.to[k]]) continue;
    future[frames.to[k]] = frames.ended[k];
    carriers.future.set(frames.to[k], k);
  }
  return { past: Float64Array.from(past, i => i < 0 ? -1 : trace.time[i]), future: Float64Array.from(future, i => i === Infinity ? Infinity : trace.time[i]), past_event: past, future_event: future, carriers: [...carriers.past.values(), ...carriers.future.values()] };
}
