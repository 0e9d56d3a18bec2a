// The page's script: reads /__stats once a second and keeps the page in step.
//
// Every text goes in through textContent, so that no name can become markup. Elements are made once per endpoint and
// then only filled, so that nothing jumps and nothing is read out again.
'use strict';

const PERIOD_MS = 1000;
const PERIOD_LOST_MS_MAX = 5000;
const PATIENCE_MS = 8000;
const TYPING_MS = 150;
const CARDS_AT_ONCE = 60;
// From this share on, errors are red: a page that always cries is not heard.
const ALARMING = 0.01;
const SVG = 'http://www.w3.org/2000/svg';

// ---- Words and numbers

function grouped(count) {
  return count.toLocaleString('en', { maximumFractionDigits: 0 });
}

function short(count) {
  return count < 1e6 ? grouped(count) : count.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 2 });
}

function perSecond(rate) {
  return (rate >= 100 || rate === 0 ? grouped(rate) : rate.toFixed(rate < 10 ? 2 : 1)) + ' /s';
}

function share(part) {
  if (part === 0) return '0 %';
  if (part < 0.0001) return '< 0.01 %';
  return (part * 100).toFixed(part < 0.1 ? 2 : 1) + ' %';
}

function duration(ms) {
  if (ms >= 10000) return (ms / 1000).toFixed(1) + ' s';
  if (ms >= 1000) return (ms / 1000).toFixed(2) + ' s';
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0) + ' ms';
}

function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let step = 0;
  while (count >= 1024 && step < units.length - 1) { count /= 1024; step += 1; }
  return count.toFixed(step === 0 || count >= 100 ? 0 : 1) + ' ' + units[step];
}

function span(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const clock = two((seconds % 86400) / 3600) + ':' + two((seconds % 3600) / 60);
  return days > 0 ? days + ' d ' + clock : clock + ':' + two(seconds % 60);
}

