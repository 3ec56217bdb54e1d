//! The loop of a daemon that does nothing but watch.

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bindnet::{Capturer, EventKind, Monitor, StateFile, Tracker};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::Options;
use super::common::output::{Failure, print, print_error};
use super::common::state::{not_corosyncs, not_remembered, remembered};
use super::common::time::seconds;

/// Why the loop goes on or ends.
#[derive(PartialEq, Eq)]
enum Woken {
    /// The host may have changed, or the time is over.
    Look,
    /// A signal asked to end, or nobody reads what is printed.
    Stop,
}

pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let start = Instant::now();
    let limit = |option, text: &Option<String>| {
        let time = text.as_deref().map(|text| seconds(option, text));
        time.transpose()
    };
    let wait = limit("--wait", &options.wait)?.unwrap_or_default();
    let end = limit("--for", &options.time)?;
    let (bindnet, said) = options.selector.bindnet(&options.bindnetaddr)?;
    if let Some(said) = said {
        print_error(&format!("warning: {said}\n"));
    }
    let file = options.state.file();
    if file.is_some() {
        not_corosyncs("--state", options.selector.profile()?)?;
    }
    let selector = options
        .selector
        .selector(bindnet, options.selector.profile()?)?;
    let selector = remembered(file.as_ref(), &bindnet, selector)?;

    let signals = signals().map_err(|errno| Failure::system(format!("signalfd: {errno}")))?;
    // A person bears more than a daemon's main loop: a host that is booting may take its time.
    let capturer = Capturer::open().map_err(Failure::system)?;
    let capturer = capturer.timeout(Duration::from_secs(5));
    let mut monitor = Monitor::with_capturer(capturer).map_err(Failure::system)?;
    let mut tracker = Tracker::new(selector.clone()).follow(options.follow);

    // The first look waits for a choice.
    let mut begun = false;
    loop {
        let settled = || selector.decide(monitor.snapshot()).is_settled();
        if !begun && (start.elapsed() >= wait || settled()) {
            begun = true;
            look(&mut tracker, &monitor, file.as_ref(), options)?;
        }
        let first = (!begun).then(|| wait.saturating_sub(start.elapsed()));
        let last = end.map(|end| end.saturating_sub(start.elapsed()));
        let woken = match last {
            Some(last) if last.is_zero() => Woken::Stop,
            _ => sleep(&monitor, &signals, first.into_iter().chain(last).min())?,
        };
        if woken == Woken::Stop {
            if !begun {
                look(&mut tracker, &monitor, file.as_ref(), options)?;
            }
            return Ok(ExitCode::from(u8::from(tracker.choice().is_none())));
        }
        let changed = monitor.dispatch().map_err(Failure::system)?.is_some();
        if begun && changed {
            look(&mut tracker, &monitor, file.as_ref(), options)?;
        }
    }
}

/// SIGTERM and SIGINT, to be read instead of dying of them.
fn signals() -> nix::Result<SignalFd> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// Waits until something happens, for this long at the most.
fn sleep(monitor: &Monitor, signals: &SignalFd, time: Option<Duration>) -> Result<Woken, Failure> {
    let stdout = io::stdout();
    let mut fds = [
        PollFd::new(monitor.as_fd(), PollFlags::POLLIN),
        PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        // Of a pipe it tells when its reader has gone.
        PollFd::new(stdout.as_fd(), PollFlags::empty()),
    ];
    // Rounded up, so that a part of a millisecond is not waited for in a busy loop.
    let time = time.map(|time| time.as_millis().saturating_add(1));
    let time = time.map_or(PollTimeout::NONE, |time| {
        PollTimeout::from(u16::try_from(time).unwrap_or(u16::MAX))
    });
    match poll(&mut fds, time) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(Failure::system(format!("poll: {errno}"))),
    }
    let [_, signal, stdout] = fds.map(|fd| fd.revents().unwrap_or(PollFlags::empty()));
    let stop = !signal.is_empty() || stdout.contains(PollFlags::POLLERR);
    Ok(if stop { Woken::Stop } else { Woken::Look })
}

/// Tells what the snapshot means for the choice, and remembers the choice.
fn look(
    tracker: &mut Tracker,
    monitor: &Monitor,
    file: Option<&StateFile>,
    options: &Options,
) -> Result<(), Failure> {
    let Some(event) = tracker.update(monitor.snapshot()) else {
        return Ok(());
    };
    // What is told is remembered.
    if let (Some(file), Some(decision)) = (file, tracker.decision()) {
        let remembered = match event.kind() {
            EventKind::Moved => file.replace(decision),
            EventKind::Initial | EventKind::Gained => file.remember(decision),
            _ => Ok(false),
        };
        remembered.map_err(not_remembered)?;
    }
    let line = match options.json {
        true => event.to_json(monitor.overruns()),
        false => event.to_string(),
    };
    print(&format!("{line}\n"))
}
