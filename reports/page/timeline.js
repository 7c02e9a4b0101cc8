// ---- time line: a lane a process; only what is in sight is drawn, and what is too dense to see is counted instead ----
const BAD = ['node_failed', 'contradicted', 'left_behind', 'fenced', 'package_refused', 'package_damaged', 'readings_dropped', 'readings_refused', 'edge_stopped', 'field_refused', 'statement_failed', 'hub_refuses', 'slot_rolled_back'];
const MOST_ARROWS = 2600, MOST_POINTS = 2200, MOST_JOBS = 500;
const channel_colour = channel => channel === 1 ? colours.third : channel === 2 ? colours.second : channel === 3 ? colours.accent : channel === 5 ? colours.field : colours.soft;
const outcome_colour = completion => [colours.accent, colours.faint, colours.warn][completion];

class Timeline {
  constructor(canvas) {
    this.canvas = canvas;
    this.down = false;
    this.drawing = new Drawing(canvas, (context, width, height) => this.draw(context, width, height));
    view.listeners.push(() => this.drawing.later());
    filter.listeners.push(() => this.layout());
    this.layout();
    new Hand(this);
  }

  // Sizes do not depend on what is in sight, so that nothing jumps. Time flows to the right, or down: then everything here is
  // the same with x and y changed over, and lanes share the width that there is.
  layout() {
    const narrow = this.canvas.clientWidth < 560, rows = this.shows('operations') ? operation_rows.length : 0;
    const tall = members.filter((_, i) => is_lane_shown(i)).length, thin = lanes.filter((_, i) => is_lane_shown(i)).length - tall;
    this.gutter = this.down ? 30 : narrow ? 40 : 76;
    this.client_height = 16;
    this.fault_top = 8;
    this.fault_height = Math.min(this.down && narrow ? 9 : 18, fault_rows.length ? 120 / fault_rows.length : 0);
    this.lanes_top = this.fault_top + this.fault_height * fault_rows.length + (fault_rows.length ? 10 : 2);
    this.operation_height = clamp(Math.floor((this.down && narrow ? 64 : 190) / Math.max(operation_rows.length, 1)), 4, 15);
    const after = 14 + rows * this.operation_height + (rows ? 8 : -22), axis = this.down ? 64 : 26;
    const room = this.canvas.clientWidth - this.lanes_top - after - axis - this.client_height * thin;
    this.lane_height = this.down ? clamp(room / Math.max(tall, 1), 30, 190) : narrow ? 46 : members.length > 5 ? 52 : 62;
    let y = this.lanes_top;
    this.tops = [];  // with holes where a lane is not shown
    lanes.forEach((_, i) => { if (is_lane_shown(i)) { this.tops[i] = y; y += i < members.length ? this.lane_height : this.client_height; } });
    this.operations_top = y + 14;
    this.axis_top = y + after;
    this.height = this.axis_top + axis;
    this.canvas.style.height = `${this.down ? Math.round(Math.min(760, innerHeight * 0.72)) : this.height}px`;
    this.canvas.style.touchAction = this.down ? 'pan-x' : 'pan-y';
  }
  shows(group) { return filter.groups.has(group); }
  turn(down) { this.down = down; this.layout(); this.drawing.later(); }
  // Along the time, or upright wherever the time flows.
  write(g, text, x, y, upright = false) {
    if (!this.down) return g.fillText(text, x, y);
    g.save();
    g.translate(x, y);
    if (upright) g.transform(0, 1, 1, 0, 0, 0); else g.scale(1, -1);
    g.fillText(text, 0, 0);
    g.restore();
  }
  x(time) { return this.gutter + (time - view.begin) * this.scale; }
  time(x) { return view.begin + (x - this.gutter) / this.scale; }
  middle(lane) { return this.tops[lane] + (lane < members.length ? 17 : this.client_height / 2); }

