//! What this host says of Corosync: the installed version, and the hosts file.

use std::path::Path;
use std::process::{Command, Stdio};

use bindnet::corosync::{Conf, ConfError, Hosts, Version};

use super::input::{read_file, shown};
use super::output::Failure;

/// The version that is installed here, if any is.
pub fn installed() -> Option<Version> {
    // It is not on the PATH of everybody.
    ["corosync", "/usr/sbin/corosync"]
        .into_iter()
        .find_map(version_of)
}

fn version_of(program: &str) -> Option<Version> {
    let asked = Command::new(program)
        .arg("-v")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    // Corosync Cluster Engine, version '3.1.7'
    let text = String::from_utf8(asked.stdout).ok()?;
    let version = text.split('\'').nth(1)?;
    // What a distribution or a build adds behind the numbers.
    let end = version.find(|c: char| c != '.' && !c.is_ascii_digit());
    version[..end.unwrap_or(version.len())].parse().ok()
}

/// The hosts file, hosts(5); nothing where there is none.
pub fn hosts() -> Hosts {
    let text = read_file(Path::new("/etc/hosts"));
    text.map(|text| Hosts::parse(&text)).unwrap_or_default()
}

/// A corosync.conf, with the name of its file for messages.
pub struct ConfFile {
    /// The file as it was named.
    pub name: String,
    /// What stands in it.
    pub conf: Conf,
}

impl ConfFile {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = shown(path);
        let text = read_file(path)?;
        match Conf::parse(&text) {
            Ok(conf) => Ok(Self { name, conf }),
            Err(error) => Err(refused(&name, &error)),
        }
    }
}

/// What Corosync would refuse in a file.
pub fn refused(name: &str, error: &ConfError) -> Failure {
    Failure::usage(format!("{name}, {error}")).passing(error.is_of_this_host())
}
