// ---- view: which part of the run is in sight and what is chosen; whoever draws listens ----
const SHORTEST = 20e3;  // ns
const view = {
  begin: 0, end: END, selected: null, cone: null, hits: [], hit: -1, hidden_hits: 0, listeners: [], choosers: [],
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
    const now = this.selected?.event ?? this.nearest();
    if (now < 0) return;
    const { shown } = lanes[lane_of_life[trace.life[now]]], at = lower_bound(shown, now);
    const next = this.selected?.event === undefined ? now : shown[by > 0 && shown[at] === now ? at + 1 : by > 0 ? at : at - 1];
    if (next !== undefined) this.reveal(next);
  },
  lane(by) {
    const now = this.selected?.event ?? this.nearest();
    if (now < 0) return;
    const visible = lanes.filter((lane, i) => is_lane_shown(i) && lane.shown.length), own = visible.indexOf(lanes[lane_of_life[trace.life[now]]]);
    const lane = visible[clamp(own + by, 0, visible.length - 1)];
    if (lane) this.reveal(lane.shown[Math.min(lower_bound(lane.shown_times, trace.time[now]), lane.shown.length - 1)]);
  },
  // The event that is shown nearest to the middle, on the first lane that has one; -1: there is none.
  nearest() {
    const lane = lanes.find((lane, i) => is_lane_shown(i) && lane.shown.length);
    return lane ? lane.shown[Math.min(lower_bound(lane.shown_times, (this.begin + this.end) / 2), lane.shown.length - 1)] : -1;
  },
  reveal(event) {
    this.select({ event });
    const time = trace.time[event];
    if (time < this.begin || time > this.end) this.visit(time, this.end - this.begin);
  },
};