  draw(g, width, height) {
    if (this.drawn_width !== width) { this.drawn_width = width; this.layout(); }
    this.length = this.down ? height : width;
    if (this.down) g.transform(0, 1, 1, 0, 0, 0);
    this.scale = (this.length - this.gutter - 8) / (view.end - view.begin);
    g.font = '11px system-ui, sans-serif';
    g.textBaseline = 'middle';
    this.draw_axis(g);
    g.save();
    g.beginPath(); g.rect(this.gutter, 0, this.length - this.gutter, this.axis_top); g.clip();
    this.draw_shades(g);
    this.indexes_in_sight();
    this.captions = [];
    this.tops.forEach((top, i) => i < members.length ? this.draw_lane(g, lanes[i], top) : this.draw_client(g, lanes[i], top));
    this.draw_frames(g);
    this.draw_points(g);
    this.draw_captions(g);
    if (this.shows('faults')) this.draw_faults(g);
    if (this.shows('operations')) this.draw_operations(g);
    this.draw_cone(g);
    this.draw_selection(g);
    g.restore();
    this.draw_labels(g);
  }

  draw_axis(g) {
    const step = round_step((view.end - view.begin) / Math.max(2, (this.length - this.gutter) / (this.down ? 60 : 110)));
    const [unit, size] = step >= 1e7 ? ['s', 1e9] : step >= 1e4 ? ['ms', 1e6] : ['µs', 1e3];
    const digits = Math.max(0, -Math.floor(Math.log10(step / size) + 1e-9));
    g.strokeStyle = colours.line; g.fillStyle = colours.faint; g.lineWidth = 1; g.textAlign = this.down ? 'left' : 'center';
    g.beginPath();
    for (let time = Math.ceil(view.begin / step) * step; time <= view.end; time += step) {
      const x = Math.round(this.x(time)) + 0.5;
      g.moveTo(x, 0); g.lineTo(x, this.axis_top + 3);
      if (time >= 0 && x > this.gutter + 10 && x < this.length - 20) this.write(g, `${(time / size).toFixed(digits)} ${unit}`, x, this.axis_top + (this.down ? 8 : 14), true);
    }
    g.stroke();
  }

  // Who is hit by a fault lies in its shade.
  draw_shades(g) {
    if (!this.shows('faults')) return;
    for (const strike of strikes) {
      if (strike.to < view.begin || strike.from > view.end) continue;
      const left = this.x(strike.from), wide = Math.max(1, this.x(strike.to) - left);
      g.fillStyle = colours.bad_wash;
      const hit = strike.hosts.length ? strike.hosts : strike.groups.length ? strike.groups.reduce((a, b) => a.length <= b.length ? a : b) : members;
      for (const host of hit) {
        const lane = lane_of_host.get(host);
        if (lane !== undefined && this.tops[lane] !== undefined) g.fillRect(left, this.tops[lane] - 2, wide, (lane < members.length ? this.lane_height : this.client_height) - 2);
      }
    }
  }

  draw_lane(g, lane, top) {
    const band = 26, y = top + 4;
    let narrow_until = -1;
    for (const state of lane.states) {
      if (state.to < view.begin || state.from > view.end) continue;
      const left = Math.max(this.gutter - 4, this.x(state.from)), right = Math.min(this.length + 4, this.x(state.to)), wide = right - left;
      if (wide < 0.7 && left < narrow_until) continue;
      narrow_until = left + 1;
      this.band(g, state.name, left, y, Math.max(wide - 1, 0.8), band);
      const label = state.name === 'down' || state.name === 'failed' || state.name === 'starting' || state.name === 'unseen' ? state.name : `${state.name} · term ${state.term}`;
      if (wide > label.length * 6 + 14) {
        this.captions.push({ label, left: left + 8, middle: y + band / 2, ink: state.name === 'leader' ? colours.card : state.name === 'down' || state.name === 'failed' ? colours.bad : colours.soft, paper: this.band_colour(state.name) });
      } else if (wide > 22 && state.term) {
        this.captions.push({ label: String(state.term), left: (left + right) / 2 - 3, middle: y + band / 2, ink: state.name === 'leader' ? colours.card : colours.soft, paper: this.band_colour(state.name) });
      }
    }
    for (const stall of lane.stalls) {
      if (stall.to < view.begin || stall.from > view.end) continue;
      this.hatch(g, this.x(stall.from), y, Math.max(1.5, this.x(stall.to) - this.x(stall.from)), band, colours.warn);
    }
    this.draw_jobs(g, lane, y + band + 4);
    this.draw_lines(g, lane, y + band + 3, this.lane_height - band - 12);
  }

