// A chart: uPlot in a figure, with a caption that says in words what the lines show last, so that those who don't see them
// know as much. Height and colours are those of the style sheet, and follow it from light to dark.

import { element, fill } from '/page/elements.js';
import { clock } from '/page/words.js';

// The steps of an axis of counts: 1, 2 and 5 of every power of ten.
export const COUNTS = [...Array(12).keys()].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
// The steps of an axis of bytes: every power of two.
export const BYTES = [...Array(48).keys()].map((power) => 2 ** power);
const DARK = matchMedia('(prefers-color-scheme: dark)');

// `series` has a label and a side each: 'live', 'shadow', 'third' or 'limit'. `write` makes a text of a value, `writeX`
// of a place on the other axis; without it that is a time. `rest` says what to tell of a line, by its
// number, while nobody points at it, instead of what came last. With `bars`, the places are so many seconds apart and each
// value is a bar; `steps` are those that its axis may have.
export function chart({ title, series, write, writeX = null, stepped = false, bars = 0, steps = null, top = null, ticks = null, gaps = false, rest = null }) {
  const values = series.map(() => element('b', '', '–'));
  const keys = series.map((one, number) => element('span', 'key ' + one.side, one.label + ' ', values[number]));
  const caption = element('figcaption', '', element('span', 'chart-title', title), element('span', 'keys', ...keys));
  const canvas = element('div', 'canvas');
  canvas.setAttribute('aria-hidden', 'true');
  const figure = element('figure', 'chart', caption, canvas);
  let plot = null;
  let data = [[], ...series.map(() => [])];

  function draw() {
    if (data[0].length === 0) return;
    if (plot) plot.destroy();
    plot = new globalThis.uPlot(options(), data, canvas);
  }

  function extent() {
    return { width: Math.max(canvas.clientWidth, 120), height: canvas.clientHeight };
  }

  function options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue('--' + name).trim();
    // As large as the rest of the page has it.
    const size = Math.round(parseFloat(style.fontSize) * 0.69);
    const axis = { stroke: colour('quiet'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: size + 'px system-ui, sans-serif' };
    return {
      ...extent(), legend: { show: false },
      padding: [8, 24, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: writeX === null, ...(bars ? { range: (_plot, low, high) => [low - bars / 2, high + bars / 2] } : {}) }, y: { range: (_plot, low, high) => range(low, high) } },
      axes: [
        { ...axis, space: size * 6, size: size * 2.4, values: (_plot, places, _axis, _space, step) => places.map(writeX || ((seconds) => clock(seconds, step < 60))) },
        { ...axis, size: size * 5.6, space: 34, values: (_plot, places) => places.map((value) => (ticks ? ticks(value) : write(value))), ...(ticks ? { incrs: [1] } : steps ? { incrs: steps } : {}) },
      ],
      series: [{}, ...series.map((one) => line(one, colour))],
      hooks: { setCursor: [say] },
    };
  }

  function range(low, high) {
    if (top !== null) return [0, top];
    if (low === null || high === null) return [0, 1];
    return [Math.min(0, low), high <= 0 ? 1 : high * 1.1];
  }

  function line(one, colour) {
    if (bars) {
      return { label: one.label, fill: colour(one.side), stroke: colour(one.side), width: 0, points: { show: false }, paths: globalThis.uPlot.paths.bars({ size: [0.8, 40] }) };
    }
    const paths = stepped ? globalThis.uPlot.paths.stepped({ align: 1 }) : undefined;
    return {
      label: one.label, stroke: colour(one.side), width: 1.75, spanGaps: gaps, points: { show: false },
      ...(one.side === 'live' ? {} : { dash: one.side === 'limit' ? [2, 4] : [6, 3] }), ...(paths ? { paths } : {}),
    };
  }

  // Where the pointer is, else what came last.
  function say(of) {
    const at = of && of.cursor.idx !== null && of.cursor.idx !== undefined && of.cursor.left >= 0 ? of.cursor.idx : null;
    series.forEach((_one, number) => {
      const own = data[number + 1];
      if (at === null && rest) {
        fill(values[number], rest(number));
        return;
      }
      const value = at === null ? last(own) : own[at];
      fill(values[number], value === null || value === undefined ? '–' : (ticks || write)(value));
    });
  }

  const watch = new ResizeObserver(() => {
    if (canvas.clientWidth === 0 || data[0].length === 0) return;
    // A view is shown after it was filled for the first time.
    if (plot) plot.setSize(extent());
    else draw();
  });
  watch.observe(canvas);
  DARK.addEventListener('change', draw);

  return {
    figure,
    update(now) {
      data = now;
      if (plot) plot.setData(data);
      else if (canvas.isConnected) draw();
      say(plot);
    },
    leave() {
      watch.disconnect();
      DARK.removeEventListener('change', draw);
      if (plot) plot.destroy();
      plot = null;
    },
  };
}

function last(values) {
  for (let place = values.length - 1; place >= 0; place -= 1) if (values[place] !== null && values[place] !== undefined) return values[place];
  return null;
}
