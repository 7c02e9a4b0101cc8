// ---- charts: the whole run, with the faults behind; a click goes there ----
const charts_of_page = [];
function linear(values) {
  const most = Math.max(...values, 0);
  if (!(most > 0)) return { labels: [0], part: () => 0 };
  const high = round_step(most);
  return { labels: [0, high / 2, high], part: value => value / high };
}
function logarithmic(values) {
  const some = values.filter(value => value > 0);
  if (!some.length) return { labels: [], part: () => 0 };
  const low = Math.floor(Math.log10(Math.min(...some))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...some))));
  return { labels: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)), part: value => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low) };
}

class Chart {
  // lines: [{name, colour, values}], a value a step of `step` ns; null: nothing there.
  constructor(title, lines, format, step, is_log = false) {
    Object.assign(this, { lines, format, step, is_log, cursor: null });
    this.figures = lines.map(() => make('b', {}, '–'));
    const head = make('div', { class: 'head' }, make('h3', {}, title), ...lines.map((line, i) => {
      const swatch = make('i');
      swatch.style.background = `var(--${line.colour})`;
      return make('span', { class: 'figure' }, swatch, this.figures[i], make('span', {}, line.name));
    }));
    this.canvas = make('canvas', { tabindex: '0', role: 'img', 'aria-label': `${title}; arrow keys move the cursor, Enter goes there` });
    this.root = make('div', { class: 'card chart' }, head, this.canvas);
    this.drawing = new Drawing(this.canvas, (g, width, height) => this.draw(g, width, height));
    this.scale = (is_log ? logarithmic : linear)(lines.flatMap(line => line.values).filter(value => value !== null));
    view.listeners.push(() => this.drawing.later());
    this.canvas.addEventListener('pointermove', e => this.point((e.clientX - this.canvas.getBoundingClientRect().left - this.left) / this.pixels));
    for (const name of ['pointerleave', 'blur']) this.canvas.addEventListener(name, () => { this.cursor = null; this.drawing.later(); });
    this.canvas.addEventListener('click', () => this.go());
    this.canvas.addEventListener('keydown', e => {
      if (e.key === 'Enter') return this.go();
      const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!by) return;
      e.preventDefault();
      this.point((this.cursor ?? END / 2) + by * this.step);
    });
    charts_of_page.push(this);
  }
  point(time) { this.cursor = clamp(time, 0, END); this.drawing.later(); }
  go() { if (this.cursor !== null) { view.visit(this.cursor); $('time').scrollIntoView({ block: 'start' }); } }
  draw(g, width, height) {
    const top = 8, bottom = height - 20;
    const written = value => value === 0 ? '0' : this.format(value).replace(/\.0+(?= |$)/, '').replace(/(\.\d*[1-9])0+(?= |$)/, '$1');
    g.font = '11px system-ui, sans-serif'; g.textBaseline = 'middle';
    const labels = this.scale.labels.map(value => [value, written(value)]);
    this.left = 10 + Math.max(0, ...labels.map(([, text]) => g.measureText(text).width));
    this.pixels = (width - this.left - 4) / END;
    const x = time => this.left + time * this.pixels, y = value => bottom - (bottom - top) * this.scale.part(value);
    g.fillStyle = colours.bad_wash;
    for (const strike of strikes) g.fillRect(x(strike.from), top, Math.max(1, (strike.to - strike.from) * this.pixels), bottom - top);
    g.strokeStyle = colours.line; g.fillStyle = colours.faint; g.textAlign = 'right';
    for (const [value, text] of labels) {
      g.beginPath(); g.moveTo(this.left, Math.round(y(value)) + 0.5); g.lineTo(width, Math.round(y(value)) + 0.5); g.stroke();
      g.fillText(text, this.left - 6, y(value));
    }
    const step = round_step(END / Math.max(2, width / 90));
    g.textAlign = 'center';
    for (let time = 0; time <= END; time += step) if (x(time) < width - 14) g.fillText(`${+(time / 1e9).toFixed(3)} s`, Math.max(x(time), this.left + 8), height - 7);
    for (const line of this.lines) this.draw_line(g, line, x, y, bottom);
    g.strokeStyle = colours.faint; g.setLineDash([2, 2]);
    if (view.end - view.begin < END * 0.98) g.strokeRect(x(Math.max(0, view.begin)), top - 3, (Math.min(END, view.end) - Math.max(0, view.begin)) * this.pixels, bottom - top + 4);
    g.setLineDash([]);
    this.read(g, x, top, bottom);
  }
  draw_line(g, line, x, y, bottom) {
    const step = line.step ?? this.step, middle = i => x((i + 0.5) * step);
    g.strokeStyle = g.fillStyle = colours[line.colour]; g.lineWidth = line.dashed ? 1.2 : 1.6; g.lineJoin = 'round';
    g.setLineDash(line.dashed ? [4, 3] : []);
    let open = false;
    g.beginPath();
    line.values.forEach((value, i) => {
      if (value === null || i * step > END) { open = false; return; }
      const alone = !open && (line.values[i + 1] ?? null) === null;
      if (alone) { g.moveTo(middle(i) - 1.5, y(value)); g.lineTo(middle(i) + 1.5, y(value)); return; }
      if (open) g.lineTo(middle(i), y(value)); else g.moveTo(middle(i), y(value));
      open = true;
    });
    g.stroke();
    g.setLineDash([]);
    if (!line.wash) return;
    g.lineTo(middle(line.values.length - 1), bottom); g.lineTo(middle(0), bottom);
    g.globalAlpha = 0.1; g.fill(); g.globalAlpha = 1;
  }
  read(g, x, top, bottom) {
    if (this.cursor !== null) { g.strokeStyle = colours.faint; g.lineWidth = 1; g.beginPath(); g.moveTo(x(this.cursor), top); g.lineTo(x(this.cursor), bottom); g.stroke(); }
    this.lines.forEach((line, i) => {
      const value = this.cursor === null ? line.overall : line.values[Math.min(Math.floor(this.cursor / (line.step ?? this.step)), line.values.length - 1)];
      this.figures[i].textContent = value === null || value === undefined ? '–' : this.format(value);
    });
  }
}

