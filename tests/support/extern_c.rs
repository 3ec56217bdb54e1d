//! The C API from outside, as `include/bindnet.h` declares it: the library is linked, whose
//! functions are `extern "C"`.

#![allow(unsafe_code)]
use std::ffi::{CString, c_char, c_int};
use std::ptr::{NonNull, null_mut};

use nix::libc;

/// BINDNET_OK.
pub const OK: c_int = 0;

/// Something of the library's, behind a pointer.
#[repr(C)]
pub struct Opaque([u8; 0]);

pub type Handle = NonNull<Opaque>;
pub type Writes = unsafe extern "C" fn(*const Opaque, *mut c_char, usize, *mut usize) -> c_int;
pub type Sets = unsafe extern "C" fn(*mut Opaque, *const c_char) -> c_int;

/// struct bindnet_address of bindnet.h.
#[repr(C)]
pub struct Address {
    pub size: usize,
    pub address: libc::sockaddr_storage,
    pub address_len: libc::socklen_t,
    pub prefix_len: c_int,
    pub interface_index: u32,
    pub link_up: c_int,
    pub verdict: c_int,
    pub reasons: u32,
    pub interface_name: [u8; 16],
    pub label: [u8; 16],
}

unsafe extern "C" {
    pub fn bindnet_selector_new(text: *const c_char, to: *mut *mut Opaque) -> c_int;
    pub fn bindnet_selector_free(selector: *mut Opaque);
    pub fn bindnet_selector_profile(selector: *mut Opaque, text: *const c_char) -> c_int;
    pub fn bindnet_selector_strict(selector: *mut Opaque, flag: c_int) -> c_int;
    pub fn bindnet_selector_interface(selector: *mut Opaque, text: *const c_char) -> c_int;
    pub fn bindnet_selector_floating(selector: *mut Opaque, text: *const c_char) -> c_int;
    pub fn bindnet_selector_fixed(selector: *mut Opaque, text: *const c_char) -> c_int;
    pub fn bindnet_selector_without_rule(selector: *mut Opaque, text: *const c_char) -> c_int;
    pub fn bindnet_selector_floating_protocols(
        selector: *mut Opaque,
        from: *const u8,
        count: usize,
    ) -> c_int;
    pub fn bindnet_selector_previous(selector: *mut Opaque, text: *const c_char) -> c_int;
    pub fn bindnet_selector_list_all(selector: *mut Opaque, flag: c_int) -> c_int;
    pub fn bindnet_selector_decide(
        selector: *const Opaque,
        host: *const Opaque,
        to: *mut *mut Opaque,
    ) -> c_int;
    pub fn bindnet_snapshot_parse(json: *const c_char, len: usize, to: *mut *mut Opaque) -> c_int;
    pub fn bindnet_snapshot_json(
        host: *const Opaque,
        to: *mut c_char,
        size: usize,
        needed: *mut usize,
    ) -> c_int;
    pub fn bindnet_snapshot_free(host: *mut Opaque);
    pub fn bindnet_decision_json(
        decision: *const Opaque,
        to: *mut c_char,
        size: usize,
        needed: *mut usize,
    ) -> c_int;
    pub fn bindnet_decision_text(
        decision: *const Opaque,
        to: *mut c_char,
        size: usize,
        needed: *mut usize,
    ) -> c_int;
    pub fn bindnet_decision_report(
        decision: *const Opaque,
        to: *mut c_char,
        size: usize,
        needed: *mut usize,
    ) -> c_int;
    pub fn bindnet_decision_outcome(decision: *const Opaque, to: *mut c_int) -> c_int;
    pub fn bindnet_decision_ambiguous(decision: *const Opaque, to: *mut c_int) -> c_int;
    pub fn bindnet_decision_chosen(decision: *const Opaque, to: *mut Address) -> c_int;
    pub fn bindnet_decision_candidate(
        decision: *const Opaque,
        at: usize,
        to: *mut Address,
    ) -> c_int;
    pub fn bindnet_address_text(
        address: *const Address,
        to: *mut c_char,
        size: usize,
        needed: *mut usize,
    ) -> c_int;
    pub fn bindnet_decision_free(decision: *mut Opaque);
    pub fn bindnet_capturer_new(to: *mut *mut Opaque) -> c_int;
    pub fn bindnet_capturer_decide(
        capturer: *mut Opaque,
        selector: *const Opaque,
        to: *mut *mut Opaque,
    ) -> c_int;
    pub fn bindnet_capturer_free(capturer: *mut Opaque);
    pub fn bindnet_monitor_new(
        selector: *const Opaque,
        follow: c_int,
        to: *mut *mut Opaque,
    ) -> c_int;
    pub fn bindnet_monitor_wait(monitor: *mut Opaque, milliseconds: c_int) -> c_int;
    pub fn bindnet_monitor_free(monitor: *mut Opaque);
    pub fn bindnet_detector_new(
        address: *const c_char,
        interface_name: *const c_char,
        timing: c_int,
        to: *mut *mut Opaque,
    ) -> c_int;
    pub fn bindnet_detector_free(detector: *mut Opaque);
    pub fn bindnet_error(to: *mut c_char, size: usize, needed: *mut usize) -> c_int;
}

/// A handle that is freed with the value.
pub struct Owned(pub Handle, unsafe extern "C" fn(*mut Opaque));