  // Over what happens there, which would be unreadable with it: a strip of the band's own colour, and the words.
  draw_captions(g) {
    g.textAlign = 'left';
    for (const { label, left, middle, ink, paper } of this.captions) {
      g.fillStyle = paper; g.fillRect(left - 4, middle - 8, g.measureText(label).width + 8, 16);
      g.fillStyle = ink; this.write(g, label, left, middle + 0.5);
    }
  }

  band_colour(name) {
    return name === 'leader' ? colours.accent : name === 'down' || name === 'failed' ? colours.bad_wash : name === 'starting' ? colours.wash : name === 'follower' ? colours.accent_wash : colours.warn_wash;
  }
  band(g, name, x, y, wide, high) {
    if (name === 'unseen') return;
    if (name === 'down' || name === 'failed') {
      g.fillStyle = colours.bad_wash; g.fillRect(x, y, wide, high);
      g.strokeStyle = colours.bad; g.lineWidth = 1; g.setLineDash([3, 3]);
      g.beginPath(); g.moveTo(x, y + high - 0.5); g.lineTo(x + wide, y + high - 0.5); g.moveTo(x, y + 0.5); g.lineTo(x + wide, y + 0.5); g.stroke(); g.setLineDash([]);
      return;
    }
    g.fillStyle = this.band_colour(name);
    g.fillRect(x, y, wide, high);
    if (name === 'candidate' || name === 'pre-candidate') this.hatch(g, x, y, wide, high, colours.warn);
  }

  hatch(g, x, y, wide, high, colour) {
    const left = Math.max(x, this.gutter - 8), right = Math.min(x + wide, this.length + 8);
    if (right <= left) return;
    if (right - left < 4) { g.fillStyle = colour; g.globalAlpha = 0.6; g.fillRect(left, y, Math.max(1, right - left), high); g.globalAlpha = 1; return; }
    g.save();
    g.beginPath(); g.rect(left, y, right - left, high); g.clip();
    g.strokeStyle = colour; g.globalAlpha = 0.55; g.lineWidth = 1;
    g.beginPath();
    for (let at = left - high - (left % 6); at < right; at += 6) { g.moveTo(at, y + high); g.lineTo(at + high, y); }
    g.stroke();
    g.restore();
  }

  // The lowest and the highest index that any member has in sight, so that who is behind is lower.
  indexes_in_sight() {
    let low = Infinity, high = 0;
    for (const lane of lanes.slice(0, members.length)) for (const [times, values] of Object.values(lane.lines)) {
      const first = lower_bound(times, view.begin), last = Math.min(lower_bound(times, view.end), times.length);
      if (!times.length) continue;
      low = Math.min(low, values[Math.max(0, first - 1)]); high = Math.max(high, values[Math.max(0, last - 1)]);
    }
    this.lowest = Math.min(low, high); this.highest = Math.max(high, this.lowest + 1);
  }
  // Log, commit and applied index; a point every other pixel is enough.
  draw_lines(g, lane, top, high) {
    for (const [name, colour] of [['durable', colours.faint], ['commit', colours.third], ['applied', colours.accent]]) {
      const [times, values] = lane.lines[name];
      const first = Math.max(0, lower_bound(times, view.begin) - 1), last = Math.min(times.length, lower_bound(times, view.end) + 1);
      if (first >= last) continue;
      const y = value => top + high - clamp((value - this.lowest) / (this.highest - this.lowest), 0, 1) * high;
      g.strokeStyle = colour; g.lineWidth = 1.25;
      g.beginPath();
      const dense = last - first > this.length;
      if (dense) {
        for (let x = this.gutter; x <= this.length; x += 2) {
          const at = lower_bound(times, this.time(x), first, last) - 1;
          if (at >= 0) g.lineTo(x, y(values[at]));
        }
      } else {
        g.moveTo(this.x(times[first]), y(values[first]));
        for (let at = first + 1; at < last; ++at) { g.lineTo(this.x(times[at]), y(values[at - 1])); g.lineTo(this.x(times[at]), y(values[at])); }
        if (last === times.length) g.lineTo(this.x(END), y(values[last - 1]));
      }
      g.stroke();
    }
  }

