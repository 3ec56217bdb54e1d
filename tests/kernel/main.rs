//! Beside the kernel, in network namespaces that the tests make.

mod allocations;
mod churn;
mod commands;
mod conflict;
mod conflict_caps;
mod conflict_links;
mod conflict_packets;
mod conflict_storm;
mod conflict_v6;
mod conflict_watch;
mod event_loops;
mod keeper;
mod keeper_fails;
mod keeper_random;
mod keeper_wait;
mod links;
mod model;
mod monitor;
mod monitor_bursts;
mod monitor_calls;
mod monitor_fails;
mod monitor_random;
mod scale;
mod system_calls;
mod v4;
mod v6;
