//! The transport through awc's client, against upstreams that behave and upstreams that do not.
//!
//! Real loopback sockets, no sleeping: what an upstream does next depends on what it has read, never on a clock.

mod answers;
mod direct;
mod faults;
mod glance;
mod idle;
mod leave;
mod marks;
mod requests;
mod reuse;
mod uploads;
mod upstream;
