//! Corosync on this host: the installed version, and the hosts file.

use std::env;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::input::{read_file, shown};
use super::output::Failure;
use super::pipe::{self, Trouble};
use super::words::VERSION;
use crate::corosync::{Conf, ConfError, Hosts, Version};
use crate::live::read_hosts;

/// The folders of `corosync`, which are its PATH as well: that of root may be any other.
const FOLDERS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long `corosync -v` may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How much it may print, in bytes.
const MAX_LEN: usize = 1 << 16;

/// The version that is installed here, if any is; or why `corosync -v` does not say it.
pub fn installed() -> Result<Option<Version>, String> {
    for folder in FOLDERS.split(':') {
        let program = Path::new(folder).join("corosync");
        let version = match ask(&program) {
            Ok(text) => Version::from_output(&text).ok_or("printed no version".to_owned()),
            // It is not there, or may not be run.
            Err(Trouble::System(_)) => continue,
            Err(Trouble::Late) => Err(format!("did not end within {} s", LIMIT.as_secs())),
            Err(Trouble::TooLong) => Err(format!("printed more than {MAX_LEN} bytes")),
        };
        return version.map(Some).map_err(|problem| {
            let program = shown(&program);
            format!("{program} -v {problem}; {VERSION} says which version it is.")
        });
    }
    Ok(None)
}

/// The output of `PROGRAM -v`, within limits of time and size. It gets nothing of ours but LANG.
fn ask(program: &Path) -> Result<Vec<u8>, Trouble> {
    let mut command = Command::new(program);
    command.arg("-v").env_clear().env("PATH", FOLDERS);
    if let Some(lang) = env::var_os("LANG") {
        command.env("LANG", lang);
    }
    command.stdin(Stdio::null()).stderr(Stdio::null());
    // A process group of its own, so that its children are killed with it.
    let child = command.stdout(Stdio::piped()).process_group(0).spawn()?;
    let mut child = Running(child);
    let stdout = child.0.stdout.take();
    let stdout = stdout.ok_or(io::Error::from(io::ErrorKind::BrokenPipe))?;
    pipe::read(stdout, Instant::now() + LIMIT, MAX_LEN)
}

/// A program that ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Not reaped yet, so that the number is still that of its group.
        if let Ok(pid) = self.0.id().try_into() {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

/// The hosts file of this machine; nothing if there is none.
pub fn hosts() -> Hosts {
    read_hosts("/etc/hosts").unwrap_or_default()
}

/// A corosync.conf, with the name of its file for messages.
pub struct ConfFile {
    /// The file as it was named.
    pub name: String,
    /// Its content.
    pub conf: Conf,
}

impl ConfFile {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = shown(path);
        let text = read_file(path)?;
        match Conf::parse(&text) {
            Ok(conf) => Ok(Self {
                name,
                conf: conf.version_by(VERSION),
            }),
            Err(error) => Err(refused(&name, &error)),
        }
    }
}

/// The failure for a file that Corosync would refuse, or that does not list this host (yet).
pub fn refused(name: &str, error: &ConfError) -> Failure {
    let message = format!("{name}, {error}");
    if error.is_of_this_host() {
        Failure::none(message).passing(true)
    } else {
        Failure::usage(message)
    }
}
