// The plain figures of the gateway: endpoints and what they call.

import { follow } from '/page/api.js';
import { chart } from '/page/chart.js';
import { button, element, enable, field, fill, heading, input } from '/page/elements.js';
import { ofGateway } from '/page/history.js';
import { table } from '/page/table.js';
import { NONE, duration, grouped, perSecond, share, short, sum } from '/page/words.js';

export const TITLE = 'Endpoints';

const AT_ONCE = 50;
const TYPING_MS = 200;
const ALARMING = 0.01;

export function endpoints() {
  let allowed = AT_ONCE;
  let covers = 'recent';
  let latest = null;
  let typing = 0;
  const find = input('search', { placeholder: 'path, method or host', autocomplete: 'off', spellcheck: 'false' });
  const span = element('select', '', new Option('last 10 s', 'recent'), new Option('since the start', 'total'));
  const shown = element('p', 'quiet');
  const more = button('Show more', () => { allowed += AT_ONCE; told.again(); });
  const rates = chart({ title: 'Requests a second', write: perSecond, series: [{ label: 'live', side: 'live' }, { label: 'copies', side: 'shadow' }] });
  const seen = (row, name) => (row.latency.count ? duration(row.latency[name]) : NONE);
  const grid = table({
    caption: 'Endpoints and their backends',
    keyOf: (row) => row.key,
    empty: 'No endpoint is called that.',
    className: 'endpoints',
    columns: [
      { name: 'Endpoint, backend', head: true, wide: true, text: (row) => row.name, marks: (row) => ({ inner: row.inner, path: true }) },
      { name: 'Kind', className: 'kind', text: (row) => row.kind, marks: (row) => ({ 'shadow-side': row.kind === 'shadow', 'live-side': row.kind === 'live' }) },
      { name: 'Rate', number: true, text: (row) => perSecond(row.rate) },
      { name: 'Errors', number: true, text: (row) => (row.latency.count ? share(row.errors) : NONE), marks: (row) => ({ bad: row.errors >= ALARMING }) },
      ...['p50', 'p90', 'p99', 'max'].map((name) => ({ name, number: true, text: (row) => seen(row, name) })),
      { name: 'In flight', number: true, text: (row) => grouped(row.in_flight) },
      { name: 'Calls', number: true, text: (row) => short(row.calls) },
      { name: 'Incomplete', number: true, text: (row) => (row.incomplete === null ? '' : short(row.incomplete)) },
      { name: 'Abandoned', number: true, text: (row) => (row.abandoned === null ? '' : short(row.abandoned)) },
    ],
  });
  const controls = element('form', 'controls', field('Find', find), field('Figures cover', span), shown);
  const node = element('div', '', heading(TITLE), element('div', 'charts', rates.figure), controls, grid.frame, element('p', 'actions', more));
  const query = () => '/__stats?' + new URLSearchParams({ limit: String(allowed), find: find.value.trim() });
  const told = follow(query, 900, show, (error) => fill(shown, error.message));

  controls.addEventListener('submit', (event) => event.preventDefault());
  find.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => { allowed = AT_ONCE; told.again(); }, TYPING_MS);
  });
  span.addEventListener('change', () => {
    covers = span.value;
    if (latest) show(latest);
  });

  function show(now) {
    latest = now;
    grid.update(now.endpoints.flatMap((endpoint) => rows(endpoint, covers, Math.max(now.uptime_seconds, 1))));
    const hidden = now.found - now.endpoints.length;
    // Whoever has pressed it for the last time keeps their place.
    more.hidden = hidden === 0 && document.activeElement !== more;
    enable(more, hidden > 0);
    fill(shown, grouped(now.found) + (now.found === 1 ? ' endpoint' : ' endpoints') + (hidden ? ', ' + now.endpoints.length + ' shown' : ''));
  }

  return {
    node,
    update() {
      const held = ofGateway();
      rates.update([held.time, held.rate, held.mirrored]);
      told.tick();
    },
    ready: told.first,
    leave() {
      told.stop();
      clearTimeout(typing);
      rates.leave();
    },
  };
}

// An endpoint, and then each of its backends.
function rows(endpoint, covers, uptime) {
  const name = endpoint.method + ' ' + endpoint.path;
  const own = { key: name, name, kind: 'endpoint', inner: false, calls: endpoint.requests, incomplete: endpoint.incomplete, abandoned: endpoint.abandoned, ...figures(endpoint, covers, uptime) };
  const inner = endpoint.backends.map((backend, number) => ({
    key: name + ' ' + number, name: backend.label + ' at ' + backend.hosts, kind: backend.shadow ? 'shadow' : 'live', inner: true,
    calls: backend.requests, incomplete: null, abandoned: null, ...figures(backend, covers, uptime),
  }));
  return [own, ...inner];
}

function figures(one, covers, uptime) {
  if (covers === 'recent') return { rate: one.recent.rate, errors: one.recent.errors, latency: one.recent.latency, in_flight: one.in_flight };
  const ends = one.outcomes || one.statuses;
  const ended = sum(Object.values(ends));
  const bad = sum(Object.entries(ends).filter(([label]) => !/^[1-4]xx$/.test(label)).map(([, count]) => count));
  return { rate: ended / uptime, errors: ended ? bad / ended : 0, latency: one.latency, in_flight: one.in_flight };
}
