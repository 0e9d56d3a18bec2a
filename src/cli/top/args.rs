//! What may be typed after `gnomon top`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::{cli::shadow::args::GatewayArgs, config::duration::Nanoseconds};

const EXAMPLES: &str = "\
Examples:
  gnomon top
  gnomon top --admin 10.0.0.7:8090 --interval 5s --sort loss
  gnomon top --find /user --once              a table for scripts, from two looks

Keys: q or Ctrl-C ends, s sorts by the next column, r turns the order round, arrows, PgUp and PgDn scroll.

Loss are copies that were wanted and were dropped or given up. Match are compared pairs in which nothing differs that
counts. Δp99 is by how much 99 of 100 answers of the shadow took longer at most than the live ones to the same requests.
Overhead is by how much live replies are slower with the shadow than without it (99th percentile, with a hold-out).

Colours are left out where NO_COLOR is set.

Exit codes: 0 ended as asked, 1 the gateway can't be reached (with --once) or there is no such terminal, 2 wrong usage.";

/// Arguments of `top`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct TopArgs {
    /// Only experiments and canaries with this in their names, calls or hosts
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub find: String,
    /// How often to look, as in 500ms or 10s
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub interval: Duration,
    /// What the rows are sorted by
    #[arg(short, long, value_name = "COLUMN", value_enum, default_value_t = SortKey::File)]
    pub sort: SortKey,
    /// The other way round
    #[arg(short, long)]
    pub reverse: bool,
    /// Print the table once and end, as also happens where standard output is no terminal
    #[arg(long)]
    pub once: bool,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// What rows are sorted by. What needs attention comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    /// The order of the file
    File,
    /// The name
    Name,
    /// What it does
    State,
    /// The share that is copied, the largest first
    Rate,
    /// Copies a second, the most first
    Sent,
    /// Copies that were lost, the most first
    Loss,
    /// Pairs that match, the fewest first
    Match,
    /// How much slower it is, the slowest first
    Slower,
    /// What it costs live replies, the most first
    Overhead,
    /// Whether it is ready, what is not first
    Verdict,
}

impl SortKey {
    /// The next one, and after the last the first.
    pub(super) fn next(self) -> Self {
        let all = Self::value_variants();
        let place = all.iter().position(|one| *one == self).map_or(0, |place| place + 1);
        all.get(place).copied().unwrap_or(Self::File)
    }

    /// As it is typed.
    pub(super) fn label(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);

fn interval(text: &str) -> Result<Duration, String> {
    let time = Nanoseconds::parse(text).and_then(Nanoseconds::positive);
    let time = time.filter(|time| (SHORTEST..=LONGEST).contains(time));
    time.ok_or_else(|| "not a time from 100ms to 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_come_to_by_the_key() {
        let mut key = SortKey::File;
        let mut seen = Vec::new();
        while !seen.contains(&key) {
            seen.push(key);
            key = key.next();
        }
        assert_eq!((seen.len(), key), (SortKey::value_variants().len(), SortKey::File));
    }

    #[test]
    fn intervals_have_bounds() {
        assert_eq!(interval("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "1", "0s", "99ms", "2h", "-1s", "fast"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
