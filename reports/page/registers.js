// ---- registers: on demand, the operations on one key and an order that explains them ----
// Wing and Gong's search. An operation may come next if no other one had returned before it began. A read that fits is taken
// at once: it changes nothing, so taking it never hurts. What ended in doubt may have happened or not.
const MOST_STEPS = 400000;
function order_of(key) {
  const all = operations.filter(op => op.key === key && op.completion !== 1);
  const must = all.filter(op => op.completion === 0).sort((a, b) => a.from - b.from);
  const may = all.filter(op => op.completion === 2 && op.f !== 'read').sort((a, b) => a.from - b.from);
  const after = (op, value) => {  // the value then, or undefined if it cannot happen
    if (op.f === 'read') return (op.result || 'null') === value ? value : undefined;
    if (op.f === 'write') return op.argument;
    const [old, next] = JSON.parse(op.argument).map(part => JSON.stringify(part));
    return old === value ? next : undefined;
  };
  const done = new Set(), order = [], seen = new Set();
  let value = 'null', first = 0, steps = 0, best = [];
  const next_ones = () => {
    let soonest = Infinity;
    for (let i = first; i < must.length && must[i].from <= soonest; ++i) if (!done.has(must[i])) soonest = Math.min(soonest, must[i].to);
    const out = [];
    for (let i = first; i < must.length && must[i].from <= soonest; ++i) if (!done.has(must[i]) && after(must[i], value) !== undefined) out.push(must[i]);
    const read = out.find(op => op.f === 'read');
    if (read) return [read];
    out.sort((a, b) => a.to - b.to);
    for (const op of may) { if (op.from > soonest) break; if (!done.has(op) && after(op, value) !== undefined) out.push(op); }
    return out;
  };
  const stack = [];
  const is_new = () => {
    const beyond = must.slice(first, first + 200).map((op, i) => done.has(op) ? i : '').filter(String).join();
    const name = `${value}|${first}|${beyond}|${may.map((op, i) => done.has(op) ? i : '').filter(String).join()}`;
    return !seen.has(name) && seen.add(name);
  };
  const open = () => stack.push({ choices: next_ones(), at: 0, value, first });
  open();
  while (stack.length) {
    if (first >= must.length) return { order: [...order], counted: must.length, found: true };
    if (++steps > MOST_STEPS) return { order: best, counted: must.length, limit: true };
    const top = stack.at(-1);
    if (top.taken) { done.delete(top.taken); order.pop(); top.taken = null; value = top.value; first = top.first; }
    if (top.at === top.choices.length) { stack.pop(); continue; }
    const op = top.taken = top.choices[top.at++];
    done.add(op); order.push(op); value = after(op, value);
    while (first < must.length && done.has(must[first])) ++first;
    if (order.length > best.length) best = [...order];
    if (first < must.length && !is_new()) continue;
    open();
  }
  if (!must.length) return { order: [], counted: 0, found: true };
  const placed = new Set(best);
  return { order: best, counted: must.length, blocked: must.filter(op => !placed.has(op)).sort((a, b) => a.to - b.to)[0] };
}

