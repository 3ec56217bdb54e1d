//! The loop of a daemon that does nothing but watch.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::choice::{Event, Tracker};
use crate::corosync::ProfileSelector;
use crate::live::{Capturer, Monitor};

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
    let memory = recall(file.as_ref())?;
    for warning in memory.warnings(&bindnet) {
        print_error(&format!("warning: {warning}\n"));
    }
    let selector = selector.remembering(&memory);

    let signals = signals()?;
    // A person bears more than a daemon's main loop: a host that is booting may take its time.
    let capturer = Capturer::open().map_err(Failure::system)?;
    let capturer = capturer.timeout(Duration::from_secs(5));
    let mut watch = Watch {
        monitor: Monitor::with_capturer(capturer).map_err(Failure::system)?,
        tracker: Tracker::new(ProfileSelector::new(options.selector.profile()?, selector))
            .follow(options.follow),
        memory: file.map(|file| Memory::new(file, options.follow)),
        options,
    };
    let mut begun = false;
    loop {
        // The first look waits for a choice.
        if !begun && start.elapsed() >= wait {
            watch.look_at_once()?;
            begun = true;
        } else if !begun && watch.tracker.may_begin(watch.monitor.snapshot()) {
            let event = watch.tracker.update(watch.monitor.snapshot());
            watch.tell(event)?;
            begun = true;
        }
        let left = |time: Duration| time.saturating_sub(start.elapsed());
        let over = end.is_some_and(|end| left(end).is_zero());
        let waits = (!begun).then(|| left(wait));
        let again = watch.memory.as_ref().and_then(Memory::again);
        let time = waits.into_iter().chain(end.map(left)).chain(again).min();
        if over || sleep(&watch.monitor, &signals, time)? == Woken::Stop {
            watch.look_at_once()?;
            return watch.end();
        }
        if let Some(memory) = &mut watch.memory {
            memory.try_again()?;
        }
        if begun {
            watch.look()?;
        } else {
            watch.monitor.dispatch().map_err(Failure::system)?;
        }
    }
}

/// What is watched, and where it is told.
struct Watch<'a> {
    monitor: Monitor,
    tracker: Tracker<ProfileSelector>,
    memory: Option<Memory>,
    options: &'a Options,
}

impl Watch<'_> {
    /// Looks at a host that has changed, when its burst of changes is over.
    fn look(&mut self) -> Result<(), Failure> {
        let changed = self.monitor.dispatch().map_err(Failure::system)?;
        let event = changed.and_then(|host| self.tracker.update(host));
        self.tell(event)
    }

    /// Looks without waiting for anything.
    fn look_at_once(&mut self) -> Result<(), Failure> {
        let event = self.monitor.wait(&mut self.tracker, Duration::ZERO);
        self.tell(event.map_err(Failure::system)?)
    }

    /// Remembers the choice of an event, if there is one, and tells of it.
    fn tell(&mut self, event: Option<Event>) -> Result<(), Failure> {
        let Some(event) = event else {
            return Ok(());
        };
        // What is printed is remembered, or a warning says that it is not yet.
        if let (Some(memory), Some(decision)) =
            (&mut self.memory, self.tracker.decision_of_choice())
        {
            memory.take(&event, decision)?;
        }
        let line = match self.options.json {
            true => event.to_json(self.monitor.overruns()),
            false => event.to_string(),
        };
        print(&format!("{line}\n"))
    }

    /// The exit status at the end.
    fn end(mut self) -> Result<ExitCode, Failure> {
        let lost = self.tracker.choice().is_none();
        match self.memory.as_mut().map_or(Ok(()), Memory::end) {
            // That the choice is lost is worse.
            Err(failure) if lost => failure.warn("watch"),
            ended => ended?,
        }
        Ok(ExitCode::from(u8::from(lost)))
    }
}
