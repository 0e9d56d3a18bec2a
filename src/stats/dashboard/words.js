// How numbers, times and labels are written for people.
//
// Pure functions from values to texts; a value that is not there is a dash.

export const NONE = '–';

export function grouped(count) {
  return count.toLocaleString('en', { maximumFractionDigits: 0 });
}

export function short(count) {
  return count < 1e6 ? grouped(count) : count.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 2 });
}

export function perSecond(rate) {
  return (rate >= 100 || rate === 0 ? grouped(rate) : rate.toFixed(rate < 10 ? 2 : 1)) + ' /s';
}

export function share(part) {
  if (part === null || part === undefined || Number.isNaN(part)) return NONE;
  if (part === 0) return '0 %';
  if (part < 0.0001) return '< 0.01 %';
  if (part > 0.9999 && part < 1) return '> 99.99 %';
  return (part === 1 ? '100' : (part * 100).toFixed(part < 0.1 ? 2 : 1)) + ' %';
}

// A duration in milliseconds.
export function duration(ms) {
  if (ms === null || ms === undefined) return NONE;
  if (ms >= 10000) return (ms / 1000).toFixed(1) + ' s';
  if (ms >= 1000) return (ms / 1000).toFixed(2) + ' s';
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0) + ' ms';
}

// A difference of durations, with its sign.
export function difference(ms) {
  if (ms === null || ms === undefined) return NONE;
  return (ms < 0 ? '−' : '+') + duration(Math.abs(ms));
}

export function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let step = 0;
  while (count >= 1024 && step < units.length - 1) { count /= 1024; step += 1; }
  return count.toFixed(step === 0 || count >= 100 ? 0 : 1) + ' ' + units[step];
}

// So many seconds, as a clock shows them.
export function span(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const clock = two((seconds % 86400) / 3600) + ':' + two((seconds % 3600) / 60) + ':' + two(seconds % 60);
  return days > 0 ? days + ' d ' + clock : clock;
}

// A moment, given in seconds since 1970, as the reader's clock shows it.
export function clock(seconds, withSeconds) {
  const date = new Date(seconds * 1000);
  const parts = [date.getHours(), date.getMinutes(), ...(withSeconds ? [date.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

// A moment, given as text or as milliseconds since 1970, in the reader's own time.
export function moment(when) {
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? NONE : date.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
}

export function words(label) {
  return String(label).replaceAll('_', ' ');
}

export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

// Of a list of [label, count], the counts together.
export function total(entries) {
  return sum(entries.map(([, count]) => count));
}
