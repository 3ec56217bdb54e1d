//! The hosts file of this machine.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NONBLOCK};

use crate::corosync::Hosts;

/// The longest hosts file that is read, in bytes.
const MAX_LEN: u64 = 64 << 20;

/// Reads a hosts file, for the names in a corosync.conf; that of this machine is `/etc/hosts`
/// (hosts(5)).
///
/// DNS and the other sources of nsswitch.conf(5) are not asked.
///
/// ```
/// use bindnet::live::read_hosts;
///
/// # let path = std::env::temp_dir().join(format!("bindnet-doc-hosts-{}", std::process::id()));
/// std::fs::write(&path, "192.0.2.1 alice\n")?;
/// let hosts = read_hosts(&path)?;
/// assert_eq!(hosts.addresses("alice").count(), 1);
/// assert_eq!(hosts.addresses("bob").count(), 0);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If the file is missing, is not a regular file, is longer than 64 MiB or cannot be read. A host
/// without one has no names: go on with [`Hosts::default`].
pub fn read_hosts(path: impl AsRef<Path>) -> io::Result<Hosts> {
    let mut options = OpenOptions::new();
    // Without O_NONBLOCK the opening of a FIFO waits for a writer.
    let options = options.read(true).custom_flags(O_NONBLOCK | O_NOCTTY);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    let mut text = Vec::new();
    file.take(MAX_LEN + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_LEN {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "longer than 64 MiB",
        ));
    }
    Ok(Hosts::parse(&text))
}