  draw_jobs(g, lane, y) {
    const asked = !filter.kinds.size || filter.kinds.has('job_started') || filter.kinds.has('job_finished');
    if (!this.shows('storage') || !asked || !lane.jobs.length) return;
    const first = lower_bound(lane.job_starts, view.begin - lane.longest_job), last = lower_bound(lane.job_starts, view.end);
    if (last - first > MOST_JOBS) return;
    const room = this.lane_height - 40;
    g.globalAlpha = 0.28;
    for (let at = first; at < last; ++at) {
      const [from, to, kind] = lane.jobs[at];
      g.fillStyle = kind === 0 ? colours.second : kind === 1 ? colours.accent : colours.soft;
      g.fillRect(this.x(from), y + kind * room / 3, Math.max(1, (to - from) * this.scale), room / 3 - 1);
    }
    g.globalAlpha = 1;
  }

  draw_client(g, lane, top) {
    g.fillStyle = colours.line;
    g.fillRect(this.gutter, top + this.client_height / 2, this.length, 1);
  }

  // A frame is shown if the event of its end is, and both who sent it and whom it was for have a lane.
  is_frame_shown(k) { return is_shown(frames.ended[k]) && is_lane_shown(frames.from[k]) && is_lane_shown(frames.to[k]); }
  frames_in_sight() {
    const first = lower_bound(frames.times, view.begin), last = lower_bound(frames.times, view.end + longest_flight);
    return [first, last];
  }
  draw_frames(g) {
    const [first, last] = this.frames_in_sight();
    let shown = 0;
    for (let k = first; k < last && shown <= MOST_ARROWS; ++k) shown += this.is_frame_shown(k) && frames.begun[k] <= view.end ? 1 : 0;
    this.arrows = shown <= MOST_ARROWS;
    if (!this.arrows) return this.draw_density(g);
    const paths = new Map();
    const lost = new Path2D();
    for (let k = first; k < last; ++k) {
      if (frames.begun[k] > view.end || !this.is_frame_shown(k)) continue;
      const x1 = this.x(frames.begun[k]), y1 = this.middle(frames.from[k]), x2 = this.x(frames.times[k]), y2 = this.middle(frames.to[k]);
      if (frames.lost[k]) {
        const x = x1 + Math.max((x2 - x1) * 0.5, 3), y = y1 + (y2 - y1) * 0.5;
        lost.moveTo(x1, y1); lost.lineTo(x, y);
        lost.moveTo(x - 3, y - 3); lost.lineTo(x + 3, y + 3); lost.moveTo(x + 3, y - 3); lost.lineTo(x - 3, y + 3);
        continue;
      }
      let path = paths.get(frames.channel[k]);
      if (!path) paths.set(frames.channel[k], path = new Path2D());
      path.moveTo(x1, y1); path.lineTo(x2, y2);
      if (shown < 500) { const angle = Math.atan2(y2 - y1, x2 - x1); for (const turn of [2.7, -2.7]) { path.moveTo(x2, y2); path.lineTo(x2 + 6 * Math.cos(angle + turn), y2 + 6 * Math.sin(angle + turn)); } }
    }
    g.globalAlpha = clamp(1 - shown / 700, 0.16, 0.9);
    g.lineWidth = 1;
    for (const [channel, path] of paths) { g.strokeStyle = channel_colour(channel); g.stroke(path); }
    g.globalAlpha = clamp(1.2 - shown / 2000, 0.45, 1);
    g.strokeStyle = colours.bad; g.stroke(lost);
    g.globalAlpha = 1;
  }

