//! A text is read as what it prints as, or refused by name; what is read is no IPv4-mapped
//! address and has no host bits behind its prefix; plain addresses are those of the standard
//! library.

use std::fmt::Display;
use std::net::IpAddr;

use bindnet::BindnetAddr;
use bindnet::ipnet::IpNet;
use bindnet::rule::{ScopedAddr, parse_net};

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let plain = text.parse::<IpAddr>().ok().filter(|ip| !is_mapped(*ip));
    let bindnet = named("bindnetaddr ", text, text.parse::<BindnetAddr>());
    if let Some(bindnet) = bindnet {
        assert_eq!(bindnet.to_string().parse(), Ok(bindnet));
        assert!(!is_mapped(bindnet.ip()));
        let own = |net: IpNet| net.trunc() == net && net.addr() == bindnet.ip();
        assert!(bindnet.network().is_none_or(own));
        assert!(bindnet.zone().is_none() || bindnet.ip().is_ipv6());
        assert!(plain.is_some() || bindnet.network().is_some() || bindnet.zone().is_some());
    }
    assert!(plain.is_none() || bindnet.map(|bindnet| bindnet.ip()) == plain);

    let address = named("", text, text.parse::<ScopedAddr>());
    let of_bindnet = bindnet.filter(|bindnet| bindnet.network().is_none());
    let parts = |address: ScopedAddr| (address.ip(), address.zone());
    assert_eq!(address.map(parts), of_bindnet.map(|b| (b.ip(), b.zone())));
    if let Some(address) = address {
        assert_eq!(address.to_string().parse(), Ok(address));
    }

    let net = named("", text, parse_net(text));
    let of_bindnet = bindnet.filter(|bindnet| bindnet.zone().is_none());
    assert_eq!(
        net,
        of_bindnet.map(|b| b.network().unwrap_or(b.ip().into()))
    );
    if let Some(net) = net {
        assert_eq!(parse_net(&net.to_string()), Ok(net));
    }
}

/// What was read; an error begins with the text, quoted, and says more than that.
fn named<T, E: Display>(start: &str, text: &str, read: Result<T, E>) -> Option<T> {
    read.inspect_err(|error| {
        let message = error.to_string();
        let rest = message.strip_prefix(&format!("{start}{text:?}: "));
        assert!(rest.is_some_and(|rest| !rest.is_empty()), "{message}");
    })
    .ok()
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}
