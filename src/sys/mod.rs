//! The system calls, and with the C API the only unsafe Rust of the crate.

pub(crate) mod getifaddrs;
pub(crate) mod host;
#[cfg(target_os = "linux")]
pub(crate) mod netlink;
#[cfg(target_os = "linux")]
pub(crate) mod packet;
#[cfg(target_os = "linux")]
pub(crate) mod wake;
