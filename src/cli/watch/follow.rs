//! The loop of a daemon that does nothing but watch.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::choice::Event;
use crate::corosync::ProfileSelector;
use crate::live::{Capturer, Keeper, Monitor};
use crate::rule::{BindnetAddr, Decision};
use crate::snapshot::Snapshot;

use super::Options;
use super::memory::Memory;
use crate::cli::output::{Failure, print, print_error};
use crate::cli::state::{not_corosyncs, recall};
use crate::cli::time::seconds;
use crate::cli::wait::{Next, signals, sleep};

pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let start = Instant::now();
    let wait = limit("--wait", options.wait.as_deref())?.unwrap_or_default();
    let end = limit("--for", options.time.as_deref())?;
    let (bindnet, warning) = asked(options)?;
    if let Some(warning) = warning {
        print_error(&format!("warning: {warning}\n"));
    }
    let file = options.state.file();
    if file.is_some() {
        not_corosyncs("--state", options.selector.profile()?)?;
    }
    let selector = options.selector.selector(bindnet.clone())?;
    let selector = ProfileSelector::new(options.selector.profile()?, selector);
    let remembered = recall(file.as_ref())?;
    let mut memory = Memory::default();
    // A choice that was a guess may be settled by now, so that warning comes with the first event.
    if remembered.get(&bindnet).is_none() {
        memory.warn(remembered.warnings(&bindnet));
    }
    let mut keeper = Keeper::builder(selector).follow(options.follow);
    if let Some(file) = &file {
        let result = keeper.remember_in(file.path());
        keeper = result.map_err(|error| Failure::usage(format!("--state: {error}")))?;
    }

    let signals = signals()?;
    // A person waits longer than the main loop of a daemon: a host that boots may be slow.
    let capturer = Capturer::open().map_err(Failure::system)?;
    let capturer = capturer.timeout(Duration::from_secs(5));
    let monitor = Monitor::with_capturer(capturer).map_err(Failure::system)?;
    let mut watch = Watch {
        keeper: keeper.open_with(monitor).map_err(Failure::system)?,
        memory,
        options,
    };
    loop {
        // Waits for the first choice. At the end of the time the present host counts.
        if !watch.has_begun() && start.elapsed() >= wait {
            watch.look_at_once()?;
        } else {
            watch.look()?;
        }
        let left = |time: Duration| time.saturating_sub(start.elapsed());
        let over = end.is_some_and(|end| left(end).is_zero());
        let waits = (!watch.has_begun()).then(|| left(wait));
        let time = waits.into_iter().chain(end.map(left)).min();
        if over || sleep(&watch.keeper, &signals, time)? == Next::Stop {
            watch.look_at_once()?;
            return watch.end();
        }
    }
}

/// What is asked for. The host is looked at only if the text may be the name of a link.
fn asked(options: &Options) -> Result<(BindnetAddr, Option<String>), Failure> {
    let text = options.bindnetaddr.as_deref();
    options
        .selector
        .asked(text, options.ipv6)
        .map_err(|failure| {
            let host = text.and_then(|text| Some((text, Snapshot::capture().ok()?)));
            let link = host.and_then(|(text, host)| options.selector.if_link(text, &host));
            link.unwrap_or(failure)
        })
}

/// The time of an option in seconds, if it has one.
fn limit(option: &str, text: Option<&str>) -> Result<Option<Duration>, Failure> {
    text.map(|text| seconds(option, text)).transpose()
}

/// The choice that is followed, and what was printed of it.
struct Watch<'a> {
    keeper: Keeper<ProfileSelector>,
    memory: Memory,
    options: &'a Options,
}

impl Watch<'_> {
    /// Whether there was a first event.
    fn has_begun(&self) -> bool {
        self.keeper.decision().is_some()
    }

    /// Looks at a host that has changed, when its burst of changes is over.
    fn look(&mut self) -> Result<(), Failure> {
        let event = self.keeper.next_event();
        self.show(event.map_err(Failure::system)?)
    }

    /// Looks without waiting for anything.
    fn look_at_once(&mut self) -> Result<(), Failure> {
        let event = self.keeper.wait(Duration::ZERO);
        self.show(event.map_err(Failure::system)?)
    }

    /// Prints an event, if there is one. Its choice is remembered before, or a warning says that it is
    /// not yet.
    fn show(&mut self, event: Option<Event>) -> Result<(), Failure> {
        self.memory.report(event.as_ref(), &self.keeper)?;
        if self.options.state.file().is_some() && event.is_some() {
            let decision = self.keeper.decision();
            let warnings = decision.map(Decision::memory_warnings);
            self.memory.warn(warnings.unwrap_or_default());
        }
        let Some(event) = event else {
            return Ok(());
        };
        let line = if self.options.json {
            event.to_json(self.keeper.overruns())
        } else {
            event.to_string()
        };
        print(&format!("{line}\n"))
    }

    /// The exit status at the end.
    fn end(self) -> Result<ExitCode, Failure> {
        let lost = self.keeper.choice().is_none();
        match self.memory.end(self.keeper) {
            // A lost choice is worse.
            Err(failure) if lost => failure.warn("watch"),
            result => result?,
        }
        Ok(ExitCode::from(u8::from(lost)))
    }
}
