//! A second network namespace, for links that move between two.

use std::fs::read_link;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use nix::sched::{CloneFlags, unshare};

use crate::netns::ip;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does as it is told, in a namespace of its own or in that of whoever opened it.
pub struct Elsewhere {
    task: String,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Elsewhere {
    /// A thread in a new network namespace.
    pub fn open() -> Self {
        Self::spawn(|| unshare(CloneFlags::CLONE_NEWNET).unwrap())
    }

    /// A thread that stays in the namespace of this one.
    pub fn stay() -> Self {
        Self::spawn(|| {})
    }

    fn spawn(begin: impl FnOnce() + Send + 'static) -> Self {
        let (jobs, todo): (Sender<Job>, Receiver<Job>) = channel();
        let (tell, told) = channel();
        let thread = thread::spawn(move || {
            begin();
            tell.send(here()).unwrap();
            todo.into_iter().for_each(|job| job());
        });
        Self {
            task: told.recv().unwrap(),
            jobs: Some(jobs),
            thread: Some(thread),
        }
    }

    /// What `ip link set … netns` knows the namespace by.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// Does something there. What panics there panics here, and what is skipped is.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = channel();
        let job = move || drop(tell.send(catch_unwind(AssertUnwindSafe(job))));
        self.jobs.as_ref().unwrap().send(Box::new(job)).unwrap();
        told.recv()
            .unwrap()
            .unwrap_or_else(|why| resume_unwind(why))
    }

    /// Runs `ip` there.
    pub fn ip(&self, words: &str) {
        let words = words.to_owned();
        self.run(move || drop(ip(&words)));
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.jobs = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The number of this thread's task, by which the kernel finds its namespace.
pub fn here() -> String {
    let task = read_link("/proc/thread-self").unwrap();
    task.file_name().unwrap().to_str().unwrap().to_owned()
}
