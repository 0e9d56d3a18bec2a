//! The whole gateway over real sockets: the built program between raw clients and upstreams named by how they
//! misbehave.
//!
//! Every port is free when it is taken, nothing leaves the machine, and nothing waits for a fixed time: the tests
//! poll for what they expect, up to a generous limit.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod client;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod comparison;
#[cfg(test)]
mod files;
#[cfg(test)]
mod footprint;
#[cfg(test)]
mod gnomon;
#[cfg(test)]
mod names;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod secure;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod upstream;
#[cfg(test)]
mod wire;

#[cfg(test)]
mod budget;
#[cfg(test)]
mod canaries;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod compatibility;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod control;
#[cfg(test)]
mod dashboard;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod experiments;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod house;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod logging;
#[cfg(test)]
mod merges;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod original;
#[cfg(test)]
mod overview;
#[cfg(test)]
mod page;
#[cfg(test)]
mod page_figures;
#[cfg(test)]
mod page_keyboard;
#[cfg(test)]
mod page_stream;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod program;
#[cfg(test)]
mod promotion;
#[cfg(test)]
mod ramps;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod scraping;
#[cfg(test)]
mod second_calls;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod seed;
#[cfg(test)]
mod selection;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod split;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod top;
#[cfg(test)]
mod unreachable;
#[cfg(test)]
mod uploads;
