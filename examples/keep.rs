//! A daemon that stays with its address: it answers datagrams, and binds the same at its next start.
//!
//!     cargo run --example keep -- 192.168.1.0 /var/lib/keep/choices

use std::{
    env, error::Error, io::ErrorKind, net::UdpSocket, os::fd::AsFd, process, time::Duration,
};

use bindnet::{Decision, EventKind, Keeper, Selector};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

fn keep(bindnetaddr: &str, state_file: &str) -> Result<(), Box<dyn Error>> {
    let selector = Selector::new(bindnetaddr.parse()?);
    // A damaged state file ends the daemon: to choose again without it might be to move.
    let mut keeper = Keeper::builder(selector).remember_in(state_file)?.open()?;
    let mut socket: Option<UdpSocket> = None;
    // The address may come later than the daemon, and a floating one before it.
    let mut event = keeper.wait(Duration::from_secs(30))?;
    loop {
        if let Some(event) = event {
            println!("{event}");
            // Without a choice (Lost) there is no socket: here a cluster daemon leaves its cluster. An
            // address that is back gets a new socket: on another link the old one would hear nothing.
            if event.kind() != EventKind::Kept {
                drop(socket.take());
                let choice = keeper.choice();
                let bound = choice.map(|choice| UdpSocket::bind(choice.socket_addr(5405)));
                socket = match bound.transpose() {
                    // The address has just gone, and the next event says so.
                    Err(error) if error.kind() == ErrorKind::AddrNotAvailable => None,
                    result => result?,
                };
                if let Some(socket) = &socket {
                    socket.set_nonblocking(true)?;
                    println!("bound {}", socket.local_addr()?);
                }
                // The choice may be a guess, for instance, here or at an earlier start.
                let warnings = keeper.decision().map(Decision::warnings);
                for warning in warnings.unwrap_or_default() {
                    eprintln!("keep: warning: {warning}");
                }
            }
            // The choice stays all the same, and the keeper tries again to write it.
            if let Some(error) = keeper.state_error() {
                eprintln!("keep: warning: {error}");
            }
        }
        let fds = [Some(keeper.as_fd()), socket.as_ref().map(AsFd::as_fd)];
        let fds = fds.into_iter().flatten();
        let mut fds: Vec<_> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        // The work of this daemon: it sends a datagram back.
        let mut datagram = [0; 1500];
        if let Some(socket) = &socket
            && let Ok((len, from)) = socket.recv_from(&mut datagram)
        {
            let _ = socket.send_to(&datagram[..len], from);
        }
        // If the kernel refuses an answer now, the keeper asks again: its fd becomes readable.
        event = keeper.next_event().unwrap_or_else(|error| {
            eprintln!("keep: {error}");
            None
        });
    }
}

fn main() {
    let [bindnetaddr, state_file] = [1, 2].map(|n| env::args().nth(n).unwrap_or_default());
    if let Err(error) = keep(&bindnetaddr, &state_file) {
        eprintln!("keep: {error}");
        process::exit(1);
    }
}