  // Too many events to see one: how many there are, as the height of a shade below each lane's band.
  draw_density(g) {
    const step = 3;
    const columns = Math.ceil((this.length - this.gutter) / step);
    g.fillStyle = colours.third; g.globalAlpha = 0.35;
    this.tops.forEach((top, i) => {
      const counts = new Float64Array(columns), times = lanes[i].shown_times;
      let before = lower_bound(times, view.begin), most = 1;
      for (let c = 0; c < columns; ++c) {
        const after = lower_bound(times, this.time(this.gutter + (c + 1) * step), before);
        counts[c] = after - before; before = after; most = Math.max(most, counts[c]);
      }
      const room = i < members.length ? this.lane_height - 38 : 6, base = i < members.length ? top + this.lane_height - 6 : top + this.client_height - 2;
      for (let c = 0; c < columns; ++c) { const high = counts[c] / most * room; g.fillRect(this.gutter + c * step, base - high, step - 0.5, high); }
    });
    g.globalAlpha = 1;
  }

  draw_points(g) {
    const ranges = this.tops.map((_, i) => [lower_bound(lanes[i].shown_times, view.begin), lower_bound(lanes[i].shown_times, view.end)]);
    const dense = ranges.reduce((sum, [first, last]) => sum + last - first, 0) > MOST_POINTS;  // then the rare ones only
    this.tops.forEach((_, i) => {
      const lane = lanes[i], y = this.middle(i);
      const [events, times] = dense ? [lane.rare, lane.rare_times] : [lane.shown, lane.shown_times];
      const [first, last] = dense ? [lower_bound(times, view.begin), lower_bound(times, view.end)] : ranges[i];
      for (let at = first; at < last; ++at) this.point(g, events[at], this.x(times[at]), y, i);
    });
  }
  point(g, event, x, y, lane) {
    const name = name_of(event);
    if (name === 'probe_reached' || name === 'probe_released') {
      g.fillStyle = colours.second;
      g.beginPath(); g.moveTo(x, y - 5); g.lineTo(x + 5, y); g.lineTo(x, y + 5); g.lineTo(x - 5, y); g.fill();
    } else if (name === 'disk_fault') {
      g.fillStyle = colours.bad;
      g.fillRect(x - 1.5, this.tops[lane] + this.lane_height - 12, 3, 8);
    } else if (DISK.includes(name)) {
      if (!name.endsWith('synced')) return;
      g.fillStyle = field(event, 'ok') ? colours.soft : colours.bad;
      g.fillRect(x - 0.5, this.tops[lane] + this.lane_height - 9, 1, 5);
    } else if (weight_of_kind[trace.kind[event]] === 0) {
      g.fillStyle = name === 'frame_dropped' || BAD.includes(name) ? colours.bad : colours.ink;
      g.beginPath(); g.arc(x, y, name === 'role_changed' ? 2.6 : 1.8, 0, 7); g.fill();
    } else {
      g.fillStyle = colours.soft;
      g.fillRect(x - 1, y - 1, 2, 2);
    }
  }

  draw_faults(g) {
    for (const strike of strikes) {
      if (strike.to < view.begin || strike.from > view.end) continue;
      const left = Math.max(this.gutter - 4, this.x(strike.from)), right = Math.min(this.length + 4, this.x(strike.to)), y = this.fault_top + strike.row * this.fault_height;
      const high = Math.max(3, this.fault_height - 3);
      g.fillStyle = colours.bad; g.globalAlpha = strike.open ? 0.35 : 0.8;
      g.fillRect(left, y, Math.max(2, right - left), high);
      g.globalAlpha = 1;
      const label = strike_words(strike);
      if (high >= 10 && right - left > 40) {
        g.save(); g.beginPath(); g.rect(left, y, right - left - 4, high); g.clip();
        g.fillStyle = strike.open ? colours.ink : colours.card; g.textAlign = 'left'; this.write(g, label, left + 6, y + high / 2 + 0.5);
        g.restore();
      }
    }
  }

