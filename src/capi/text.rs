//! Texts in, and texts out.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;

use super::call::{Failure, bindnet_result};

/// A text of the caller: bytes up to a NUL.
pub(super) fn bytes<'a>(text: *const c_char, name: &str) -> Result<&'a [u8], Failure> {
    if text.is_null() {
        return Err(Failure::invalid(format_args!("{name} is NULL")));
    }
    // SAFETY: it is not NULL, and the contract of the API says that it points to a text with a NUL
    // at its end which the caller leaves alone during the call.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// A text of the caller in UTF-8.
pub(super) fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str, Failure> {
    let bytes = bytes(text, name)?;
    std::str::from_utf8(bytes).map_err(|error| {
        let shown = String::from_utf8_lossy(bytes);
        Failure::invalid(format_args!("{name} {shown:?}: {error}"))
    })
}

/// A block of bytes of the caller.
pub(super) fn block<'a>(bytes: *const u8, len: usize, name: &str) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if bytes.is_null() || isize::try_from(len).is_err() {
        return Err(Failure::invalid(format_args!(
            "{name} is NULL, or too long"
        )));
    }
    // SAFETY: it is not NULL, no longer than an object can be, and the contract of the API says that
    // it points to so many bytes which the caller leaves alone during the call.
    Ok(unsafe { std::slice::from_raw_parts(bytes, len) })
}

/// Memory of the caller for a block of bytes of a known length. Nothing is written there yet.
pub(super) struct Block<const LEN: usize>(*mut u8);

impl<const LEN: usize> Block<LEN> {
    pub fn of(to: *mut u8, name: &str) -> Result<Self, Failure> {
        if to.is_null() {
            return Err(Failure::invalid(format_args!("{name} is NULL")));
        }
        Ok(Self(to))
    }

    pub fn put(self, block: [u8; LEN]) {
        // SAFETY: it is not NULL, and the contract of the API says that it points to so many bytes,
        // which the library does not have for anything else.
        unsafe { ptr::copy_nonoverlapping(block.as_ptr(), self.0, LEN) };
    }
}

/// A buffer of the caller for a text. Nothing is written there yet.
pub(super) struct Buffer<'a> {
    buffer: *mut c_char,
    size: usize,
    needed: Option<&'a mut MaybeUninit<usize>>,
}

impl<'a> Buffer<'a> {
    pub fn of(
        buffer: *mut c_char,
        size: usize,
        needed: Option<&'a mut MaybeUninit<usize>>,
    ) -> Result<Self, Failure> {
        if buffer.is_null() && size > 0 {
            return Err(Failure::invalid("buffer is NULL, and its size is not 0"));
        }
        Ok(Self {
            buffer,
            size,
            needed,
        })
    }

    /// Copies a text and a NUL into it, if there is room for both.
    pub fn put(self, text: &str) -> Result<(), Failure> {
        let Self {
            buffer,
            size,
            needed,
        } = self;
        // A NUL in it would hide the rest.
        let text = text.replace('\0', "\\0");
        let len = text.len() + 1;
        if let Some(needed) = needed {
            needed.write(len);
        }
        if size < len {
            let message = format!("the buffer has {size} bytes; {len} are needed");
            return Err(Failure::new(bindnet_result::BINDNET_SPACE, message));
        }
        let text = text.as_ptr().cast();
        // SAFETY: the contract of the API says that the buffer has `size` bytes, which are more
        // than the text has, and which the library does not have for anything else.
        unsafe { ptr::copy_nonoverlapping(text, buffer, len - 1) };
        // SAFETY: as above.
        let end = unsafe { buffer.add(len - 1) };
        // SAFETY: as above.
        unsafe { end.write(0) };
        Ok(())
    }
}

/// Copies a text and a NUL into a buffer of the caller, if there is room for both.
pub(super) fn put(
    text: &str,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> Result<(), Failure> {
    Buffer::of(buffer, size, needed)?.put(text)
}
