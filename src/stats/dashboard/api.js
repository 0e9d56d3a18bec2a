// What the page asks the listener for, beside the stream: JSON read, changes made, and the token that changes may need.
//
// The token is kept for this tab only (sessionStorage) and sent to this listener only.

const PATIENCE_MS = 8000;
const TOKEN = 'gnomon-admin-token';

// An answer that is not what was asked for.
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function token() {
  return sessionStorage.getItem(TOKEN) || '';
}

export function keepToken(text) {
  if (text) sessionStorage.setItem(TOKEN, text);
  else sessionStorage.removeItem(TOKEN);
}

// The path of an experiment below /__shadow.
export function pathOf(id, verb = '') {
  return '/__shadow/' + encodeURIComponent(id) + (verb ? '/' + verb : '');
}

// The same of a split below /__split.
export function splitPath(id, verb = '') {
  return '/__split/' + encodeURIComponent(id) + (verb ? '/' + verb : '');
}

export async function read(path) {
  return ask('GET', path);
}

export async function change(method, path, body = {}) {
  return ask(method, path, body);
}

async function ask(method, path, body) {
  const headers = { 'X-Gnomon-Admin': '1' };
  if (token()) headers.Authorization = 'Bearer ' + token();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(path, {
    method, headers, cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new Refusal(response.status, said(text) || 'status ' + response.status);
}

function said(text) {
  try {
    return String(JSON.parse(text).error || '');
  } catch {
    return text.trim();
  }
}

// Reads a path again and again: at each tick, if the last answer has come and is old enough. `first` is done when the
// first answer has come or failed; `again` asks at once, and has what is under way forgotten, which was asked before.
export function follow(path, everyMs, show, failed = () => {}) {
  let begun = -Infinity;
  let isUnderWay = false;
  let isOver = false;
  let isOutdated = false;
  let isFirst = () => {};
  const first = new Promise((done) => { isFirst = done; });
  async function tick() {
    if (isUnderWay || isOver || performance.now() - begun < everyMs) return;
    begun = performance.now();
    isUnderWay = true;
    try {
      const answer = await read(typeof path === 'function' ? path() : path);
      if (!isOver && !isOutdated) show(answer);
    } catch (error) {
      if (!isOver && !isOutdated) failed(error);
    } finally {
      isUnderWay = false;
      if (isOutdated) again();
      else isFirst();
    }
  }

  function again() {
    isOutdated = isUnderWay;
    begun = -Infinity;
    tick();
  }

  return {
    tick,
    first,
    again,
    stop() { isOver = true; },
  };
}
