// ---- tools of the time line: zoom, what is searched for, and the filters with how much each lets through ----
const has_field = group_of_kind.includes('field');
// A button that is pressed or not, with how many it stands for; `now` gives both whenever a filter has changed.
function chip(text, now, act) {
  const number = make('small'), button = make('button', { type: 'button', onclick: act }, text, number);
  const follow = () => { const { pressed, n } = now(); button.setAttribute('aria-pressed', String(pressed)); number.textContent = n === undefined ? '' : count(n); };
  filter.listeners.push(follow);
  follow();
  return button;
}
function show_tools(timeline) {
  const zoom = make('div', { class: 'group', role: 'group', 'aria-label': 'Zoom' }, ...[['−', 'Zoom out', () => view.zoom(1.8)], ['+', 'Zoom in', () => view.zoom(1 / 1.8)], ['Whole run', 'Show the whole run', () => view.whole()]]
    .map(([text, label, act]) => make('button', { type: 'button', 'aria-label': label, onclick: act }, text)));
  const down = make('button', { type: 'button', 'aria-pressed': 'false', onclick: () => { timeline.turn(!timeline.down); down.setAttribute('aria-pressed', String(timeline.down)); } }, 'Time down');
  $('tools').append(zoom, down, search_field());
}
function search_field() {
  const found = make('span', { class: 'found', role: 'status' });
  let waiting = 0;
  const say = () => { found.textContent = !filter.matched ? '' : view.hit >= 0 ? `${count(view.hit + 1)} of ${count(view.hits.length)}` : many(view.hits.length, 'hit') + (view.hidden_hits ? `, ${count(view.hidden_hits)} hidden` : ''); };
  const look = () => { clearTimeout(waiting); waiting = 0; search(input.value); };
  const input = make('input', { type: 'search', id: 'search', placeholder: 'Search: leader, index 17, timeout …', 'aria-label': 'Search events and operations', oninput: () => { clearTimeout(waiting); waiting = setTimeout(look, 160); }, onkeydown: e => {
    if (e.key !== 'Enter') return;
    if (waiting) look();
    next_hit(e.shiftKey ? -1 : 1);
    say();
  } });
  filter.listeners.push(() => { if (!waiting && input.value !== filter.text) input.value = filter.text; say(); });
  return make('div', { class: 'search' }, input, found, chip('Only hits', () => ({ pressed: filter.only }), () => filter.set({ only: !filter.only })));
}

// What each choice would show is said beside it, so that nobody presses in vain.
function show_filters() {
  const chips = (label, ...children) => make('div', { class: 'chips', role: 'group', 'aria-label': label }, ...children);
  const groups = Object.keys(GROUPS).filter(group => group === 'operations' ? operations.length : group === 'field' ? has_field : trace.n || group === 'faults')
    .map(group => chip(GROUPS[group], () => ({ pressed: filter.groups.has(group), n: filter.counts.groups.get(group) ?? 0 }), () => filter.toggle(filter.groups, group)));
  const names = lanes.map(lane => lane.name), nodes = names.length < 2 ? [] : [chip('All nodes', () => ({ pressed: !filter.nodes.size }), () => { filter.nodes.clear(); filter.apply(); }),
    ...names.map(name => chip(name, () => ({ pressed: filter.nodes.has(name), n: filter.counts.nodes.get(name) ?? 0 }), () => filter.toggle(filter.nodes, name)))];
  const choice = (label, all, name, values) => {
    const select = make('select', { 'aria-label': label, onchange: () => filter.set({ [name]: select.value }) }, make('option', { value: '' }, all), ...values.map(value => make('option', { value }, bare_key(value))));
    filter.listeners.push(() => { select.value = filter[name]; });
    return select;
  };
  const functions = data.operations.functions.filter(Boolean), keys = data.operations.keys.filter(Boolean);
  const shown = make('span', { class: 'shown', role: 'status' }), reset = make('button', { type: 'button', class: 'quiet', onclick: () => filter.reset() }, 'Reset');
  const say = () => {
    const of = (n, all, one) => `${count(n)} of ${many(all, one)}`;
    shown.textContent = [trace.n ? of(filter.shown.events, trace.n, 'event') : '', operations.length ? of(filter.shown.operations, operations.length, 'operation') : ''].filter(Boolean).join(', ');
    reset.disabled = filter.is_plain();
  };
  filter.listeners.push(say);
  say();
  $('filters').append(...[chips('Groups of events', ...groups), nodes.length ? chips('Nodes', ...nodes) : '', functions.length > 1 ? choice('Operations of a kind', 'all operations', 'f', functions) : '',
    keys.length > 1 ? choice('Operations on', 'all keys', 'key', keys) : '', trace.n ? kind_choice(chips) : '', shown, reset].filter(Boolean));
}
function kind_choice(chips) {
  const total = name => kinds_by_name.get(name).reduce((sum, kind) => sum + trace.kinds[kind].kept, 0), order = Object.keys(GROUPS), group = name => order.indexOf(GROUP_OF_NAME.get(name) ?? 'raft');
  const names = [...kind_names].sort((a, b) => group(a) - group(b) || total(b) - total(a)), summary = make('summary');
  const say = () => { summary.textContent = filter.kinds.size ? `Kinds: ${filter.kinds.size > 2 ? `${filter.kinds.size} of ${names.length}` : list([...filter.kinds]).replaceAll('_', ' ')}` : `Kinds: all ${names.length}`; };
  filter.listeners.push(say);
  say();
  return make('details', {}, summary, chips('Kinds of events', chip('All kinds', () => ({ pressed: !filter.kinds.size }), () => { filter.kinds.clear(); filter.apply(); }),
    ...names.map(name => chip(name.replaceAll('_', ' '), () => ({ pressed: filter.kinds.has(name), n: filter.counts.kinds.get(name) ?? 0 }), () => filter.toggle(filter.kinds, name)))));
}
