// ---- view: which part of the run is shown, what is chosen, what is filtered; whoever draws listens ----
const SHORTEST = 20e3;  // ns
const view = {
  begin: 0, end: END, selected: null, cone: null, hits: [], hit: -1, key: '', listeners: [], choosers: [],
  shows: { raft: true, clients: false, disk: true, entries: true, operations: true, cone: true },
  changed() { for (const listener of this.listeners) listener(); },
  show(begin, end) {
    const length = clamp(end - begin, SHORTEST, END * 1.04), margin = END * 0.02;
    this.begin = clamp(begin, -margin, END + margin - length);
    this.end = this.begin + length;
    this.changed();
  },
  whole() { this.show(-END * 0.02, END * 1.02); },
  pan(part) { const by = (this.end - this.begin) * part; this.show(this.begin + by, this.end + by); },
  zoom(factor, at = (this.begin + this.end) / 2) { this.show(at - (at - this.begin) * factor, at + (this.end - at) * factor); },
  // Brings a moment into sight, near enough to see single events.
  visit(time, width = Math.min(this.end - this.begin, END / 40)) { this.show(time - width / 2, time + width / 2); },
  // {event}, {operation} or {strike}; null lets go.
  select(what, visit = false) {
    this.selected = what;
    this.cone = what?.event !== undefined ? cone_of(what.event) : null;
    if (what && visit) this.visit(what.event !== undefined ? trace.time[what.event] : (what.operation ?? what.strike).from);
    for (const chooser of this.choosers) chooser(what);
    this.changed();
  },
  // Steps to the event before or after the selected one on its lane, passing over what is not shown.
  step(by) {
    if (!trace.n) return;
    const now = this.selected?.event ?? this.nearest();
    const lane = lanes[lane_of_life[trace.life[now]]];
    let at = lower_bound(lane.events, now) + (this.selected?.event === undefined ? 0 : by);
    while (at >= 0 && at < lane.events.length && !is_shown(lane.events[at])) at += by;
    if (at >= 0 && at < lane.events.length) this.reveal(lane.events[at]);
  },
  lane(by) {
    if (!trace.n) return;
    const now = this.selected?.event ?? this.nearest(), most = timeline_lanes().length;
    const lane = lanes[clamp(lane_of_life[trace.life[now]] + by, 0, most - 1)];
    let at = Math.min(lower_bound(lane.times, trace.time[now]), lane.events.length - 1);
    while (at > 0 && !is_shown(lane.events[at])) --at;
    if (at >= 0) this.reveal(lane.events[at]);
  },
  nearest() {
    const middle = (this.begin + this.end) / 2, lane = lanes[0];
    return lane.events.length ? lane.events[Math.min(lower_bound(lane.times, middle), lane.events.length - 1)] : 0;
  },
  reveal(event) {
    this.select({ event });
    const time = trace.time[event];
    if (time < this.begin || time > this.end) this.visit(time, this.end - this.begin);
  },
};
const timeline_lanes = () => view.shows.clients ? lanes : lanes.slice(0, members.length);

// Which switch an event belongs to; what belongs to none is always shown.
const switch_of_kind = trace.kinds.map(kind => DISK.includes(kind.name) || kind.name === 'disk_fault' ? 'disk' : ENTRIES.includes(kind.name) ? 'entries' : kind.name.startsWith('frame') ? 'frames' : kind.name === 'requested' || kind.name === 'replied' ? 'clients' : '');
function is_shown(i) {
  const name = switch_of_kind[trace.kind[i]];
  if (name === 'frames') { const channel = field(i, 'channel'); return channel === undefined || channel === 1 ? view.shows.raft : view.shows.clients; }
  return name === '' || view.shows[name];
}
// Every event and operation whose words contain all that was asked for; what stands in quotes is one thing.
function search(text) {
  const parts = [...text.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(match => match[1] ?? match[0]);
  view.hits = []; view.hit = -1;
  if (parts.length) {
    const fits = words => { const low = words.toLowerCase(); return parts.every(part => low.includes(part)); };
    for (let i = 0; i < trace.n; ++i) if (fits(`${host_of(i)} ${name_of(i)} ${words_of(i)}`)) view.hits.push({ event: i, time: trace.time[i] });
    for (const operation of operations) if (fits(`process ${operation.process} ${operation_words(operation)} ${OUTCOMES[operation.completion]} ${operation.error}`)) view.hits.push({ operation, time: operation.from });
    view.hits.sort((a, b) => a.time - b.time);
  }
  view.changed();
}
function next_hit(by) {
  if (!view.hits.length) return;
  view.hit = view.hit < 0 ? Math.max(0, view.hits.findIndex(hit => hit.time >= view.begin)) : (view.hit + by + view.hits.length) % view.hits.length;
  view.select(view.hits[view.hit], true);
}
