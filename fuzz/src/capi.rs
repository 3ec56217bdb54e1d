//! Whatever the C API is called with, as far as its contract allows it (pointers are NULL or valid,
//! texts end): no call crashes or panics, nothing is written but by a call that succeeds, and
//! nothing behind the end of a buffer.

#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int};
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::ptr::{null, null_mut};

use arbitrary::{Result, Unstructured};
// Its functions are linked.
use bindnet as _;

use super::input;
use functions::*;

mod functions;
mod live;

/// How many calls are made at most.
const LONG: usize = 64;
/// What every byte of an output is before a call.
const FILL: u8 = 0xa5;
/// How large the buffers are at most.
const ROOM: usize = 4096;

const OK: c_int = 0;
const INVALID: c_int = 1;
const SPACE: c_int = 4;
const NONE: c_int = 5;
const AGAIN: c_int = 7;

/// sizeof(struct bindnet_address).
const ADDRESS: usize = 192;

const WORDS: [&[u8]; 12] = [
    b"",
    b"default",
    b"corosync",
    b"corosync:3.1.7",
    b"eth0",
    b"label",
    b"secondary",
    b"192.0.2.0",
    b"192.0.2.0/24",
    b"192.0.2.10",
    b"fe80::1%eth0",
    b"2001:db8::/64",
];

pub fn check(data: &[u8]) {
    let mut caller = Caller {
        handles: [null_mut(); KINDS],
        folder: None,
    };
    // Bytes that run out are read as zeros, so that this never fails in practice.
    let _ = caller.calls(&mut Unstructured::new(data));
}

