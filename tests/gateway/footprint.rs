//! What a process holds of the machine, as the system sees it.

use std::fs;

/// Memory and descriptors at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Resident memory in bytes.
    pub(crate) memory_bytes: u64,
    /// Open files and sockets.
    pub(crate) descriptors: u64,
}

impl Footprint {
    /// That of a running process.
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        let kilobytes: u64 = kilobytes.and_then(|number| number.parse().ok()).expect("a process says its size");
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("the process is ours").count();
        Self { memory_bytes: kilobytes * 1024, descriptors: descriptors as u64 }
    }
}
