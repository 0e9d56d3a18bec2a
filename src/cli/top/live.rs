//! What the screen is about: the latest look, the order, how far it is scrolled, and whether the gateway is there.
//!
//! Pure: the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    keys::Key,
    layout::{body, head},
    line::{Line, Tone},
    look::Look,
    sort::Order,
    text::escaped,
    words::span,
};

/// How long it is told that the gateway was started anew.
const TOLD_FOR: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(super) struct Live {
    root: String,
    order: Order,
    look: Option<Look>,
    /// Why nobody answers, and since when.
    absence: Option<(String, Instant)>,
    restarted: Option<Instant>,
    /// So many lines of the tables are above the screen.
    above: usize,
    /// So many lines of the tables the screen has.
    room: usize,
}

impl Live {
    /// Nothing seen yet of the gateway there.
    pub(super) fn new(root: &str, order: Order) -> Self {
        Self { root: escaped(root), order, look: None, absence: None, restarted: None, above: 0, room: 0 }
    }

    /// Takes in what came of a look.
    pub(super) fn hear(&mut self, look: Result<Look, String>, now: Instant) {
        match look {
            Ok(look) => {
                self.absence = None;
                if look.has_restarted {
                    self.restarted = Some(now);
                }
                self.look = Some(look);
            }
            Err(why) => {
                let since = self.absence.take().map_or(now, |(_, since)| since);
                self.absence = Some((escaped(&why), since));
            }
        }
    }

    /// Does what a key says; `false` to end.
    pub(super) fn press(&mut self, key: Key) -> bool {
        let page = self.room.saturating_sub(1).max(1);
        match key {
            Key::Quit => return false,
            Key::Sort => self.order.key = self.order.key.next(),
            Key::Turn => self.order.is_reversed = !self.order.is_reversed,
            Key::Up => self.above = self.above.saturating_sub(1),
            Key::Down => self.above = self.above.saturating_add(1),
            Key::PageUp => self.above = self.above.saturating_sub(page),
            Key::PageDown => self.above = self.above.saturating_add(page),
        }
        true
    }

    /// The lines of a screen of this size.
    pub(super) fn drawn(&mut self, (columns, rows): (usize, usize), now: Instant) -> Vec<Line> {
        let mut lines = match &self.look {
            Some(look) => head(look, &self.root),
            None if self.absence.is_none() => vec![Line::of(format!("asking {} …", self.root), Tone::Quiet)],
            None => Vec::new(),
        };
        lines.extend(self.news(now));
        let turned = if self.order.is_reversed { ", turned round" } else { "" };
        let keys = format!("sorted by {}{turned} · q ends, s sorts, r turns, arrows scroll", self.order.key.label());
        lines.push(Line::of(keys, Tone::Quiet));
        lines.push(Line::default());
        let tables =
            self.look.as_ref().map_or_else(Vec::new, |look| body(look, &self.order.of(&look.experiments), columns));
        self.room = rows.saturating_sub(lines.len());
        // One line says how many are below.
        let most = tables.len().saturating_sub(self.room);
        self.above = self.above.min(most);
        let below = most - self.above;
        if below == 0 {
            lines.extend(tables.into_iter().skip(self.above).take(self.room));
        } else {
            lines.extend(tables.into_iter().skip(self.above).take(self.room.saturating_sub(1)));
            lines.push(Line::of(format!("{} more lines below", below + 1), Tone::Quiet));
        }
        lines.truncate(rows);
        lines.into_iter().map(|line| line.fitted(columns)).collect()
    }

