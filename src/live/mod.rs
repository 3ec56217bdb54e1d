//! The drivers: they ask the kernel and hold the fds.

#[cfg(target_os = "linux")]
mod capturer;
#[cfg(target_os = "linux")]
mod catch_up;
#[cfg(target_os = "linux")]
mod detector;
#[cfg(target_os = "linux")]
mod dirty;
#[cfg(target_os = "linux")]
mod dump;
mod error;
#[cfg(target_os = "linux")]
mod fill;
mod getifaddrs;
mod hosts_file;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod keeper_builder;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod monitor;
#[cfg(target_os = "linux")]
mod packets;
#[cfg(target_os = "linux")]
mod refresh;
mod state_error;
mod state_file;
mod state_lock;
#[cfg(target_os = "linux")]
mod wait;

#[cfg(target_os = "linux")]
pub use capturer::Capturer;
#[cfg(target_os = "linux")]
pub use detector::Detector;
pub use error::KernelError;
pub use hosts_file::read_hosts;
#[cfg(target_os = "linux")]
pub use keeper::Keeper;
#[cfg(target_os = "linux")]
pub use keeper_builder::KeeperBuilder;
#[cfg(target_os = "linux")]
pub use monitor::Monitor;
pub use state_error::StateError;
pub use state_file::StateFile;
