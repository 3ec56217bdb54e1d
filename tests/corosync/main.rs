//! What Corosync takes, beside the real daemon and what it was recorded to do.

mod cases;
mod conf;
mod daemon;
mod names;
mod nodes;
mod page;
mod plan;
mod said;
mod values;
mod words;
