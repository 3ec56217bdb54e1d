//! A daemon of the ring that watches its host and remembers, in a file, what it is bound to.

use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};

use bindnet::choice::Tracker;
use bindnet::live::Monitor;
use bindnet::rule::ScopedAddr;
use bindnet::{Event, EventKind, Selector, Snapshot, StateFile};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::netns::{listed, until};
use crate::ring::{Background, Node};

/// How long a thread waits for news before it looks whether it shall end, in milliseconds.
const MOMENT: u8 = 20;

/// What the daemon of a node keeps in view while it runs.
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    thread: Background,
}

/// What it has seen until now.
#[derive(Default)]
struct Seen {
    /// The host's addresses, in their order.
    addresses: Vec<String>,
    /// What the tracker said, from the first event on.
    said: Vec<EventKind>,
    /// What the tracker would have the daemon bound to.
    choice: Option<ScopedAddr>,
}

impl Watch {
    /// Restarts the daemon of a node with what the file remembers, if anything, has the file
    /// remember its choice, and watches the host from then on.
    pub fn restart(node: &mut Node, mut selector: Selector, file: &str) -> Self {
        // Opened before the decision, it misses nothing after that.
        let monitor = node.on(|| Monitor::open().unwrap());
        let file = StateFile::new(file);
        if let Some(remembered) = file.read(selector.bindnet()).unwrap() {
            selector = selector.previous(remembered);
        }
        let decision = node.restart(&selector);
        assert!(!decision.is_ambiguous(), "{decision:#}");
        let _ = file.remember(&decision).unwrap();
        let bound = node.bound();
        assert_eq!(file.read(selector.bindnet()).unwrap(), Some(bound));
        Self::start(monitor, Tracker::new(selector.previous(bound)))
    }

    fn start(mut monitor: Monitor, mut tracker: Tracker) -> Self {
        let mut first = Seen::default();
        let event = tracker.update(monitor.snapshot());
        first.note(event, &tracker, monitor.snapshot());
        let seen = Arc::new(Mutex::new(first));
        let shared = seen.clone();
        let thread = Background::repeat(move || {
            let mut fds = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::from(MOMENT)) {
                Ok(0) | Err(Errno::EINTR) => return,
                ready => assert_eq!(ready, Ok(1)),
            }
            if let Some(host) = monitor.dispatch().unwrap() {
                let event = tracker.update(host);
                shared.lock().unwrap().note(event, &tracker, host);
            }
        });
        Self { seen, thread }
    }

    /// Waits until the daemon has seen that the host has these addresses, in this order.
    pub fn sees(&mut self, nets: &[String]) {
        until("the daemon sees the addresses", || {
            self.thread.check();
            self.seen.lock().unwrap().addresses == nets
        });
    }

    /// Requires that the daemon was never told to move, and is to be bound to this address.
    pub fn stayed(&mut self, own: ScopedAddr) {
        self.thread.check();
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.said.first(), Some(&EventKind::Initial));
        assert!(!seen.said.contains(&EventKind::Moved), "{:?}", seen.said);
        assert_eq!(seen.choice, Some(own), "{:?}", seen.said);
    }
}

impl Seen {
    fn note(&mut self, event: Option<Event>, tracker: &Tracker, host: &Snapshot) {
        self.addresses = listed(host);
        self.said.extend(event.map(|event| event.kind()));
        self.choice = tracker.choice().map(|choice| choice.scoped_addr());
    }
}
