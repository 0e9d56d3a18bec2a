// The stream of snapshots: kept open, opened again with growing pauses when it breaks, and said to be stale when
// nothing comes although it is open.

const PAUSE_MS = 1000;
const PAUSE_MS_MAX = 15000;
const STALE_MS = 3500;
const UNSEEN_MS = 30000;

// `heard` gets each snapshot; `told` gets the state ('connecting', 'connected', 'stale', 'lost') and the seconds since
// the last snapshot.
export function listen(heard, told) {
  let source = null;
  let pause = PAUSE_MS;
  let retry = 0;
  let unseen = 0;
  let last = 0;
  let isLost = false;

  function open() {
    clearTimeout(retry);
    retry = 0;
    if (source) source.close();
    source = new EventSource('/__events');
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
      isLost = false;
      told('connected', 0);
      heard(snapshot);
    });
    source.addEventListener('error', again);
  }

  function again() {
    if (source) source.close();
    source = null;
    isLost = true;
    tell();
    // Not all pages of one gateway at once.
    if (!retry) retry = setTimeout(open, pause * (0.75 + Math.random() / 2));
    pause = Math.min(PAUSE_MS_MAX, pause * 1.6);
  }

  function tell() {
    const seconds = last ? Math.round((performance.now() - last) / 1000) : 0;
    if (isLost) told('lost', seconds);
    else if (last && performance.now() - last > STALE_MS) told('stale', seconds);
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
  setInterval(tell, 1000);
  open();
}