  operations_in_sight(row) { return [lower_bound(row.starts, view.begin - longest_operation), lower_bound(row.starts, view.end)]; }
  draw_operations(g) {
    const high = this.operation_height;
    operation_rows.forEach((row, r) => {
      const [first, last] = this.operations_in_sight(row), y = this.operations_top + r * high;
      let drawn_until = -1, drawn_as = -1;
      for (let at = first; at < last; ++at) {
        const op = row.list[at];
        if (op.to < view.begin) continue;
        const left = Math.max(this.x(op.from), this.gutter - 4), right = Math.min(this.x(op.to), this.length + 4);
        if (right < drawn_until && op.completion === drawn_as) continue;  // another one like it covers this pixel
        const faded = !filter.operations.has(op);
        g.globalAlpha = faded ? 0.12 : op.completion === 0 ? 0.75 : 0.95;
        g.fillStyle = outcome_colour(op.completion);
        g.fillRect(left, y + 1, Math.max(1, right - left), high - 2);
        g.globalAlpha = 1;
        drawn_until = Math.ceil(left + 1); drawn_as = op.completion;
        if (!faded && high >= 11 && right - left > 46) {
          g.save(); g.beginPath(); g.rect(left, y, right - left - 3, high); g.clip();
          g.fillStyle = colours.card; g.textAlign = 'left'; g.font = '10px system-ui, sans-serif';
          this.write(g, operation_words(op), left + 4, y + high / 2 + 0.5);
          g.font = '11px system-ui, sans-serif';
          g.restore();
        }
      }
    });
  }

  // What the chosen event could neither have been caused by nor have caused is veiled.
  draw_cone(g) {
    if (!view.cone) return;
    g.fillStyle = colours.veil;
    this.tops.forEach((top, i) => {
      const left = view.cone.past[i] < 0 ? this.gutter : Math.max(this.gutter, this.x(view.cone.past[i])), right = Math.min(this.length, this.x(Math.min(view.cone.future[i], END * 2)));
      if (right > left) g.fillRect(left, top, right - left, i < members.length ? this.lane_height - 4 : this.client_height);
    });
    g.lineWidth = 2;
    for (const k of view.cone.carriers) {
      if (!is_lane_shown(frames.from[k]) || !is_lane_shown(frames.to[k])) continue;
      g.strokeStyle = channel_colour(frames.channel[k]);
      g.beginPath(); g.moveTo(this.x(frames.begun[k]), this.middle(frames.from[k])); g.lineTo(this.x(frames.times[k]), this.middle(frames.to[k])); g.stroke();
    }
    g.lineWidth = 1;
  }

  draw_selection(g) {
    const chosen = view.selected;
    for (const hit of view.hits.length <= 3000 ? view.hits : []) {
      if (hit.time < view.begin || hit.time > view.end) continue;
      g.fillStyle = colours.warn; g.globalAlpha = 0.5;
      g.fillRect(this.x(hit.time) - 0.5, this.lanes_top, 1, this.axis_top - this.lanes_top);
      g.globalAlpha = 1;
    }
    if (!chosen) return;
    g.strokeStyle = colours.ink; g.lineWidth = 1.5;
    if (chosen.event !== undefined) {
      const lane = lane_of_life[trace.life[chosen.event]], x = this.x(trace.time[chosen.event]);
      g.globalAlpha = 0.35; g.beginPath(); g.moveTo(x, 0); g.lineTo(x, this.axis_top); g.stroke(); g.globalAlpha = 1;
      if (this.tops[lane] !== undefined) { g.beginPath(); g.arc(x, this.middle(lane), 7, 0, 7); g.stroke(); }
    } else if (chosen.operation) {
      const op = chosen.operation, x = this.x(op.from);
      g.strokeRect(x - 1, this.operations_top + op.row * this.operation_height, Math.max(4, this.x(op.to) - x + 2), this.operation_height);
    } else {
      const x = this.x(chosen.strike.from);
      g.strokeRect(x - 1, this.fault_top + chosen.strike.row * this.fault_height - 1, Math.max(4, this.x(chosen.strike.to) - x + 2), this.fault_height - 1);
    }
  }

