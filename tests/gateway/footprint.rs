//! What a process holds of the machine, as the system sees it.

use std::fs;

/// Memory and descriptors at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Resident memory in bytes.
    pub(crate) memory_bytes: u64,
    /// Of that, what is not the program itself.
    pub(crate) own_bytes: u64,
    /// Open files and sockets.
    pub(crate) descriptors: u64,
}

impl Footprint {
    /// That of a running process.
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
        let bytes = |name: &str| {
            let kilobytes = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"));
            kilobytes.and_then(|number| number.parse::<u64>().ok()).expect("a process says its size") * 1024
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("the process is ours").count();
        Self { memory_bytes: bytes("VmRSS:"), own_bytes: bytes("RssAnon:"), descriptors: descriptors as u64 }
    }
}
