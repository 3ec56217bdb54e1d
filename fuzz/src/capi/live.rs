//! What asks the kernel or the disk.

use std::ffi::{CString, c_int};
use std::ptr::null_mut;

use arbitrary::{Result, Unstructured};

use super::functions::*;
use super::{Caller, INVALID, OK, bytes, ended, maybe, pointer};

impl Caller {
    pub(super) fn capture(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        match u.int_in_range(0..=3)? {
            0 => {
                let source = u.int_in_range(-1..=2)?;
                // SAFETY: room for a pointer or NULL.
                self.makes(u, Snapshot, |to| unsafe {
                    bindnet_snapshot_capture(source, to)
                })
            }
            // SAFETY: the same.
            1 => self.makes(u, Capturer, |to| unsafe { bindnet_capturer_new(to) }),
            2 => {
                let capturer = self.handle(u, Capturer)?;
                let milliseconds = *u.choose(&[0, 1, 500, c_int::MAX, -1, c_int::MIN])?;
                // SAFETY: a handle of its kind, or NULL.
                let result = ended(unsafe { bindnet_capturer_timeout(capturer, milliseconds) });
                assert_eq!(result == OK, !capturer.is_null() && milliseconds >= 0);
                Ok(())
            }
            _ => {
                let (capturer, selector) = (self.handle(u, Capturer)?, self.handle(u, Selector)?);
                self.makes(u, Decision, |to| {
                    // SAFETY: handles of their kinds or NULL, and the same.
                    unsafe { bindnet_capturer_decide(capturer, selector, to) }
                })
            }
        }
    }

    /// A state file with any content, in a folder of this process alone.
    pub(super) fn state(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let name = format!(
            "bindnet-fuzz-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::create_dir(&folder);
        let path = folder.join("choices");
        self.folder = Some(folder);
        if u.ratio(1, 4)? {
            let _ = std::fs::write(&path, bytes(u)?);
        }
        let path = match u.int_in_range(0..=7)? {
            0 => None,
            1 => Some(String::new()),
            2 => Some(format!("{}/missing", path.display())),
            _ => Some(path.display().to_string()),
        };
        let path = path.map(|path| CString::new(path).expect("no NUL"));
        let readers: [(Kind, Keeps); 3] = [
            (Selector, bindnet_state_read),
            (Decision, bindnet_state_remember),
            (Decision, bindnet_state_replace),
        ];
        let (kind, keeps) = *u.choose(&readers)?;
        let handle = self.handle(u, kind)?;
        let mut flag = c_int::MIN;
        let is_null = u.ratio(1, 4)?;
        let to = if is_null { null_mut() } else { &raw mut flag };
        // SAFETY: a text or NULL, a handle of its kind or NULL, and room for a number or NULL.
        let result = ended(unsafe { keeps(pointer(&path), handle, to) });
        assert_eq!(result == INVALID, handle.is_null() || path.is_none());
        match result {
            OK => assert!(is_null || matches!(flag, 0 | 1)),
            _ => assert_eq!(flag, c_int::MIN),
        }
        Ok(())
    }

    pub(super) fn monitor(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (selector, follow) = (self.handle(u, Selector)?, u.int_in_range(-1..=1)?);
        self.makes(u, Monitor, |to| {
            // SAFETY: a handle of its kind or NULL, and room for a pointer or NULL.
            unsafe { bindnet_monitor_new(selector, follow, to) }
        })?;
        let monitor = self.handle(u, Monitor)?;
        let milliseconds = *u.choose(&[0, 0, 1, -1, c_int::MIN])?;
        // SAFETY: a handle of its kind, or NULL.
        let result = ended(unsafe { bindnet_monitor_wait(monitor, milliseconds) });
        assert_eq!(result == INVALID, monitor.is_null() || milliseconds < 0);
        Ok(())
    }

    /// A detector of an address on the loopback link: nobody else is asked anything.
    pub(super) fn detector(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let some = |text: &str| CString::new(text).ok();
        let texts = ["127.0.0.1", "::1", "127.0.0.2", "0.0.0.0", "", "x\u{ff}"];
        let address = maybe(u, 7, |u| u.choose(&texts).map(|text| some(text)))?.flatten();
        let names = ["lo", "no-such-link", "", "longer-than-a-name"];
        let name = maybe(u, 2, |u| u.choose(&names).map(|text| some(text)))?.flatten();
        let (is_free, timing) = (u.int_in_range(0..=1)?, u.int_in_range(-1..=3)?);
        let new = match is_free {
            0 => bindnet_detector_new,
            _ => bindnet_detector_new_before_use,
        };
        self.makes(u, Detector, |to| {
            // SAFETY: texts or NULL, and room for a pointer or NULL.
            unsafe { new(pointer(&address), pointer(&name), timing, to) }
        })
    }

    pub(super) fn dispatch(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let monitor = self.handle(u, Monitor)?;
        // SAFETY: a handle of its kind, or NULL.
        let result = ended(unsafe { bindnet_monitor_dispatch(monitor) });
        assert_eq!(result == INVALID, monitor.is_null());
        Ok(())
    }
}
