// ---- filter: which events and operations are shown, in the time line, in the list and as hits of a search ----
const GROUPS = { raft: 'Raft', storage: 'Storage', client: 'Clients', faults: 'Faults', field: 'Hub and edges', operations: 'Operations' };
const AT_FIRST = ['raft', 'storage', 'faults', 'field', 'operations'];  // who asks for what is more than one wants to see at once
const GROUP_OF_NAME = new Map(Object.entries({
  storage: [...DISK, 'entry_durable', 'entry_applied', 'write_executed', 'hard_state_durable', 'prefix_dropped', 'applied_one_by_one', 'tail_torn'],
  client: ['requested', 'replied', 'write_settled', 'transaction_durable', 'transaction_given_up'],
  faults: ['process_started', 'process_leaves', 'process_killed', 'power_lost', 'process_stalled', 'process_resumed', 'node_failed', 'disk_wiped', 'drift_changed', 'wall_jumped', 'clock_leapt', 'clock_frozen', 'clock_tick',
    'frame_dropped', 'frame_duplicated', 'frame_corrupted', 'frame_delayed', 'frame_reordered', 'disk_fault', 'disk_forgot', 'memory_refused', 'probe_reached', 'probe_released', 'plant_fault'],
  field: FIELD,
  raft: ['role_changed', 'commit_advanced', 'append_sent', 'log_truncated', 'contradicted', 'left_behind', 'fenced', 'fence_lifted', 'recovered', 'transaction_prepared', 'transaction_decided'],
}).flatMap(([group, names]) => names.map(name => [name, group])));
const GROUP_OF_CHANNEL = { 1: 'raft', 2: 'client', 3: 'client', 5: 'field' };
const group_of_kind = trace.kinds.map(kind => GROUP_OF_NAME.get(kind.name) ?? (kind.fields.includes('channel') ? '' : 'raft'));  // '': as its channel says
const group_of = i => group_of_kind[trace.kind[i]] || (GROUP_OF_CHANNEL[field(i, 'channel')] ?? 'raft');
const kind_names = [...kinds_by_name.keys()];

