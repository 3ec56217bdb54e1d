//! The project itself: its layers.

mod layers;