  draw_labels(g) {
    g.textAlign = this.down ? 'center' : 'right';
    this.tops.forEach((_, i) => {
      g.font = i < members.length ? '600 13px system-ui, sans-serif' : '10px system-ui, sans-serif';
      g.fillStyle = i < members.length ? colours.ink : colours.soft;
      this.write(g, lanes[i].name, this.gutter - (this.down ? 14 : 10), this.middle(i), true);
    });
    g.font = '11px system-ui, sans-serif'; g.fillStyle = colours.faint;
    if (this.gutter > 60) {
      if (fault_rows.length && this.shows('faults')) this.write(g, 'faults', this.gutter - 10, this.fault_top + this.fault_height * fault_rows.length / 2 - 1);
      if (this.shows('operations') && operation_rows.length) this.write(g, 'clients', this.gutter - 10, this.operations_top + operation_rows.length * this.operation_height / 2);
    }
  }

  // What is at a point of the canvas: an operation, a fault, an event, a frame (as the event of its end).
  hit(x, y) {
    if (x < this.gutter) return null;
    const time = this.time(x), reach = 9 / this.scale;
    if (y < this.lanes_top) {
      if (!this.shows('faults')) return null;
      const strike = strikes.find(s => Math.abs(y - this.fault_top - (s.row + 0.5) * this.fault_height) <= this.fault_height / 2 && time >= s.from - reach / 3 && time <= s.to + reach / 3);
      return strike ? { strike } : null;
    }
    if (y >= this.operations_top) {
      const row = operation_rows[Math.floor((y - this.operations_top) / this.operation_height)];
      if (!row || !this.shows('operations')) return null;
      const [first, last] = this.operations_in_sight(row);
      let best = null, nearest = reach / 2;
      for (let at = first; at < last; ++at) {
        const op = row.list[at], away = Math.max(op.from - time, time - op.to, 0);
        if (away < nearest) { nearest = away; best = op; }
      }
      return best && { operation: best };
    }
    const event = this.event_at(x, y, time, reach) ?? this.frame_at(x, y);
    return event === null ? null : { event };
  }
  event_at(x, y, time, reach) {
    const lane = this.tops.findLastIndex(top => y >= top);
    if (lane < 0 || Math.abs(y - this.middle(lane)) > (lane < members.length ? 16 : 8)) return null;
    const { shown_times: times, shown: events } = lanes[lane];
    let best = null, nearest = Infinity;
    const first = lower_bound(times, time - reach), last = Math.min(lower_bound(times, time + reach), first + 4000);
    for (let at = first; at < last; ++at) {
      const away = Math.abs(times[at] - time) * this.scale + weight_of_kind[trace.kind[events[at]]] * 3;
      if (away < nearest) { nearest = away; best = events[at]; }
    }
    return best;
  }
  frame_at(x, y) {
    if (!this.arrows) return null;
    const [first, last] = this.frames_in_sight();
    let best = null, nearest = 5;
    for (let k = first; k < last; ++k) {
      if (!this.is_frame_shown(k) || frames.from[k] === frames.to[k]) continue;
      const x1 = this.x(frames.begun[k]), x2 = this.x(frames.times[k]), y1 = this.middle(frames.from[k]), y2 = this.middle(frames.to[k]);
      const part = (y - y1) / (y2 - y1);
      if (part < 0 || part > 1) continue;
      const away = Math.abs(x - (x1 + (x2 - x1) * part)) * Math.abs(y2 - y1) / Math.hypot(x2 - x1, y2 - y1);
      if (away < nearest) { nearest = away; best = frames.ended[k]; }
    }
    return best;
  }
}