function words(label) {
  return label.replaceAll('_', ' ');
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

// ---- Elements

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function drawn(name, className, attributes) {
  const made = document.createElementNS(SVG, name);
  if (className) made.setAttribute('class', className);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  return made;
}

function fill(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(node, className, wanted) {
  node.classList.toggle(className, wanted);
}

function header(scope, className, ...children) {
  const made = element('th', className, ...children);
  made.scope = scope;
  return made;
}

// ---- What a series says over the chosen span

let chosen = 'recent';
let uptime = 1;

const STATUS = /^([1-5]xx|other)$/;

function view(series) {
  if (chosen === 'recent') return series.recent;
  const ended = series.outcomes || series.statuses;
  const total = sum(Object.values(ended));
  const bad = sum(Object.entries(ended).filter(([key]) => key === '5xx' || !STATUS.test(key)).map(([, count]) => count));
  return { rate: total / Math.max(uptime, 1), errors: total ? bad / total : 0, latency: series.latency };
}

const METRICS = [
  ['Rate', (now) => perSecond(now.rate), null],
  ['Errors', (now) => (now.latency.count ? share(now.errors) : '–'), null],
  ...['p50', 'p90', 'p99', 'p999'].map((key) => [
    key === 'p999' ? 'p99.9' : key,
    (now) => (now.latency.count ? duration(now.latency[key]) : '–'),
    (now) => (now.latency.count ? now.latency[key] : null),
  ]),
  ['In flight', (now, series) => grouped(series.books ? series.books.in_flight : series.in_flight), null],
];

// ---- Charts

const WIDTH = 59;
const HEIGHT = 40;

function chart(title, read, write) {
  const scale = element('span');
  const plot = drawn('svg', '', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' });
  plot.append(drawn('path', 'guide', { d: `M0 0H${WIDTH}` }));
  const caption = element('figcaption', '', element('span', '', title), scale);
  const figure = element('figure', 'chart', caption, plot);
  const lines = [];

  function update(backends) {
    const all = backends.map((backend) => (backend.recent.history ? read(backend.recent.history) : []));
    const most = Math.max(0, ...all.flat().map((value) => value || 0));
    const top = ceiling(most);
    fill(scale, most ? write(top) : '');
    const latest = backends.map((backend, place) => kind(backend) + ' ' + last(all[place], write));
    plot.setAttribute('aria-label', title + ', last minute: ' + (most ? latest.join(', ') : 'no calls'));
    backends.forEach((backend, place) => {
      if (!lines[place]) {
        lines[place] = drawn('path', 'line-' + kind(backend));
        plot.append(lines[place]);
      }
      lines[place].setAttribute('d', trace(all[place], top));
    });
  }
  return { figure, update };
}

function last(values, write) {
  const value = values.length ? values[values.length - 1] : null;
  return value === null ? 'none' : write(value);
}

// The next round number: a scale that seldom changes does not flicker.
function ceiling(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((step) => step >= most) || most;
}

function trace(values, top) {
  let path = '';
  let pen = 'M';
  values.forEach((value, second) => {
    if (value === null) { pen = 'M'; return; }
    const height = (HEIGHT - (value / top) * HEIGHT).toFixed(2);
    // A point between two gaps would be invisible without a stroke of its own.
    path += pen === 'M' ? `M${second} ${height}h0.01` : `L${second} ${height}`;
    pen = 'L';
  });
  return path;
}

// ---- One endpoint

function kind(backend) {
  return backend.shadow ? 'shadow' : 'live';
}

// The live backend that a shadow is measured against: the one called alike, or the only one. What takes a part of its
// calls is none.
function reference(backend, backends) {
  const live = backends.filter((other) => !other.shadow && (!other.split || other.split.variant === 'base'));
  return live.find((other) => other.label === backend.label) || (live.length === 1 ? live[0] : undefined);
}

function card(endpoint, number) {
  const title = element('h2', '', element('span', 'method', endpoint.method), element('span', 'path', endpoint.path));
  title.id = 'endpoint-' + number;
  const facts = factLine();
  const article = element('article', 'card', title, facts.line);
  article.setAttribute('aria-labelledby', title.id);
  const charts = [
    chart('Calls', (history) => history.rate, perSecond),
    chart('p99', (history) => history.p99, duration),
  ];
  const table = comparison(endpoint);
  article.append(element('div', 'charts', ...charts.map((one) => one.figure)), table.frame);
  const ledgers = new Map();
  endpoint.backends.forEach((backend, place) => {
    if (!backend.books) return;
    const ledger = books(backend);
    ledgers.set(place, ledger);
    article.append(ledger.section);
  });

  function update(now) {
    facts.update(now);
    charts.forEach((one) => one.update(now.backends));
    table.update(now.backends);
    ledgers.forEach((ledger, place) => ledger.update(now.backends[place]));
  }
  return { article, update };
}

function factLine() {
  const parts = ['Replies', 'Errors', 'p50', 'p99', 'In flight', 'Incomplete', 'Abandoned'].map((name) => {
    const value = element('b');
    return { value, node: element('span', '', name.toLowerCase() + ' ', value) };
  });
  const line = element('p', 'facts', ...parts.map((part) => part.node));

  function update(endpoint) {
    const now = view(endpoint);
    const timed = now.latency.count > 0;
    const texts = [
      perSecond(now.rate), timed ? share(now.errors) : '–', timed ? duration(now.latency.p50) : '–',
      timed ? duration(now.latency.p99) : '–', grouped(endpoint.in_flight), short(endpoint.incomplete), short(endpoint.abandoned),
    ];
    texts.forEach((text, place) => fill(parts[place].value, text));
    mark(parts[1].value, 'bad', now.errors >= ALARMING);
  }
  return { line, update };
}

// Each live backend with its shadows next to it, then the shadows of none.
function sideBySide(backends) {
  const shadows = backends.filter((backend) => backend.shadow);
  const live = backends.filter((backend) => !backend.shadow);
  const placed = live.flatMap((one) => [one, ...shadows.filter((shadow) => reference(shadow, backends) === one)]);
  return [...placed, ...shadows.filter((shadow) => !placed.includes(shadow))];
}

function comparison(endpoint) {
  const backends = sideBySide(endpoint.backends);
  const corner = header('col', 'metric', element('span', 'unseen', 'Metric'));
  const columns = backends.map((backend) => header('col', kind(backend),
    element('span', 'kind', kind(backend)), element('span', 'label path', backend.label), element('span', 'host', backend.hosts)));
  const cells = METRICS.map(() => backends.map((backend) => {
    const value = element('span');
    const delta = backend.shadow ? element('span', 'delta') : null;
    return { value, delta, node: element('td', '', value, ...(delta ? [delta] : [])) };
  }));
  const rows = METRICS.map(([name], row) => element('tr', '', header('row', '', name), ...cells[row].map((cell) => cell.node)));
  const caption = element('caption', 'unseen', 'Backends of ' + endpoint.method + ' ' + endpoint.path + ', live and shadow side by side');
  const table = element('table', 'compare', caption,
    element('thead', '', element('tr', '', corner, ...columns)), element('tbody', '', ...rows));
  table.style.minWidth = 4.2 + 6.6 * backends.length + 'rem';
  const frame = element('div', 'scroll', table);
  if (backends.length > 2) {
    // What may have to be scrolled must be reachable by keyboard, and then needs a name.
    frame.tabIndex = 0;
    frame.setAttribute('role', 'region');
    frame.setAttribute('aria-label', caption.textContent);
  }

  function update(all) {
    const now = sideBySide(all);
    METRICS.forEach(([name, write, read], row) => now.forEach((backend, place) => {
      const cell = cells[row][place];
      const seen = view(backend);
      fill(cell.value, write(seen, backend));
      mark(cell.value, 'bad', name === 'Errors' && seen.errors >= ALARMING);
      if (cell.delta) compare(cell.delta, read, seen, reference(backend, now));
    }));
  }
  return { frame, update };
}

function compare(node, read, seen, live) {
  const own = read && live ? read(seen) : null;
  const other = own === null ? null : read(view(live));
  const known = own !== null && other !== null && other > 0;
  const change = known ? own / other - 1 : 0;
  fill(node, known ? (change < 0 ? '−' : '+') + (Math.abs(change) * 100).toFixed(0) + ' %' : '');
  mark(node, 'worse', known && change > 0.1);
  mark(node, 'better', known && change < -0.1);
}

// ---- The books of one shadow

function books(backend) {
  const state = element('span', 'quiet');
  const balance = element('span', 'balance');
  const head = element('div', 'books-head', element('h3', '', 'Shadow ', element('span', 'path', backend.label)), state, balance);
  const stages = ['Offered', 'Sent', 'Completed'].map((name) => {
    const filled = element('span');
    const count = element('td', 'count');
    return { filled, count, row: element('tr', '', header('row', '', name), element('td', '', element('span', 'bar', filled)), count) };
  });
  stages.forEach((stage) => stage.filled.parentNode.setAttribute('aria-hidden', 'true'));
  const caption = element('caption', 'unseen', 'Where the requests offered to the shadow ' + backend.label + ' went');
  const funnel = element('table', 'funnel', caption, element('tbody', '', ...stages.map((stage) => stage.row)));
  const losses = ['Skipped', 'Dropped', 'Answers', 'Failed', 'Open', 'Memory'].map((name) => ({ name, value: element('dd') }));
  const list = element('dl', 'losses', ...losses.flatMap((loss) => [element('dt', '', loss.name), loss.value]));
  const settings = element('p', 'facts');
  const section = element('section', 'books', head, settings, funnel, list);
  section.setAttribute('aria-label', 'Shadow ' + backend.label);

  function update(now) {
    const kept = now.books;
    if (!kept) return;
    fill(state, words(kept.state));
    fill(settings, standing(now.standing));
    fill(balance, kept.balanced ? '✓ books balance' : '✕ books do not balance');
    mark(balance, 'bad', !kept.balanced);
    [kept.offered, kept.sent, sum(kept.completed.map(([, count]) => count))].forEach((count, place) => {
      const part = kept.offered ? count / kept.offered : 0;
      fill(stages[place].count, short(count));
      stages[place].filled.style.width = (part * 100).toFixed(2) + '%';
    });
    const waiting = kept.waiting ? 'waiting ' + grouped(kept.waiting) + ' · ' : '';
    const texts = [
      reasons(kept.skipped), reasons(kept.dropped), reasons(kept.completed), reasons([...kept.failed, ['abandoned', kept.abandoned]]),
      waiting + 'in flight ' + grouped(kept.in_flight) + ' of at most ' + grouped(kept.concurrent_max),
      bytes(kept.buffered_bytes) + ' of at most ' + bytes(kept.buffered_bytes_max),
    ];
    texts.forEach((text, place) => {
      fill(losses[place].value, text);
      mark(losses[place].value, 'none', text === 'none');
    });
  }
  return { section, update };
}

// What it is set to do, and what it costs the clients.
function standing(now) {
  if (!now) return '';
  const parts = ['sampled ' + share(now.rate)];
  if (now.max_rps !== null) parts.push('at most ' + perSecond(now.max_rps));
  if (now.breaker) parts.push('breaker ' + words(now.breaker));
  const cost = now.overhead && now.overhead.p99;
  if (cost) {
    parts.push('live p99 shadowed ' + duration(now.overhead.shadowed.p99) + ', hold-out ' + duration(now.overhead.holdout.p99) + ': ' +
      signed(cost.difference) + ' ms' + (cost.interval ? ' (' + signed(cost.interval[0]) + '…' + signed(cost.interval[1]) + ')' : ' (too few to tell)'));
  }
  return parts.join(' · ');
}

function signed(number) {
  return (number < 0 ? '−' : '+') + Math.abs(number).toFixed(1);
}

function reasons(entries) {
  const texts = entries.filter(([, count]) => count > 0).map(([reason, count]) => words(reason) + ' ' + short(count));
  return texts.length ? texts.join(' · ') : 'none';
}

// ---- The page

const page = Object.fromEntries(
  ['cards', 'controls', 'find', 'lamp', 'more', 'notice', 'shown', 'status', 'totals', 'version']
    .map((id) => [id, document.getElementById(id)]));
let latest = null;
let cards = new Map();
let allowed = CARDS_AT_ONCE;
let made = 0;

const TOTALS = ['Requests', 'Errors', 'In flight', 'Mirrored', 'No route', 'Memory', 'Up'].map((name) => {
  const value = element('dd', '', '–');
  page.totals.append(element('div', '', element('dt', '', name), value));
  return value;
});

function totals(now) {
  const all = now.totals;
  const since = Math.max(uptime, 1);
  const [rate, errors, mirrored] = chosen === 'recent'
    ? [all.recent_rate, all.recent_rate && all.recent_errors_rate / all.recent_rate, all.recent_mirrored_rate]
    : [all.replies / since, all.replies && all.errors / all.replies, all.mirrored / since];
  const texts = [
    perSecond(rate), rate ? share(errors) : '–', grouped(all.in_flight), perSecond(mirrored),
    short(sum(Object.values(now.unrouted))), bytes(now.process.resident_bytes), span(now.uptime_seconds),
  ];
  texts.forEach((text, place) => fill(TOTALS[place], text));
  mark(TOTALS[1], 'bad', errors >= ALARMING);
}

// What a card is made for; when it changes (a reload of the gateway's file), the card is made anew.
function keyOf(endpoint) {
  return JSON.stringify([endpoint.method, endpoint.path,
    endpoint.backends.map((backend) => [backend.label, backend.hosts, backend.shadow, Boolean(backend.books)])]);
}

function show(now) {
  uptime = now.uptime_seconds;
  fill(page.version, now.version);
  totals(now);
  const visible = new Map();
  for (const endpoint of now.endpoints) {
    const key = keyOf(endpoint);
    visible.set(key, cards.get(key) || card(endpoint, made += 1));
    visible.get(key).update(endpoint);
  }
  cards = visible;
  place([...visible.values()].map((one) => one.article));
  const hidden = now.found - now.endpoints.length;
  fill(page.shown, grouped(now.found) + (now.found === 1 ? ' endpoint' : ' endpoints') + (hidden ? ', ' + now.endpoints.length + ' shown' : ''));
  page.more.hidden = hidden === 0;
  page.notice.hidden = now.found > 0;
  fill(page.notice, now.found ? '' : now.totals.endpoints ? 'No endpoint is called that.' : 'The file has no endpoints.');
}

function place(articles) {
  const there = page.cards.children;
  const same = there.length === articles.length && articles.every((article, number) => there[number] === article);
  if (!same) page.cards.replaceChildren(...articles);
}

function say(state, text) {
  document.body.className = state;
  fill(page.status, text);
}

async function fetchNumbers() {
  const query = new URLSearchParams({ limit: allowed, find: page.find.value.trim() });
  const response = await fetch('/__stats?' + query, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error('status ' + response.status);
  return response.json();
}

let pause = PERIOD_MS;
let timer = 0;
let turn = 0;

async function beat() {
  const mine = turn += 1;
  const begun = performance.now();
  let numbers = null;
  try {
    numbers = await fetchNumbers();
  } catch {
    // Whatever it was, the next try will tell.
  }
  // Somebody has asked anew in the meantime, and this answer is to an old question.
  if (mine !== turn) return;
  if (numbers === null) {
    say('lost', 'connection lost, retrying');
    again(Math.min(PERIOD_LOST_MS_MAX, pause * 1.5));
    return;
  }
  latest = numbers;
  say('connected', 'connected');
  show(latest);
  // A gateway that needs long for an answer is asked less often.
  again(Math.max(PERIOD_MS, 4 * (performance.now() - begun)));
}

// A page that nobody sees does not ask.
function again(wait) {
  pause = wait;
  timer = document.hidden ? 0 : setTimeout(beat, wait);
}

function askAnew(wait) {
  clearTimeout(timer);
  timer = setTimeout(beat, wait);
}

// The dial's shadow falls where the hour is: six in the morning to the left, six in the evening to the right.
function turnDial() {
  const now = new Date();
  const hour = now.getHours() + now.getMinutes() / 60;
  const angle = ((hour + 18) % 12) * 15 - 90;
  document.getElementById('dial-shadow').setAttribute('transform', `rotate(${angle.toFixed(1)})`);
}

function drawDial() {
  const marks = document.getElementById('dial-marks');
  for (let hour = 1; hour < 12; hour += 1) {
    marks.append(drawn('path', '', { d: 'M0 -28V-25', transform: `rotate(${hour * 15 - 90})` }));
  }
  turnDial();
  setInterval(turnDial, 60000);
}

page.controls.addEventListener('submit', (event) => event.preventDefault());
page.find.addEventListener('input', () => { allowed = CARDS_AT_ONCE; askAnew(TYPING_MS); });
page.more.addEventListener('click', () => { allowed += CARDS_AT_ONCE; askAnew(0); });
page.controls.addEventListener('change', (event) => {
  if (event.target.name !== 'span') return;
  chosen = event.target.value;
  if (latest) show(latest);
});
document.addEventListener('visibilitychange', () => { if (!document.hidden && !timer) askAnew(0); });

drawDial();
beat();
