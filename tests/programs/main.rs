//! The programs as a user runs them, and the two outages from end to end.

mod altnames;
mod bindnet;
mod conflict;
mod copied;
mod fleet;
mod fleet_input;
mod hostile;
mod inputs;
mod inputs_fleet;
mod inputs_live;
mod pipes;
mod preview;
mod preview_asks;
mod preview_audit;
mod preview_check;
mod preview_conf;
mod preview_conf_said;
mod preview_input;
mod preview_refused;
mod preview_state;
mod preview_wait;
mod ringd;
mod story;
mod story_pgpool;
mod watch;
mod watch_memory;
