//! The project itself: its layers.

mod hostile;
mod layers;