const length_of = of => of.simulated_ns ?? of.lasted_ns;
const per_second = n => n >= 100 || n === 0 ? count(n) : n.toFixed(1);
// Runs that are drawn over this one: another one, and of a real run its simulated twin.
const overlaid = [
  ...(data.other && !data.other.no_history ? [{ words: 'in the other run', step: data.other.series.bucket_ns, ok: data.other.series.ok, p50: data.other.series.p50, all_ok: data.other.report.operations.ok, lasted: length_of(data.other.report), median: data.other.availability.latency_ns.p50, colours: ['second', 'third'] }] : []),
  ...(report.fidelity?.simulated.series ? [report.fidelity.simulated].map(twin => ({ words: 'simulated', step: twin.series.bucket_ns, ok: twin.series.ok, p50: twin.series.p50_ns, all_ok: twin.operations.ok, lasted: twin.series.bucket_ns * twin.series.ok.length, median: twin.latency_ns.p50, colours: ['third', 'field'] })) : [])];
function throughput_chart() {
  const s = data.series, rate = (values, step = s.bucket_ns) => values.map(n => n * 1e9 / step), overall = n => n * 1e9 / END;
  return new Chart('Operations per second', [
    { name: 'ok', colour: 'accent', values: rate(s.ok), wash: true, overall: overall(report.operations.ok) },
    { name: 'failed', colour: 'faint', values: rate(s.failed), overall: overall(report.operations.failed) },
    { name: 'unknown', colour: 'warn', values: rate(s.unknown), overall: overall(report.operations.unknown) },
    ...overlaid.map(run => ({ name: `ok ${run.words}`, colour: run.colours[0], dashed: true, step: run.step, values: rate(run.ok, run.step), overall: run.all_ok * 1e9 / run.lasted }))], per_second, s.bucket_ns);
}
function latency_chart() {
  const some = values => values.map(value => value < 0 ? null : value), all = data.availability.latency_ns;
  return new Chart('Latency of what succeeded', [
    { name: 'median', colour: 'accent', values: some(data.series.p50), overall: all.p50 },
    { name: '99th percentile', colour: 'second', values: some(data.series.p99), overall: all.p99 },
    ...overlaid.map(run => ({ name: `median ${run.words}`, colour: run.colours[1], dashed: true, step: run.step, values: some(run.p50), overall: run.median }))], duration, data.series.bucket_ns, true);
}
// How many entries the members are behind the highest commit index that anybody knew.
function lag_chart() {
  const { stretch_ns, median, worst } = data.whole.lag;
  return new Chart('Entries committed and not applied', [
    { name: 'slowest member', colour: 'second', values: worst, wash: true, overall: Math.max(...worst) },
    { name: 'median member', colour: 'accent', values: median, overall: Math.max(...median) }], count, stretch_ns);
}
// By kind, in the colours of the time line. Of channel 0 nothing was sent, as far as the trace knows.
const total = values => values.reduce((a, b) => a + b, 0);
const sent_kinds = data.whole ? data.whole.traffic.kinds.filter(each => each.channel) : [];
const kind_words = kind => CHANNELS[kind.channel] === 'raft' ? `raft, ${kind.brings_entries ? 'with entries' : 'the rest'}` : CHANNELS[kind.channel] ?? 'other';
const COLOUR_OF_CHANNEL = { 1: 'third', 2: 'second', 3: 'accent', 5: 'field' };
function traffic_chart(title, what, format, ...more) {
  const step = data.whole.traffic.stretch_ns, line = (name, colour, values, dashed = false) => ({ name, colour, dashed, values: values.map(n => n * 1e9 / step), overall: total(values) * 1e9 / END });
  return new Chart(title, [...sent_kinds.map(each => line(kind_words(each), COLOUR_OF_CHANNEL[each.channel] ?? 'soft', each[what], each.channel === 1 && !each.brings_entries)), ...more.map(each => line(...each))], format, step);
}
const frames_chart = () => traffic_chart('Messages per second', 'sent', per_second, ['dropped', 'bad', data.whole.traffic.dropped]);
const bytes_chart = () => traffic_chart('Bytes per second', 'bytes', bytes);
