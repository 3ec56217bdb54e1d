//! The loop of a daemon that does nothing but watch.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::choice::Event;
use crate::corosync::ProfileSelector;
use crate::live::{Capturer, Keeper, Monitor};

use super::Options;
use super::memory::Memory;
use crate::cli::output::{Failure, print, print_error};
use crate::cli::state::{not_corosyncs, recall};
use crate::cli::time::seconds;
use crate::cli::wait::{Woken, signals, sleep};

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
    let selector = options.selector.selector(bindnet)?;
    let selector = ProfileSelector::new(options.selector.profile()?, selector);
    for warning in recall(file.as_ref())?.warnings(&bindnet) {
        print_error(&format!("warning: {warning}\n"));
    }
    let mut keeper = Keeper::builder(selector).follow(options.follow);
    if let Some(file) = &file {
        let remembering = keeper.remember_in(file.path());
        keeper = remembering.map_err(|error| Failure::usage(format!("--state: {error}")))?;
    }

    let signals = signals()?;
    // A person bears more than a daemon's main loop: a host that is booting may take its time.
    let capturer = Capturer::open().map_err(Failure::system)?;
    let capturer = capturer.timeout(Duration::from_secs(5));
    let monitor = Monitor::with_capturer(capturer).map_err(Failure::system)?;
    let mut watch = Watch {
        keeper: keeper.open_with(monitor).map_err(Failure::system)?,
        memory: Memory::default(),
        has_begun: false,
        options,
    };
    loop {
        // The first choice is waited for; when the time is over, what is here counts.
        if !watch.has_begun && start.elapsed() >= wait {
            watch.look_at_once()?;
        } else {
            watch.look()?;
        }
        let left = |time: Duration| time.saturating_sub(start.elapsed());
        let over = end.is_some_and(|end| left(end).is_zero());
        let waits = (!watch.has_begun).then(|| left(wait));
        let time = waits.into_iter().chain(end.map(left)).min();
        if over || sleep(&watch.keeper, &signals, time)? == Woken::Stop {
            watch.look_at_once()?;
            return watch.end();
        }
    }
}

/// What is watched, and where it is told.
struct Watch<'a> {
    keeper: Keeper<ProfileSelector>,
    memory: Memory,
    has_begun: bool,
    options: &'a Options,
}

impl Watch<'_> {
    /// Looks at a host that has changed, when its burst of changes is over.
    fn look(&mut self) -> Result<(), Failure> {
        let event = self.keeper.next_event();
        self.tell(event.map_err(Failure::system)?)
    }

    /// Looks without waiting for anything.
    fn look_at_once(&mut self) -> Result<(), Failure> {
        let event = self.keeper.wait(Duration::ZERO);
        self.tell(event.map_err(Failure::system)?)
    }

    /// Tells of an event, if there is one. What is printed is remembered, or a warning says that it
    /// is not yet.
    fn tell(&mut self, event: Option<Event>) -> Result<(), Failure> {
        self.memory.tell(event.as_ref(), &self.keeper)?;
        let Some(event) = event else {
            return Ok(());
        };
        self.has_begun = true;
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
            // That the choice is lost is worse.
            Err(failure) if lost => failure.warn("watch"),
            ended => ended?,
        }
        Ok(ExitCode::from(u8::from(lost)))
    }
}
