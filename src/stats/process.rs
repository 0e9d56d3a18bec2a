//! What the operating system says about this process; zeroes where it has no `/proc`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// Linux reports processor time to programs in hundredths of a second, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Facts about this process.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Process {
    /// Memory in use, in bytes.
    pub resident_bytes: u64,
    /// Files and sockets open now.
    pub open_files: u64,
    /// Threads now.
    pub threads: u64,
    /// Processor time used since the start, in seconds.
    pub cpu_seconds: f64,
    /// When the numbers began, in seconds since 1970.
    pub started_at: f64,
}

impl Process {
    /// The facts as they stand.
    #[must_use]
    pub fn read(started_at: SystemTime) -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        Self {
            resident_bytes: number_after(&status, "VmRSS:").saturating_mul(1024),
            open_files: std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            threads: number_after(&status, "Threads:"),
            cpu_seconds: cpu_seconds(&stat),
            started_at: started_at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()),
        }
    }
}

fn number_after(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// User and system time are the 12th and 13th fields after the program's name, which may itself hold spaces.
fn cpu_seconds(stat: &str) -> f64 {
    let Some((_, fields)) = stat.rsplit_once(')') else { return 0.0 };
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_named_like_a_field_is_no_trouble() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100";
        assert!((cpu_seconds(stat) - 3.0).abs() < f64::EPSILON);
        assert!(cpu_seconds("").abs() < f64::EPSILON);
        assert_eq!(number_after("VmRSS:\t   12 kB\nThreads:\t4", "Threads:"), 4);
    }
}
