//! A daemon that stays with its address: it answers datagrams, and binds the same at its next start.
//!
//!     cargo run --example keep -- 192.168.1.0 /var/lib/keep/choices

use std::os::fd::AsFd;
use std::{env, error::Error, io, net::UdpSocket, process::exit, time::Duration};

use bindnet::{Candidate, EventKind, Keeper, Selector};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The port of the daemon.
const PORT: u16 = 5405;

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
            match event.kind() {
                // The choice is what it was, and so is the socket.
                EventKind::Kept => {}
                // Here a cluster daemon leaves its cluster, and waits for the address.
                EventKind::Lost => socket = None,
                // Initial, Gained or Moved: a new socket, also for an address that has come back. Its
                // link may be another one, and the old socket would hear nothing.
                _ => {
                    drop(socket.take());
                    socket = bind(keeper.choice())?;
                }
            }
            // The choice stands all the same, and the keeper tries again.
            if let Some(error) = keeper.state_error() {
                eprintln!("keep: warning: {error}");
            }
        }
        let mut fds = vec![readable(&keeper)];
        fds.extend(socket.iter().map(readable));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        socket.iter().for_each(answer);
        // If the kernel refuses an answer now, the keeper asks again: its fd becomes readable.
        event = keeper.next_event().unwrap_or_else(|error| {
            eprintln!("keep: {error}");
            None
        });
    }
}

/// Binds the choice, if there is one.
fn bind(choice: Option<&Candidate>) -> io::Result<Option<UdpSocket>> {
    let Some(choice) = choice else {
        return Ok(None);
    };
    match UdpSocket::bind(choice.socket_addr(PORT)) {
        Ok(socket) => {
            socket.set_nonblocking(true)?;
            println!("bound {}", socket.local_addr()?);
            Ok(Some(socket))
        }
        // It has just gone, and the next event says so.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(None),
        Err(error) => Err(error),
    }
}

fn readable(fd: &impl AsFd) -> PollFd<'_> {
    PollFd::new(fd.as_fd(), PollFlags::POLLIN)
}

/// What the daemon is there for: it sends a datagram back.
fn answer(socket: &UdpSocket) {
    let mut datagram = [0; 1500];
    if let Ok((len, from)) = socket.recv_from(&mut datagram) {
        let _ = socket.send_to(&datagram[..len], from);
    }
}

fn main() {
    let [bindnetaddr, state_file] = [1, 2].map(|n| env::args().nth(n).unwrap_or_default());
    if let Err(error) = keep(&bindnetaddr, &state_file) {
        eprintln!("keep: {error}");
        exit(1);
    }
}