    /// Whether the gateway is away, or is another than before.
    fn news(&self, now: Instant) -> Option<Line> {
        if let Some((why, since)) = &self.absence {
            let age = span(now.saturating_duration_since(*since).as_secs_f64());
            return Some(Line::of(format!("LOST for {age}, asking again: {why}"), Tone::Bad));
        }
        let age = now.saturating_duration_since(self.restarted?);
        let text = || format!("the gateway was started anew {} ago", span(age.as_secs_f64()));
        (age < TOLD_FOR).then(|| Line::of(text(), Tone::Bad))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::args::SortKey;

    fn look(count: usize, uptime: f64) -> Look {
        let shadows: Vec<_> = (0..count).map(|number| json!({ "id": format!("GET:/{number:03}:0") })).collect();
        let experiments = json!({ "found": count, "shadows": shadows });
        let told = json!({ "overview": { "uptime_seconds": uptime, "experiments": experiments } });
        Look::read(&told, "", Instant::now())
    }

    fn live() -> Live {
        Live::new("http://127.0.0.1:8090", Order { key: SortKey::File, is_reversed: false })
    }

    fn texts(live: &mut Live, size: (usize, usize), now: Instant) -> Vec<String> {
        live.drawn(size, now).iter().map(Line::text).collect()
    }

    #[test]
    fn a_gateway_that_goes_and_comes_back_is_told_of() {
        let (mut live, start) = (live(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(texts(&mut live, (80, 24), start)[0].starts_with("asking http://127.0.0.1:8090"));
        live.hear(Err("no answer\u{1b}[2J".to_owned()), start);
        live.hear(Err("no answer at all".to_owned()), after(3));
        let lost = texts(&mut live, (80, 24), after(5)).join("\n");
        assert!(lost.contains("LOST for 00:00:05, asking again: no answer at all"), "{lost}");
        live.hear(Ok(look(1, 9.0)), after(6));
        let found = texts(&mut live, (80, 24), after(7)).join("\n");
        assert!(!found.contains("LOST") && found.contains("GET:/000:0") && !found.contains("anew"), "{found}");
        let before = live.look.clone();
        live.hear(Ok(look(1, 0.5).since(before.as_ref())), after(8));
        let anew = texts(&mut live, (80, 24), after(10)).join("\n");
        assert!(anew.contains("the gateway was started anew 00:00:02 ago"), "{anew}");
        let later = texts(&mut live, (80, 24), after(100)).join("\n");
        assert!(!later.contains("anew"), "{later}");
    }

    #[test]
    fn rows_that_have_no_room_are_scrolled_to() {
        let (mut live, now) = (live(), Instant::now());
        live.hear(Ok(look(50, 9.0)), now);
        let shown = |live: &mut Live| {
            let lines = texts(live, (80, 20), now);
            assert!(lines.len() <= 20);
            lines.iter().filter(|line| line.starts_with("GET:")).cloned().collect::<Vec<_>>()
        };
        let first = shown(&mut live);
        assert!(first[0].starts_with("GET:/000:0") && first.len() > 10, "{first:?}");
        assert!(live.press(Key::Down) && live.press(Key::Down));
        assert!(shown(&mut live)[0].starts_with("GET:/001:0"));
        (0..20).for_each(|_| assert!(live.press(Key::PageDown)));
        assert!(shown(&mut live).last().unwrap().starts_with("GET:/049:0"));
        (0..20).for_each(|_| assert!(live.press(Key::PageUp)));
        assert_eq!(shown(&mut live), first);
        assert!(live.press(Key::Turn) && live.press(Key::Up));
        assert!(shown(&mut live)[0].starts_with("GET:/049:0"));
        assert!(live.press(Key::Sort) && !live.press(Key::Quit));
    }

    #[test]
    fn every_size_of_screen_is_kept_to() {
        let (mut live, now) = (live(), Instant::now());
        live.hear(Ok(look(30, 9.0)), now);
        for size in [(0, 0), (1, 1), (5, 3), (20, 6), (80, 24), (300, 100)] {
            let lines = live.drawn(size, now);
            assert!(lines.len() <= size.1);
            assert!(lines.iter().all(|line| crate::cli::top::text::width(&line.text()) <= size.0), "{size:?}");
        }
    }
}