class RegisterView {
  constructor(root, keys) {
    this.keys = keys;
    this.choice = make('select', { 'aria-label': 'Register', onchange: () => this.take(this.choice.value) }, ...keys.map(key => make('option', { value: key }, bare_key(key))));
    this.says = make('p', { role: 'status' });
    this.canvas = make('canvas', { role: 'img', 'aria-label': 'Operations on the register, with the place of each in the order' });
    this.list = make('ol', { class: 'order' });
    root.append(make('p', {}, this.choice), this.says, this.canvas, this.list);
    this.drawing = new Drawing(this.canvas, (g, width, height) => this.draw(g, width, height));
    view.listeners.push(() => this.drawing.later());
    this.canvas.addEventListener('click', e => {
      const box = this.canvas.getBoundingClientRect(), at = this.at(e.clientX - box.left, e.clientY - box.top);
      if (at) view.select({ operation: at });
    });
    this.take(keys[0]);
  }
  take(key) {
    this.key = key;
    const found = order_of(key);
    const all = operations.filter(op => op.key === key).sort((a, b) => a.from - b.from), ends = [];
    this.rows = new Map(all.map(op => { let row = ends.findIndex(end => end <= op.from); if (row < 0) row = ends.push(0) - 1; ends[row] = op.to; return [op, row]; }));
    this.canvas.style.height = `${ends.length * 20 + 6}px`;
    let point = 0;
    this.places = new Map(found.order.map((op, i) => [op, { number: i + 1, time: point = Math.max(point, op.from) }]));
    this.order = found.order;
    this.blocked = found.blocked;
    const name = bare_key(key);
    this.says.textContent = found.found ? `The ${count(found.counted)} answered operations on ${name} have one order that fits their times and answers; each has its place as a dot with its number.`
      : found.limit ? `An order of the operations on ${name} was not found within ${count(MOST_STEPS)} steps; the checker's verdict is in the table.`
      : `No order of the operations on ${name} fits: ${count(found.order.length)} can be placed, then not process ${found.blocked.process}, ${operation_words(found.blocked)}.`;
    if (found.blocked) view.visit(found.blocked.from);
    this.drawing.later();
  }
  draw(g, width) {
    const scale = width / (view.end - view.begin), x = time => (time - view.begin) * scale;
    g.font = '11px system-ui, sans-serif'; g.textBaseline = 'middle'; g.textAlign = 'left';
    const inside = [];
    for (const [op, row] of this.rows) {
      if (op.to < view.begin || op.from > view.end) continue;
      const left = Math.max(-4, x(op.from)), wide = Math.max(2, Math.min(width + 4, x(op.to)) - left), y = row * 20 + 3, place = this.places.get(op);
      g.globalAlpha = 0.3;
      g.fillStyle = op === this.blocked ? colours.bad : outcome_colour(op.completion);
      g.fillRect(left, y, wide, 16);
      g.globalAlpha = 1;
      if (wide > 60) { g.save(); g.beginPath(); g.rect(left, y, wide - 3, 16); g.clip(); g.fillStyle = colours.ink; g.fillText(`${op.f} ${op.result || op.argument}`, left + 5, y + 8.5); g.restore(); }
      if (!place) continue;
      inside.push([place.number, op]);
      const at = Math.max(x(place.time), left + 2);
      g.fillStyle = colours.accent;
      g.beginPath(); g.arc(at, y + 8, 3, 0, 7); g.fill();
      if (scale * 1e6 > 6 && wide < 60) g.fillText(String(place.number), at + 5, y + 8.5);
    }
    inside.sort((a, b) => a[0] - b[0]);
    const shown = inside.length > 8 ? inside.slice(Math.max(0, (inside.length >> 1) - 4), (inside.length >> 1) + 4) : inside;
    this.list.replaceChildren(...shown.map(([number, op]) => make('li', {}, make('b', {}, String(number)), ` process ${op.process} ${operation_words(op)}`)));
  }
  at(left, top) {
    const time = view.begin + left / this.canvas.clientWidth * (view.end - view.begin), row = Math.floor((top - 3) / 20), reach = (view.end - view.begin) / 200;
    return [...this.rows].find(([op, r]) => r === row && op.from - reach <= time && time <= op.to + reach)?.[0];
  }
}
function show_registers() {
  const keys = [...new Set(operations.map(op => op.key))].filter(key => key && operations.every(op => op.key !== key || ['read', 'write', 'cas'].includes(op.f))).sort();
  if (!keys.length) return;
  $('registers').hidden = false;
  if (data.operations.rows.length < data.operations.total) return $('register').append(make('p', {}, `An order needs every operation on the object, and of the ${count(data.operations.total)} operations of this run the page holds ${count(data.operations.rows.length)}. The promises above were checked with all of them; history.jsonl has them, for lockstep check.`));
  const evidence = report.verdicts.find(verdict => verdict.name === 'linearizability')?.evidence.join('\n') ?? '';
  keys.sort((a, b) => evidence.includes(b) - evidence.includes(a));
  new RegisterView($('register'), keys);
}