// Nothing chosen among nodes or kinds: all of them. What is chosen narrows; `counts` says what each choice would show beside
// the others, and `events` and `operations` how many are shown now.
const filter = {
  nodes: new Set(), groups: new Set(AT_FIRST), kinds: new Set(), text: '', only: false, f: '', key: '', listeners: [],
  lanes: [], passes: new Uint8Array(trace.n), operations: new Set(), shown: { events: 0, operations: 0 }, counts: { nodes: new Map(), groups: new Map(), kinds: new Map() },
  matched: null,  // by the words that are searched for: {events, operations}; null: nothing is searched for
  // Everything that asks for something in particular, so that the list names all of it and not only what matters.
  is_narrow() { return this.kinds.size > 0 || (this.only && this.matched !== null) || this.f !== '' || this.key !== ''; },
  is_plain() { return !this.nodes.size && !this.kinds.size && !this.text && !this.only && !this.f && !this.key && this.has_first_groups(); },
  has_first_groups() { return this.groups.size === AT_FIRST.length && AT_FIRST.every(group => this.groups.has(group)); },
  reset() {
    for (const set of [this.nodes, this.kinds, this.groups]) set.clear();
    for (const group of AT_FIRST) this.groups.add(group);
    Object.assign(this, { text: '', only: false, f: '', key: '', matched: null });
    this.apply();
  },
  toggle(set, value) { if (!set.delete(value)) set.add(value); this.apply(); },
  set(changes) {
    const asked = changes.text !== undefined && changes.text !== this.text;
    Object.assign(this, changes);
    if (asked) this.matched = match(this.text);
    this.apply();
  },
  // What a lane is there for; with one group more, if one is given. Plants break on the lanes of edges.
  is_asked_for(lane, more) {
    const has = group => group === more || this.groups.has(group);
    return this.nodes.size ? this.nodes.has(lane.name) : lane.is_client ? has('client') : lane.is_field ? has('field') || has('faults') : true;
  },
  apply() {
    this.lanes = lanes.map(lane => this.is_asked_for(lane));
    this.apply_to_events();
    this.apply_to_operations();
    for (const lane of lanes) {
      lane.shown = lane.events.filter(i => this.passes[i]);
      lane.shown_times = Float64Array.from(lane.shown, i => trace.time[i]);
      lane.rare = lane.shown.filter(i => weight_of_kind[trace.kind[i]] === 0);
      lane.rare_times = Float64Array.from(lane.rare, i => trace.time[i]);
      lane.listed = this.is_narrow() ? lane.shown : lane.shown.filter(matters);
      lane.listed_times = Float64Array.from(lane.listed, i => trace.time[i]);
    }
    collect_hits();
    for (const listener of this.listeners) listener();
    view.changed();
  },
  apply_to_events() {
    const kinds = trace.kinds.map(kind => !this.kinds.size || this.kinds.has(kind.name)), own = group_of_kind.map(group => group && this.groups.has(group)), words = this.only && this.matched?.events;
    const by_life = new Float64Array(trace.lives.length), by_kind = new Float64Array(trace.kinds.length), by_group = new Map(Object.keys(GROUPS).map(group => [group, 0]));
    const there_with = new Map(Object.keys(GROUPS).map(group => [group, lane_of_life.map(lane => this.is_asked_for(lanes[lane], group))]));
    this.shown.events = 0;
    for (let i = 0; i < trace.n; ++i) {
      this.passes[i] = 0;
      if (words && !words[i]) continue;
      const kind = trace.kind[i], life = trace.life[i], is_of_group = group_of_kind[kind] ? own[kind] : this.groups.has(group_of(i)), is_of_kind = kinds[kind], is_there = this.lanes[lane_of_life[life]];
      if (is_of_group && is_of_kind) ++by_life[life];
      if (is_of_group && is_there) ++by_kind[kind];
      if (is_of_kind) { const group = group_of(i); if (there_with.get(group)[life]) by_group.set(group, by_group.get(group) + 1); }
      if (is_of_group && is_of_kind && is_there) { this.passes[i] = 1; ++this.shown.events; }
    }
    const sum = (values, name_of_place) => values.reduce((sums, n, place) => sums.set(name_of_place(place), (sums.get(name_of_place(place)) ?? 0) + n), new Map());
    this.counts = { groups: by_group, nodes: sum(by_life, life => trace.lives[life][0]), kinds: sum(by_kind, kind => trace.kinds[kind].name) };
  },
  apply_to_operations() {
    const fits = operations.filter(op => (!this.f || op.f === this.f) && (!this.key || op.key === this.key) && (!this.only || !this.matched || this.matched.operations.has(op)));
    this.counts.groups.set('operations', fits.length);
    this.operations = new Set(this.groups.has('operations') ? fits : []);
    this.shown.operations = this.operations.size;
  },
};
const is_shown = i => filter.passes[i] === 1;
const is_lane_shown = lane => filter.lanes[lane] === true;

