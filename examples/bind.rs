//! Binds the address of this host for a bindnetaddr, and says why that one.
//!
//!     cargo run --example bind -- 192.168.1.0
//!
//! A daemon that is to bind the same at its next start does more: see `keep.rs`.

use std::{env, error::Error, net::UdpSocket, process::exit};

use bindnet::{Selector, Snapshot};

fn bind(bindnetaddr: &str) -> Result<(), Box<dyn Error>> {
    // The text of the operator. If it cannot be understood, the error says what would be accepted.
    let selector = Selector::new(bindnetaddr.parse()?);
    // This host's addresses at this moment, in the kernel's order.
    let host = Snapshot::capture()?;
    // No question to the kernel any more: the same host always gives the same decision.
    let decision = selector.decide(&host);
    // A decision without an address to bind is an answer as well, with its reasons.
    let Some(chosen) = decision.chosen() else {
        return Err(decision.to_string().into());
    };
    // Not the bare IP: a link-local IPv6 address is bound with its link.
    let socket = UdpSocket::bind(chosen.socket_addr(0))?;
    // One line for the log; {decision:#} is the whole report.
    println!("bound {}: {decision}", socket.local_addr()?);
    Ok(())
}

fn main() {
    let bindnetaddr = env::args().nth(1).unwrap_or_default();
    if let Err(error) = bind(&bindnetaddr) {
        eprintln!("bind: {error}");
        exit(1);
    }
}
