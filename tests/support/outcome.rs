//! What the real Corosync makes of a corosync.conf, on any transport: by the end of its process and
//! by its log.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::corosync::{self, Answer, Daemon};

/// How long a daemon may take to say what it is. Reaching it is a failure, never a measurement.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What it logs behind the last check of the file.
const STARTED: &str = "Initializing transport (";

/// What came of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The daemon does not start, and says why.
    Refused(String),
    /// The addresses of the links on knet, as it logs them.
    Knet(BTreeMap<u32, Option<IpAddr>>),
    /// What became of the only link on udp or udpu.
    Only(Answer),
    /// It starts, and soon ends by itself.
    Ended,
}

/// What the daemon makes of a file.
pub fn ask(conf: &str) -> Outcome {
    let mut daemon = Daemon::start(&conf);
    wait(conf, || {
        // Asked before the log is read, which then is whole.
        let ended = daemon.ended();
        let log = corosync::log();
        match log.split_once(STARTED) {
            None if ended => Some(refused(&log)),
            Some((_, said)) if !said.starts_with("Kronosnet") => {
                Some(Outcome::Only(daemon.answer()))
            }
            Some(_) if ended => Some(Outcome::Ended),
            // All links are configured before it joins a cluster, or misses one.
            Some((_, said)) if said.contains("Configuring link") => {
                let later = ["Completed service", "Token has not been received"];
                let later = later.iter().any(|later| said.contains(later));
                later.then(|| Outcome::Knet(links(said)))
            }
            _ => None,
        }
    })
}

/// The same where it has to end.
pub fn ask_until_it_ends(conf: &str) -> Outcome {
    let mut daemon = Daemon::start(&conf);
    wait(conf, || daemon.ended().then_some(()));
    let log = corosync::log();
    match log.contains(STARTED) {
        true => Outcome::Ended,
        false => refused(&log),
    }
}

fn refused(log: &str) -> Outcome {
    let error = log.lines().find(|line| line.starts_with("error"));
    let error = error.and_then(|line| line.split_once("] "));
    let (_, why) = error.unwrap_or_else(|| panic!("it ends without a word: {log}"));
    Outcome::Refused(why.trim().to_owned())
}

fn wait<T>(conf: &str, mut come: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(come) = come() {
            return come;
        }
        let patient = Instant::now() < deadline;
        assert!(patient, "{conf}{}", corosync::tail(&corosync::log()));
        thread::sleep(Duration::from_millis(10));
    }
}

/// The addresses of the links in a log; none where it has "(null)".
fn links(log: &str) -> BTreeMap<u32, Option<IpAddr>> {
    let mut links = BTreeMap::new();
    for line in log.lines() {
        let Some((_, said)) = line.split_once("Configured link number ") else {
            continue;
        };
        let parts = said
            .split_once(": local addr: ")
            .and_then(|(number, rest)| Some((number.parse().ok()?, rest.split_once(',')?.0)));
        let (number, ip) = parts.unwrap_or_else(|| panic!("{line}"));
        let ip = (ip != "(null)").then(|| ip.parse().expect("an address"));
        links.insert(number, ip);
    }
    links
}
