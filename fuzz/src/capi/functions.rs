//! The functions of the C API as `include/bindnet.h` declares them, by what they do.

use std::ffi::{c_char, c_int, c_void};

pub type Any = *mut c_void;
pub type Text = *const c_char;

/// What a handle is of.
#[derive(Clone, Copy)]
pub enum Kind {
    Selector,
    Snapshot,
    Decision,
    Capturer,
    Monitor,
    Event,
    Detector,
    Conflict,
}

/// How many kinds there are.
pub const KINDS: usize = 8;

pub use Kind::{Capturer, Conflict, Decision, Detector, Event, Monitor, Selector, Snapshot};

// As include/bindnet.h declares them, with one pointer type for all handles.
unsafe extern "C" {
    pub fn bindnet_version() -> Text;
    pub fn bindnet_error(buffer: *mut c_char, size: usize, needed: *mut usize) -> c_int;
    pub fn bindnet_selector_new(text: Text, to: *mut Any) -> c_int;
    pub fn bindnet_selector_free(handle: Any);
    pub fn bindnet_selector_profile(handle: Any, text: Text) -> c_int;
    pub fn bindnet_selector_strict(handle: Any, flag: c_int) -> c_int;
    pub fn bindnet_selector_interface(handle: Any, text: Text) -> c_int;
    pub fn bindnet_selector_floating(handle: Any, text: Text) -> c_int;
    pub fn bindnet_selector_fixed(handle: Any, text: Text) -> c_int;
    pub fn bindnet_selector_without_rule(handle: Any, text: Text) -> c_int;
    pub fn bindnet_selector_floating_protocols(
        handle: Any,
        numbers: *const u8,
        count: usize,
    ) -> c_int;
    pub fn bindnet_selector_previous(handle: Any, text: Text) -> c_int;
    pub fn bindnet_selector_list_all(handle: Any, flag: c_int) -> c_int;
    pub fn bindnet_snapshot_capture(source: c_int, to: *mut Any) -> c_int;
    pub fn bindnet_snapshot_parse(json: Text, len: usize, to: *mut Any) -> c_int;
    pub fn bindnet_snapshot_json(handle: Any, to: *mut c_char, size: usize, n: *mut usize)
    -> c_int;
    pub fn bindnet_snapshot_free(handle: Any);
    pub fn bindnet_selector_decide(selector: Any, snapshot: Any, to: *mut Any) -> c_int;
    pub fn bindnet_capturer_new(to: *mut Any) -> c_int;
    pub fn bindnet_capturer_timeout(handle: Any, milliseconds: c_int) -> c_int;
    pub fn bindnet_capturer_decide(capturer: Any, selector: Any, to: *mut Any) -> c_int;
    pub fn bindnet_capturer_free(handle: Any);
    pub fn bindnet_decision_outcome(handle: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_decision_ambiguous(handle: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_decision_chosen(handle: Any, to: Any) -> c_int;
    pub fn bindnet_decision_candidate(handle: Any, number: usize, to: Any) -> c_int;
    pub fn bindnet_decision_text(handle: Any, to: *mut c_char, size: usize, n: *mut usize)
    -> c_int;
    pub fn bindnet_decision_report(
        handle: Any,
        to: *mut c_char,
        size: usize,
        n: *mut usize,
    ) -> c_int;
    pub fn bindnet_decision_json(handle: Any, to: *mut c_char, size: usize, n: *mut usize)
    -> c_int;
    pub fn bindnet_decision_add_conflict(decision: Any, conflict: Any) -> c_int;
    pub fn bindnet_decision_free(handle: Any);
    pub fn bindnet_address_text(
        address: *const c_void,
        to: *mut c_char,
        size: usize,
        n: *mut usize,
    ) -> c_int;
    pub fn bindnet_state_read(path: Text, selector: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_state_remember(path: Text, decision: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_state_replace(path: Text, decision: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_monitor_new(selector: Any, follow: c_int, to: *mut Any) -> c_int;
    pub fn bindnet_monitor_wait(handle: Any, milliseconds: c_int) -> c_int;
    pub fn bindnet_monitor_fd(handle: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_monitor_dispatch(handle: Any) -> c_int;
    pub fn bindnet_monitor_next_event(handle: Any, to: *mut Any) -> c_int;
    pub fn bindnet_monitor_choice(handle: Any, to: Any) -> c_int;
    pub fn bindnet_monitor_decision(handle: Any, to: *mut Any) -> c_int;
    pub fn bindnet_monitor_decision_of_choice(handle: Any, to: *mut Any) -> c_int;
    pub fn bindnet_monitor_overruns(handle: Any, to: *mut u64) -> c_int;
    pub fn bindnet_monitor_free(handle: Any);
    pub fn bindnet_event_kind(handle: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_event_text(handle: Any, to: *mut c_char, size: usize, n: *mut usize) -> c_int;
    pub fn bindnet_event_json(handle: Any, to: *mut c_char, size: usize, n: *mut usize) -> c_int;
    pub fn bindnet_event_address(handle: Any, to: *mut c_char, size: usize, n: *mut usize)
    -> c_int;
    pub fn bindnet_event_previous(
        handle: Any,
        to: *mut c_char,
        size: usize,
        n: *mut usize,
    ) -> c_int;
    pub fn bindnet_event_free(handle: Any);
    pub fn bindnet_detector_new(
        address: Text,
        interface_name: Text,
        timing: c_int,
        to: *mut Any,
    ) -> c_int;
    pub fn bindnet_detector_new_before_use(
        address: Text,
        interface_name: Text,
        timing: c_int,
        to: *mut Any,
    ) -> c_int;
    pub fn bindnet_detector_fd(handle: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_detector_next_event(handle: Any, to: *mut Any) -> c_int;
    pub fn bindnet_detector_free(handle: Any);
    pub fn bindnet_conflict_verdict(handle: Any, to: *mut c_int) -> c_int;
    pub fn bindnet_conflict_mac(handle: Any, mac: *mut u8, how: *mut c_int) -> c_int;
    pub fn bindnet_conflict_count(handle: Any, to: *mut u64) -> c_int;
    pub fn bindnet_conflict_elapsed(handle: Any, to: *mut u64) -> c_int;
    pub fn bindnet_conflict_reason(
        handle: Any,
        to: *mut c_char,
        size: usize,
        n: *mut usize,
    ) -> c_int;
    pub fn bindnet_conflict_text(handle: Any, to: *mut c_char, size: usize, n: *mut usize)
    -> c_int;
    pub fn bindnet_conflict_json(handle: Any, to: *mut c_char, size: usize, n: *mut usize)
    -> c_int;
    pub fn bindnet_conflict_free(handle: Any);
}

pub type Sets = unsafe extern "C" fn(Any, Text) -> c_int;
pub type Flags = unsafe extern "C" fn(Any, c_int) -> c_int;
pub type Gets = unsafe extern "C" fn(Any, *mut c_int) -> c_int;
pub type Counts = unsafe extern "C" fn(Any, *mut u64) -> c_int;
pub type Gives = unsafe extern "C" fn(Any, *mut Any) -> c_int;
pub type Writes = unsafe extern "C" fn(Any, *mut c_char, usize, *mut usize) -> c_int;
pub type Keeps = unsafe extern "C" fn(Text, Any, *mut c_int) -> c_int;
pub type Frees = unsafe extern "C" fn(Any);

pub const SETTERS: [Sets; 6] = [
    bindnet_selector_profile,
    bindnet_selector_interface,
    bindnet_selector_floating,
    bindnet_selector_fixed,
    bindnet_selector_without_rule,
    bindnet_selector_previous,
];
pub const FLAGS: [Flags; 2] = [bindnet_selector_strict, bindnet_selector_list_all];
pub const GETTERS: [(Kind, Gets); 6] = [
    (Decision, bindnet_decision_outcome),
    (Decision, bindnet_decision_ambiguous),
    (Monitor, bindnet_monitor_fd),
    (Event, bindnet_event_kind),
    (Detector, bindnet_detector_fd),
    (Conflict, bindnet_conflict_verdict),
];
/// What gives a larger number, or has none.
pub const COUNTERS: [(Kind, Counts); 3] = [
    (Monitor, bindnet_monitor_overruns),
    (Conflict, bindnet_conflict_count),
    (Conflict, bindnet_conflict_elapsed),
];
pub const GIVERS: [(Kind, Gives, Kind); 4] = [
    (Monitor, bindnet_monitor_next_event, Event),
    (Monitor, bindnet_monitor_decision, Decision),
    (Monitor, bindnet_monitor_decision_of_choice, Decision),
    (Detector, bindnet_detector_next_event, Conflict),
];
pub const WRITERS: [(Kind, Writes); 11] = [
    (Decision, bindnet_decision_text),
    (Decision, bindnet_decision_report),
    (Decision, bindnet_decision_json),
    (Snapshot, bindnet_snapshot_json),
    (Event, bindnet_event_text),
    (Event, bindnet_event_json),
    (Event, bindnet_event_address),
    (Event, bindnet_event_previous),
    (Conflict, bindnet_conflict_text),
    (Conflict, bindnet_conflict_json),
    (Conflict, bindnet_conflict_reason),
];
/// By the numbers of the kinds.
pub const FREES: [Frees; KINDS] = [
    bindnet_selector_free,
    bindnet_snapshot_free,
    bindnet_decision_free,
    bindnet_capturer_free,
    bindnet_monitor_free,
    bindnet_event_free,
    bindnet_detector_free,
    bindnet_conflict_free,
];
