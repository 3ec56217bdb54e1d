//! Address conflicts under a virtual clock.

mod probe;
mod probe_laws;
mod watch;
mod wire;
mod words;
