// ---- what a person does at the time line: drags, wheels, fingers and keys, and the tip under the pointer ----

class Hand {
  constructor(timeline) {
    this.timeline = timeline;
    this.listen();
  }

  listen() {
    const { canvas } = this.timeline, touches = new Map();
    let drag = null;
    const place = e => { const box = canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top; return this.timeline.down ? [y, x] : [x, y]; };
    canvas.addEventListener('wheel', e => {
      if (e.ctrlKey || e.metaKey) view.zoom(Math.exp(clamp(e.deltaY, -60, 60) * 0.012), this.timeline.time(place(e)[0]));
      else if (Math.abs(e.deltaX) > Math.abs(e.deltaY) || e.shiftKey) view.pan((e.deltaX || e.deltaY) / this.timeline.length);
      else return;
      e.preventDefault();
    }, { passive: false });
    canvas.addEventListener('pointerdown', e => {
      touches.set(e.pointerId, place(e));
      if (touches.size === 1) drag = { x: place(e)[0], begin: view.begin, end: view.end, moved: false };
      canvas.setPointerCapture(e.pointerId);
    });
    canvas.addEventListener('pointermove', e => {
      const [x, y] = place(e);
      if (touches.size === 2 && touches.has(e.pointerId)) {
        const [a, b] = [...touches.keys()], other = touches.get(a === e.pointerId ? b : a)[0], before = touches.get(e.pointerId)[0];
        touches.set(e.pointerId, [x, y]);
        view.zoom(clamp(Math.max(20, Math.abs(before - other)) / Math.max(20, Math.abs(x - other)), 0.5, 2), this.timeline.time((x + other) / 2));
        if (drag) drag.moved = true;
      } else if (drag && touches.size === 1) {
        touches.set(e.pointerId, [x, y]);
        if (Math.abs(x - drag.x) > 4) { drag.moved = true; canvas.classList.add('drags'); }
        if (drag.moved) { const by = (drag.x - x) / this.timeline.scale; view.show(drag.begin + by, drag.end + by); }
      }
      this.tip(drag?.moved ? null : this.timeline.hit(x, y), x, y);
    });
    const release = e => {
      touches.delete(e.pointerId);
      canvas.classList.remove('drags');
      if (drag && !drag.moved && e.type === 'pointerup') view.select(this.timeline.hit(...place(e)));
      if (touches.size === 0) drag = null;
      else { const [x] = [...touches.values()][0]; drag = { x, begin: view.begin, end: view.end, moved: true }; }
    };
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, release);
    canvas.addEventListener('pointerleave', () => this.tip(null));
    canvas.addEventListener('dblclick', e => view.zoom(0.4, this.timeline.time(place(e)[0])));
    canvas.addEventListener('keydown', e => this.key(e));
  }
  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const keys = { ArrowLeft: () => view.pan(e.shiftKey ? -0.5 : -0.12), ArrowRight: () => view.pan(e.shiftKey ? 0.5 : 0.12), '+': () => view.zoom(0.6), '=': () => view.zoom(0.6), '-': () => view.zoom(1 / 0.6),
                   0: () => view.whole(), Home: () => view.show(0, view.end - view.begin), End: () => view.show(END - (view.end - view.begin), END), ',': () => view.step(-1), '.': () => view.step(1),
                   ArrowUp: () => view.lane(-1), ArrowDown: () => view.lane(1), Escape: () => view.select(null), n: () => next_hit(1), p: () => next_hit(-1), '/': () => $('search').focus() };
    const turned = { ArrowLeft: 'ArrowUp', ArrowRight: 'ArrowDown', ArrowUp: 'ArrowLeft', ArrowDown: 'ArrowRight' }, key = this.timeline.down ? turned[e.key] ?? e.key : e.key;
    if (!keys[key]) return;
    e.preventDefault();
    keys[key]();
  }
  tip(what, x = 0, y = 0) {
    const tip = $('tip');
    this.timeline.canvas.style.cursor = what ? 'pointer' : '';
    tip.hidden = !what;
    if (!what) return;
    tip.replaceChildren(...tip_of(what));
    const [left, top] = this.timeline.down ? [y, x] : [x, y], width = this.timeline.canvas.clientWidth, right = left > width / 2;
    tip.style.left = right ? '' : `${left + 14}px`;
    tip.style.right = right ? `${width - left + 14}px` : '';
    tip.style.top = `${Math.min(top + 12, this.timeline.canvas.clientHeight - 30)}px`;
  }
}
function tip_of(what) {
  if (what.event !== undefined) {
    const i = what.event;
    return [make('b', {}, `${host_of(i)} ${name_of(i).replaceAll('_', ' ')}`), make('span', {}, ` at ${moment(trace.time[i])}`), make('br'), fields_of(i).filter(([name]) => name !== 'group').map(([name, value]) => `${name} ${value}`).join(' · ')];
  }
  if (what.operation) {
    const op = what.operation;
    return [make('b', {}, `${OUTCOMES[op.completion]}, ${op.open ? 'no answer' : duration(op.to - op.from)}`), make('span', {}, ` process ${op.process} at ${moment(op.from)}`), make('br'), operation_words(op) + (op.error ? `: ${op.error}` : '')];
  }
  const strike = what.strike;
  return [make('b', {}, upper(strike_words(strike))), make('span', {}, ` ${strike.instant ? 'at ' + moment(strike.from) : `from ${seconds(strike.from)} ${strike.open ? 'on' : 'to ' + seconds(strike.to)}`}`)];
}
