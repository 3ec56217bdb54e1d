//! Which version this is.

use std::ffi::{CStr, c_char};

/// The major number of the version of this header.
#[allow(dead_code)] // For the header.
pub const BINDNET_VERSION_MAJOR: u32 = 0;
/// The minor number of the version of this header.
#[allow(dead_code)] // For the header.
pub const BINDNET_VERSION_MINOR: u32 = 1;
/// The patch number of the version of this header.
#[allow(dead_code)] // For the header.
pub const BINDNET_VERSION_PATCH: u32 = 0;

const VERSION: &CStr = c"0.1.0";

/// The version of the library that is loaded, "0.1.0" for instance. It is static: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_version() -> *const c_char {
    VERSION.as_ptr()
}