impl Owned {
    fn new(
        free: unsafe extern "C" fn(*mut Opaque),
        make: impl FnOnce(*mut *mut Opaque) -> c_int,
    ) -> Self {
        Self::try_new(free, make).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What a function makes, or what it says of its failure.
    fn try_new(
        free: unsafe extern "C" fn(*mut Opaque),
        make: impl FnOnce(*mut *mut Opaque) -> c_int,
    ) -> Result<Self, String> {
        let mut handle = null_mut();
        if make(&raw mut handle) != OK {
            return Err(error());
        }
        Ok(Self(NonNull::new(handle).expect("a handle"), free))
    }

    pub fn selector(bindnetaddr: &str) -> Self {
        Self::try_selector(bindnetaddr).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn try_selector(bindnetaddr: &str) -> Result<Self, String> {
        let text = CString::new(bindnetaddr).unwrap();
        // SAFETY: a text with a NUL, and room for a pointer.
        Self::try_new(bindnet_selector_free, |to| unsafe {
            bindnet_selector_new(text.as_ptr(), to)
        })
    }

    pub fn snapshot(json: &str) -> Self {
        // SAFETY: a text of this length, and room for a pointer.
        Self::new(bindnet_snapshot_free, |to| unsafe {
            bindnet_snapshot_parse(json.as_ptr().cast(), json.len(), to)
        })
    }

    pub fn decision(selector: &Self, host: &Self) -> Self {
        // SAFETY: handles that live, and room for a pointer.
        Self::new(bindnet_decision_free, |to| unsafe {
            bindnet_selector_decide(selector.0.as_ptr(), host.0.as_ptr(), to)
        })
    }

    pub fn capturer() -> Self {
        // SAFETY: room for a pointer.
        Self::new(bindnet_capturer_free, |to| unsafe {
            bindnet_capturer_new(to)
        })
    }

    /// What a capturer decides about this host.
    pub fn decided_here(capturer: &mut Self, selector: &Self) -> Self {
        // SAFETY: handles that live, and room for a pointer.
        Self::new(bindnet_decision_free, |to| unsafe {
            bindnet_capturer_decide(capturer.0.as_ptr(), selector.0.as_ptr(), to)
        })
    }

    /// A monitor that has waited for its first event for so many milliseconds.
    pub fn monitor(selector: &Self, milliseconds: c_int) -> Self {
        // SAFETY: a handle that lives, and room for a pointer.
        let monitor = Self::new(bindnet_monitor_free, |to| unsafe {
            bindnet_monitor_new(selector.0.as_ptr(), 0, to)
        });
        // SAFETY: a handle that lives.
        let result = unsafe { bindnet_monitor_wait(monitor.0.as_ptr(), milliseconds) };
        assert_eq!(result, OK);
        monitor
    }

    /// A detector that listens (BINDNET_TIMING_LISTEN) for an address on a link.
    pub fn detector(address: &str, interface_name: &[u8]) -> Self {
        const LISTEN: c_int = 2;
        let address = CString::new(address).unwrap();
        let name = CString::new(interface_name).unwrap();
        // SAFETY: texts with a NUL, and room for a pointer.
        Self::new(bindnet_detector_free, |to| unsafe {
            bindnet_detector_new(address.as_ptr(), name.as_ptr(), LISTEN, to)
        })
    }

    pub fn set(&mut self, sets: Sets, text: &str) {
        self.set_bytes(sets, text.as_bytes());
    }

    /// The same with bytes that need not be UTF-8.
    pub fn set_bytes(&mut self, sets: Sets, bytes: &[u8]) {
        let words = CString::new(bytes).unwrap();
        // SAFETY: a handle that lives, and a text with a NUL.
        let result = unsafe { sets(self.0.as_ptr(), words.as_ptr()) };
        assert_eq!(result, OK, "{words:?}");
    }

    /// What a function writes about it.
    pub fn text(&self, writes: Writes) -> String {
        self.text_by(|handle, to, size, needed| {
            // SAFETY: a handle that lives, a buffer of this size and room for a number.
            unsafe { writes(handle, to, size, needed) }
        })
    }

    /// The same of a function that takes more.
    pub fn text_by(
        &self,
        writes: impl FnOnce(*const Opaque, *mut c_char, usize, *mut usize) -> c_int,
    ) -> String {
        written(|to, size, needed| writes(self.0.as_ptr(), to, size, needed))
    }
}

/// What the library writes for an address.
pub fn address_text(address: &Address) -> String {
    written(|to, size, needed| {
        // SAFETY: a struct that says its size, a buffer of this size and room for a number.
        unsafe { bindnet_address_text(address, to, size, needed) }
    })
}

/// What the last call that failed had to say.
fn error() -> String {
    written(|to, size, needed| {
        // SAFETY: a buffer of this size and room for a number.
        unsafe { bindnet_error(to, size, needed) }
    })
}

fn written(writes: impl FnOnce(*mut c_char, usize, *mut usize) -> c_int) -> String {
    let mut bytes = vec![0xa5; 1 << 20];
    let (to, size) = (bytes.as_mut_ptr().cast(), bytes.len());
    let mut needed = 0;
    assert_eq!(writes(to, size, &raw mut needed), OK);
    assert_eq!(bytes[needed - 1], 0);
    bytes.truncate(needed - 1);
    String::from_utf8(bytes).unwrap()
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle is of the type that this frees, and this is its end.
        unsafe { (self.1)(self.0.as_ptr()) };
    }
}
