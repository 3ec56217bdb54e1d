//! The choice over time: the tracker and the state file.

mod state_crash;
mod state_file;
mod state_overlap;
mod state_text;
mod state_unsettled;
mod state_writers;
mod tracker;
mod tracker_asked;
mod tracker_laws;
mod tracker_places;
mod tracker_streams;
mod tracker_words;
