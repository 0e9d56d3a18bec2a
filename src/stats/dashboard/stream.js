// The stream of snapshots: kept open, opened again with growing pauses when it breaks or nothing comes although it is
// open, and said to be stale until then.

const PAUSE_MS = 1000;
const PAUSE_MS_MAX = 15000;
const STALE_MS = 3500;
// A line that was cut somewhere on the way says nothing, not even that.
const SILENT_MS = 10000;
const UNSEEN_MS = 30000;
const PATIENCE_MS = 5000;
const WHERE = '/__events';
const REFUSED = 503;

// `heard` gets each snapshot; `told` gets the state ('connecting', 'connected', 'stale', 'lost', 'full') and the seconds
// since the last snapshot.
export function listen(heard, told) {
  let source = null;
  let pause = PAUSE_MS;
  let retry = 0;
  let unseen = 0;
  let begun = 0;
  let last = 0;
  let broken = '';

  function open() {
    clearTimeout(retry);
    retry = 0;
    if (source) source.close();
    begun = performance.now();
    source = new EventSource(WHERE);
    source.addEventListener('snapshot', (event) => {
      let snapshot = null;
      try {
        snapshot = JSON.parse(event.data);
      } catch {
        // Half an event is none; the next one will be whole.
        return;
      }
      last = performance.now();
      pause = PAUSE_MS;
      broken = '';
      told('connected', 0);
      heard(snapshot);
    });
    source.addEventListener('error', () => {
      again();
      findWhy();
    });
  }

  function again() {
    if (source) source.close();
    source = null;
    broken = broken || 'lost';
    tell();
    // Not all pages of one gateway at once.
    if (!retry) retry = setTimeout(open, pause * (0.75 + Math.random() / 2));
    pause = Math.min(PAUSE_MS_MAX, pause * 1.6);
  }

  // A stream does not say with which status it was refused.
  async function findWhy() {
    let status = 0;
    try {
      ({ status } = await fetch(WHERE, { method: 'HEAD', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) }));
    } catch {
      // Nobody is there.
    }
    if (!broken) return;
    broken = status === REFUSED ? 'full' : 'lost';
    tell();
  }

  function tell() {
    const now = performance.now();
    const seconds = last ? Math.round((now - last) / 1000) : 0;
    if (broken) told(broken, seconds);
    else if (last && now - last > STALE_MS) told('stale', seconds);
  }

  function look() {
    if (source && performance.now() - Math.max(last, begun) > SILENT_MS) again();
    else tell();
  }

  // A page that nobody sees holds no connection for long: browsers allow only six to one host.
  document.addEventListener('visibilitychange', () => {
    clearTimeout(unseen);
    if (document.hidden) {
      unseen = setTimeout(() => {
        clearTimeout(retry);
        retry = 0;
        if (source) source.close();
        source = null;
      }, UNSEEN_MS);
    } else if (!source) {
      pause = PAUSE_MS;
      open();
    }
  });
  setInterval(look, 1000);
  open();
}
