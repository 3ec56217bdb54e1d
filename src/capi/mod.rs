//! The C API (feature `capi`): `include/bindnet.h` is made from it, and says how it is used.
//!
//! A handle is a pointer from `_new` and its like, which `_free` takes; references and boxes
//! behind an `Option` have the same representation, with NULL for `None`, so that little is unsafe
//! here: the texts and buffers of the caller.

#![allow(non_camel_case_types)]

#[cfg(panic = "abort")]
compile_error!("the C API catches panics: build it with panic = \"unwind\"");

// In the order of the header.
mod version;

mod call;

mod selector;

mod snapshot;

mod decision;

mod address;

mod state;

mod monitor;

mod detector;

mod text;

/// The contract about threads: every handle may be moved and shared between them.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<snapshot::bindnet_capturer>();
    is_shared::<monitor::bindnet_monitor>();
    is_shared::<detector::bindnet_detector>();
    is_shared::<selector::bindnet_selector>();
    is_shared::<snapshot::bindnet_snapshot>();
    is_shared::<decision::bindnet_decision>();
    is_shared::<monitor::bindnet_event>();
    is_shared::<detector::bindnet_conflict>();
};
