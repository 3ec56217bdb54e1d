//! The project itself: its rooms, and what it says of itself.

mod hostile;
mod layers;
mod reasons;