// Every event and operation whose words contain all that is asked for; what stands in quotes is one thing.
function match(text) {
  const parts = [...text.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(found => found[1] ?? found[0]);
  if (!parts.length) return null;
  const fits = words => { const low = words.toLowerCase(); return parts.every(part => low.includes(part)); };
  const events = new Uint8Array(trace.n);
  for (let i = 0; i < trace.n; ++i) events[i] = fits(`${host_of(i)} ${name_of(i)} ${words_of(i)}`) ? 1 : 0;
  return { events, operations: new Set(operations.filter(op => fits(`process ${op.process} ${operation_words(op)} ${OUTCOMES[op.completion]} ${op.error}`))) };
}
// Hits are what is found and shown; how many are found but hidden is said.
function collect_hits() {
  view.hits = []; view.hit = -1; view.hidden_hits = 0;
  if (!filter.matched) return;
  for (let i = 0; i < trace.n; ++i) if (filter.matched.events[i]) { if (is_shown(i)) view.hits.push({ event: i, time: trace.time[i] }); else ++view.hidden_hits; }
  for (const operation of filter.matched.operations) if (filter.operations.has(operation)) view.hits.push({ operation, time: operation.from }); else ++view.hidden_hits;
  view.hits.sort((a, b) => a.time - b.time);
}
const search = text => filter.set({ text });
function next_hit(by) {
  if (!view.hits.length) return;
  view.hit = view.hit < 0 ? Math.max(0, view.hits.findIndex(hit => hit.time >= view.begin)) : (view.hit + by + view.hits.length) % view.hits.length;
  view.select(view.hits[view.hit], true);
}

// ---- the address holds what is shown and where, so that a link leads there; what is as at first is not in it ----
const address = {
  opened: {}, written: '', waiting: 0,
  place() {
    const chosen = view.selected;
    return { from: String(Math.round(view.begin)), to: String(Math.round(view.end)), event: chosen?.event !== undefined ? String(trace.order[chosen.event]) : '', operation: chosen?.operation ? String(chosen.operation.number) : '' };
  },
  text() {
    const out = new URLSearchParams();
    const put = (name, value) => { if (value) out.set(name, value); };
    put('nodes', [...filter.nodes].sort().join('.'));
    if (!filter.has_first_groups()) out.set('groups', [...filter.groups].sort().join('.'));  // also none at all
    put('kinds', [...filter.kinds].sort().join('.'));
    put('text', filter.text); put('only', filter.only ? '1' : ''); put('f', filter.f); put('key', filter.key);
    const place = this.place();
    if (place.from !== this.opened.from || place.to !== this.opened.to) { put('from', place.from); put('to', place.to); }
    if (place.event !== this.opened.event) out.set('event', place.event);
    put('operation', place.operation);
    return out.toString();
  },
  write() {
    this.waiting = 0;
    const text = this.text();
    if (text === this.written) return;
    this.written = text;
    history.replaceState(null, '', '#' + text);
  },
  // Browsers take it amiss if this happens at each step of a drag.
  later() { if (!this.waiting) this.waiting = setTimeout(() => this.write(), 250); },
  read() {
    const from = new URLSearchParams(location.hash.slice(1)), several = name => (from.get(name) ?? '').split('.').filter(Boolean);
    const fill = (set, values, known) => { set.clear(); for (const value of values) if (known(value)) set.add(value); };
    fill(filter.nodes, several('nodes'), name => lane_of_host.has(name));
    fill(filter.kinds, several('kinds'), name => kinds_by_name.has(name));
    fill(filter.groups, from.has('groups') ? several('groups') : AT_FIRST, name => GROUPS[name] !== undefined);
    filter.text = '';
    filter.set({ text: from.get('text') ?? '', matched: null, only: from.get('only') === '1', f: data.operations.functions.includes(from.get('f')) ? from.get('f') : '', key: data.operations.keys.includes(from.get('key')) ? from.get('key') : '' });
    this.visit(from);
  },
  visit(from) {
    const number = name => from.has(name) && from.get(name) !== '' && Number.isFinite(Number(from.get(name))) ? Number(from.get(name)) : undefined;
    const order = number('event'), operation = operations.find(op => op.number === number('operation')), at = order === undefined ? trace.n : lower_bound(trace.order, order);
    if (operation) view.select({ operation }, true);
    else if (at < trace.n && trace.order[at] === order) view.select({ event: at }, true);
    else if (from.has('event')) view.select(null);
    if (number('from') < number('to')) view.show(number('from'), number('to'));
  },
  // When everything is in its place and shows what it shows at first.
  begin() {
    this.opened = this.place();
    if (location.hash.length > 1) this.read();
    this.written = location.hash.slice(1);
    view.listeners.push(() => this.later());
    view.choosers.push(() => this.later());
    addEventListener('hashchange', () => { if (location.hash.slice(1) !== this.written) { this.read(); this.written = location.hash.slice(1); } });
  },
};