/// Who calls, with one handle of each kind, or NULL.
struct Caller {
    handles: [Any; KINDS],
    folder: Option<PathBuf>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        for (handle, free) in self.handles.into_iter().zip(FREES) {
            // SAFETY: a handle of the kind that this frees, which nobody else has, or NULL.
            unsafe { free(handle) };
        }
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Caller {
    fn calls(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        // What asks the kernel or the disk is slow.
        let is_live = u.ratio(1, 32)?;
        for _ in 0..u.int_in_range(1..=LONG)? {
            match u.int_in_range(0..=if is_live { 17 } else { 11 })? {
                0 => self.new_selector(u)?,
                1 => self.new_snapshot(u)?,
                2 => self.decide(u)?,
                3 => self.set(u)?,
                // Twice, so that the seeds keep the numbers of the calls that come behind.
                4 | 10 => self.write(u)?,
                5 | 11 => self.get(u)?,
                6 => self.address(u)?,
                7 => self.give(u)?,
                8 => self.conflict(u)?,
                9 => self.free(u)?,
                12 => self.capture(u)?,
                13 => self.state(u)?,
                14 => self.monitor(u)?,
                15 => self.detector(u)?,
                16 => self.dispatch(u)?,
                _ => self.version(),
            }
        }
        Ok(())
    }

    /// A handle of this kind, or NULL.
    fn handle(&self, u: &mut Unstructured<'_>, kind: Kind) -> Result<Any> {
        let null = u.ratio(1, 8)?;
        Ok(if null {
            null_mut()
        } else {
            self.handles[kind as usize]
        })
    }

    /// A call that gives a handle of this kind, which is kept.
    fn makes(
        &mut self,
        u: &mut Unstructured<'_>,
        kind: Kind,
        call: impl FnOnce(*mut Any) -> c_int,
    ) -> Result<()> {
        let unset = FREES.as_ptr().cast_mut().cast();
        let mut room: Any = unset;
        let is_null = u.ratio(1, 8)?;
        let result = ended(call(if is_null { null_mut() } else { &raw mut room }));
        if is_null {
            assert_eq!(result, INVALID);
        }
        match result {
            OK => {
                assert!(room != unset && !room.is_null());
                let before = std::mem::replace(&mut self.handles[kind as usize], room);
                // SAFETY: the handle that was there, which nobody else has, or NULL.
                unsafe { FREES[kind as usize](before) };
            }
            _ => assert_eq!(room, unset),
        }
        Ok(())
    }

    fn new_selector(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let text = match u.ratio(3, 4)? {
            true => {
                let v4 = u.ratio(1, 2)?;
                CString::new(input::bindnet(u, v4)?.to_string()).ok()
            }
            false => text(u)?,
        };
        // SAFETY: a text or NULL, and room for a pointer or NULL.
        self.makes(u, Selector, |to| unsafe {
            bindnet_selector_new(pointer(&text), to)
        })
    }

    fn new_snapshot(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let json = match u.ratio(3, 4)? {
            true => {
                let v4 = u.ratio(1, 2)?;
                input::host(u, v4)?.to_json().into_bytes()
            }
            false => bytes(u)?,
        };
        let is_null = u.ratio(1, 8)?;
        let (from, len) = match is_null {
            true => (null(), u.int_in_range(0..=64)?),
            // No object is so long, which can be seen.
            false if u.ratio(1, 16)? => (json.as_ptr(), usize::MAX),
            false => (json.as_ptr(), json.len()),
        };
        self.makes(u, Snapshot, |to| {
            // SAFETY: so many bytes, or NULL, or no length at all; and room for a pointer or NULL.
            unsafe { bindnet_snapshot_parse(from.cast(), len, to) }
        })
    }

    fn decide(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (selector, snapshot) = (self.handle(u, Selector)?, self.handle(u, Snapshot)?);
        self.makes(u, Decision, |to| {
            // SAFETY: handles of their kinds, or NULL.
            unsafe { bindnet_selector_decide(selector, snapshot, to) }
        })
    }

    fn set(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let selector = self.handle(u, Selector)?;
        let result = match u.int_in_range(0..=9)? {
            0 => {
                let (flags, flag) = (*u.choose(&FLAGS)?, u.arbitrary()?);
                // SAFETY: a handle of its kind, or NULL.
                unsafe { flags(selector, flag) }
            }
            1 => {
                let numbers = bytes(u)?;
                let is_null = u.ratio(1, 4)?;
                let from = if is_null { null() } else { numbers.as_ptr() };
                // SAFETY: a handle of its kind or NULL, and so many bytes or NULL.
                unsafe { bindnet_selector_floating_protocols(selector, from, numbers.len()) }
            }
            _ => {
                let (sets, text) = (*u.choose(&SETTERS)?, text(u)?);
                // SAFETY: a handle of its kind or NULL, and a text or NULL.
                let result = unsafe { sets(selector, pointer(&text)) };
                assert!(text.is_some() || result == INVALID);
                result
            }
        };
        assert!(matches!(ended(result), OK | INVALID));
        assert!(!selector.is_null() || result == INVALID);
        Ok(())
    }

    /// What writes into a buffer.
    fn write(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (kind, writes) = *u.choose(&WRITERS)?;
        let handle = self.handle(u, kind)?;
        if u.ratio(1, 8)? {
            // SAFETY: a buffer of this size or NULL, and room for a number or NULL.
            let result = self.writes(u, false, |to, size, n| unsafe {
                bindnet_error(to, size, n)
            })?;
            assert!(result != NONE);
            return Ok(());
        }
        self.writes(u, handle.is_null(), |to, size, n| {
            // SAFETY: a handle of its kind or NULL, and the same.
            unsafe { writes(handle, to, size, n) }
        })?;
        Ok(())
    }

    /// A call that writes into a buffer, and how it ended; whether another argument of it is NULL.
    fn writes(
        &self,
        u: &mut Unstructured<'_>,
        is_invalid: bool,
        call: impl FnOnce(*mut c_char, usize, *mut usize) -> c_int,
    ) -> Result<c_int> {
        let size = u.int_in_range(0..=ROOM)?;
        let (no_buffer, no_needed) = (u.ratio(1, 8)?, u.ratio(1, 8)?);
        // The bytes behind the buffer are not the function's.
        let mut buffer = vec![FILL; size + 16];
        let mut needed = usize::MAX;
        let to = if no_buffer {
            null_mut()
        } else {
            buffer.as_mut_ptr().cast()
        };
        let len = if no_needed {
            null_mut()
        } else {
            &raw mut needed
        };
        let result = ended(call(to, size, len));
        assert_eq!(result == INVALID, is_invalid || no_buffer && size > 0);
        let written = match result {
            OK => buffer.iter().position(|byte| *byte == 0).expect("a NUL") + 1,
            _ => 0,
        };
        assert!(written <= size && buffer[written..].iter().all(|byte| *byte == FILL));
        assert!(std::str::from_utf8(&buffer[..written]).is_ok());
        match result {
            OK => assert!(no_needed || needed == written),
            SPACE => assert!(no_needed || needed > size && needed != usize::MAX),
            _ => {
                assert!(matches!(result, INVALID | NONE));
                assert_eq!(needed, usize::MAX);
            }
        }
        Ok(result)
    }

    fn get(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (kind, gets) = *u.choose(&GETTERS)?;
        let handle = self.handle(u, kind)?;
        let mut number = c_int::MIN;
        let is_null = u.ratio(1, 8)?;
        let to = if is_null { null_mut() } else { &raw mut number };
        // SAFETY: a handle of its kind or NULL, and room for a number or NULL.
        let result = ended(unsafe { gets(handle, to) });
        let expected = if is_null || handle.is_null() {
            INVALID
        } else {
            OK
        };
        assert_eq!(result, expected);
        assert_eq!(number >= 0, result == OK);
        Ok(())
    }

    /// What fills in a struct.
    fn address(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let kind = *u.choose(&[Decision, Decision, Monitor])?;
        let handle = self.handle(u, kind)?;
        // A caller of a later version has more behind it, which becomes 0.
        let mut room = [MaybeUninit::<u64>::new(u64::from_ne_bytes([FILL; 8])); ADDRESS / 8 + 4];
        let size: usize = *u.choose(&[ADDRESS, ADDRESS + 32, 0, ADDRESS - 1, usize::MAX])?;
        room[0].write(size as u64);
        let is_null = u.ratio(1, 8)?;
        let to: Any = if is_null {
            null_mut()
        } else {
            room.as_mut_ptr().cast()
        };
        let number = match u.ratio(7, 8)? {
            true => u.int_in_range(0..=8)?,
            false => u.arbitrary()?,
        };
        let result = ended(match (kind, u.ratio(1, 2)?) {
            // SAFETY: a handle of its kind or NULL, and room for the struct or NULL.
            (Decision, true) => unsafe { bindnet_decision_chosen(handle, to) },
            // SAFETY: the same.
            (Decision, false) => unsafe { bindnet_decision_candidate(handle, number, to) },
            // SAFETY: the same.
            _ => unsafe { bindnet_monitor_choice(handle, to) },
        });
        if result == OK {
            let (mut text, mut needed) = ([0; 64], 0);
            // SAFETY: what was filled in, and a buffer of this size.
            let told = ended(unsafe {
                bindnet_address_text(to, text.as_mut_ptr(), text.len(), &raw mut needed)
            });
            assert!(told == OK && text[needed - 1] == 0 && text[needed - 2] != 0);
        }
        let is_sized = (ADDRESS..=4096).contains(&size);
        let is_invalid = is_null || handle.is_null() || !is_sized;
        assert_eq!(result == INVALID, is_invalid);
        assert!(matches!(result, OK | INVALID | NONE));
        // SAFETY: it was filled before the call, and a struct of integers has what it was given.
        let words = room.map(|word| unsafe { word.assume_init() });
        assert_eq!(words[0], size as u64);
        let (known, all) = match result {
            OK => (ADDRESS / 8, size / 8),
            _ => (1, 1),
        };
        let fill = u64::from_ne_bytes([FILL; 8]);
        assert!(words[known..all].iter().all(|word| *word == 0));
        assert!(words[all..].iter().all(|word| *word == fill));
        Ok(())
    }

    fn give(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (kind, gives, given) = *u.choose(&GIVERS)?;
        let handle = self.handle(u, kind)?;
        // SAFETY: a handle of its kind or NULL, and room for a pointer or NULL.
        self.makes(u, given, |to| unsafe { gives(handle, to) })
    }

    /// What a detector found, and numbers that do not fit into an int.
    fn conflict(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (decision, conflict) = (self.handle(u, Decision)?, self.handle(u, Conflict)?);
        let is_null = u.ratio(1, 8)?;
        match u.int_in_range(0..=2)? {
            0 => {
                // SAFETY: handles of their kinds, or NULL.
                let result = ended(unsafe { bindnet_decision_add_conflict(decision, conflict) });
                // What was found of another address than the choice is refused, too.
                assert!(result == INVALID || !decision.is_null() && !conflict.is_null());
                assert!(matches!(result, OK | INVALID));
            }
            1 => {
                let (mut mac, mut how) = ([FILL; 6], c_int::MIN);
                let to = if is_null {
                    null_mut()
                } else {
                    mac.as_mut_ptr()
                };
                // SAFETY: a handle of its kind or NULL, and room for both or NULL.
                let result = ended(unsafe { bindnet_conflict_mac(conflict, to, &raw mut how) });
                assert_eq!(result == INVALID, is_null || conflict.is_null());
                // Nobody claims an address of the loopback link.
                assert!(result != OK && mac == [FILL; 6] && how == c_int::MIN);
            }
            _ => {
                let (kind, counts) = *u.choose(&COUNTERS)?;
                let handle = self.handle(u, kind)?;
                let mut count = u64::MAX;
                let to = if is_null { null_mut() } else { &raw mut count };
                // SAFETY: a handle of its kind or NULL, and room for a number or NULL.
                let result = ended(unsafe { counts(handle, to) });
                assert_eq!(result == INVALID, is_null || handle.is_null());
                assert!(matches!(result, OK | INVALID | NONE));
                assert_eq!(count != u64::MAX, result == OK);
            }
        }
        Ok(())
    }

    fn free(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let kind = u.choose_index(KINDS)?;
        let handle = std::mem::replace(&mut self.handles[kind], null_mut());
        // SAFETY: a handle of the kind that this frees, which is forgotten, or NULL.
        unsafe { FREES[kind](handle) };
        Ok(())
    }

    fn version(&self) {
        // SAFETY: it takes nothing.
        let text = unsafe { bindnet_version() };
        assert!(!text.is_null());
    }
}

/// A result that a caller may see: no bug of the library.
fn ended(result: c_int) -> c_int {
    assert!(matches!(result, 0..=5 | AGAIN), "{result}");
    result
}

/// A text, or NULL: known words, and any bytes up to a NUL.
fn text(u: &mut Unstructured<'_>) -> Result<Option<CString>> {
    let bytes = match u.int_in_range(0..=7)? {
        0 => return Ok(None),
        1..=5 => u.choose(&WORDS)?.to_vec(),
        _ => bytes(u)?,
    };
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(CString::new(text).ok())
}

fn pointer(text: &Option<CString>) -> Text {
    text.as_ref().map_or(null(), |text| text.as_ptr())
}

fn bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let len = u.int_in_range(0..=32)?;
    Ok(u.bytes(len.min(u.len()))?.to_vec())
}

/// Something in so many of eight cases.
fn maybe<T>(
    u: &mut Unstructured<'_>,
    of_eight: u8,
    some: impl FnOnce(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    Ok(if u.ratio(of_eight, 8)? {
        Some(some(u)?)
    } else {
        None
    })
}
