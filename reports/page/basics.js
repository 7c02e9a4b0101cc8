// ---- basics: elements, words, numbers ----
const $ = id => document.getElementById(id);
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== undefined && child !== null));
  return element;
}
function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const count = n => Math.round(n).toLocaleString('en');
const many = (n, one, more = one + 's') => `${count(n)} ${n === 1 ? one : more}`;
// A count of a report: its unit is a word like keys, stretches, histories.
const counted = (n, units) => `${count(n)} ${n !== 1 ? units : units.replace(/ies$/, 'y').replace(/(ch|ss)es$/, '$1').replace(/s$/, '')}`;
const list = names => names.length < 2 ? names.join('') : names.slice(0, -1).join(', ') + ' and ' + names.at(-1);
const upper = text => text.charAt(0).toUpperCase() + text.slice(1);
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

// Nanoseconds as people read them.
function duration(ns) {
  if (ns === null || ns === undefined || ns < 0) return '–';
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]])
    if (ns >= size) { const n = ns / size; return `${n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)} ${unit}`; }
  return ns === 0 ? '0 s' : `${ns} ns`;
}
// A moment of the run, always to the same digit, so that moments can be compared by eye.
const moment = ns => (ns / 1e9).toFixed(6) + ' s';
const seconds = ns => (ns / 1e9).toFixed(3) + ' s';
function bytes(n) { return n < 1e4 ? `${count(n)} B` : n < 1e7 ? `${count(n / 1e3)} kB` : `${count(n / 1e6)} MB`; }

// The first place whose value is not below `wanted`; `length` limits the array.
function lower_bound(values, wanted, low = 0, high = values.length) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < wanted) low = middle + 1; else high = middle;
  }
  return low;
}

// Steps of 1, 2 or 5 times a power of ten, at least `least`.
function round_step(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].find(f => f * power >= least * 0.999999) * power;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // a file has no clipboard in some browsers
    const area = make('textarea', { class: 'visually-hidden' });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  const before = button.textContent;
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = before; }, 1200);
}

// ---- light and dark: as the system says, until somebody chooses ----
const themes = { listeners: [], dark: matchMedia('(prefers-color-scheme: dark)'), chosen: '' };
function apply_theme() {
  const is_dark = themes.chosen ? themes.chosen === 'dark' : themes.dark.matches;
  document.documentElement.dataset.theme = is_dark ? 'dark' : 'light';
  $('theme').textContent = is_dark ? 'Light' : 'Dark';
  $('theme').setAttribute('aria-label', is_dark ? 'Switch to light' : 'Switch to dark');
  for (const listener of themes.listeners) listener();
}
themes.dark.addEventListener('change', apply_theme);
$('theme').addEventListener('click', () => { themes.chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'; apply_theme(); });
apply_theme();
let colours = {};
function read_colours() {
  const style = getComputedStyle(document.documentElement);
  colours = Object.fromEntries(['paper', 'card', 'ink', 'soft', 'faint', 'line', 'wash', 'accent', 'accent-wash', 'second', 'third', 'good', 'warn', 'bad', 'bad-wash', 'warn-wash', 'down', 'veil', 'field']
    .map(name => [name.replace('-', '_'), style.getPropertyValue('--' + name).trim()]));
}
read_colours();
themes.listeners.push(read_colours);

// A canvas that follows its element's size and the screen's density; `draw` gets the context and the size in CSS pixels. What
// nobody can see is drawn when it comes into sight.
class Drawing {
  constructor(canvas, draw) {
    Object.assign(this, { canvas, render: draw, wanted: false, in_sight: true });
    this.context = canvas.getContext('2d');
    new ResizeObserver(() => this.later()).observe(canvas);
    new IntersectionObserver(entries => { this.in_sight = entries.at(-1).isIntersecting; this.later(); }, { rootMargin: '100px' }).observe(canvas);
    themes.listeners.push(() => this.later());
    addEventListener('beforeprint', () => this.now());
  }
  later() {
    if (this.wanted || !this.in_sight) return;
    this.wanted = true;
    requestAnimationFrame(() => { this.wanted = false; this.now(); });
  }
  now() {
    const density = devicePixelRatio || 1, width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width) return;
    if (this.canvas.width !== Math.round(width * density) || this.canvas.height !== Math.round(height * density)) {
      this.canvas.width = Math.round(width * density);
      this.canvas.height = Math.round(height * density);
    }
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.render(this.context, width, height);
  }
}
