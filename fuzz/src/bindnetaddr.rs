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
    if let Some(bindnet) = &bindnet {
        assert_eq!(bindnet.to_string().parse(), Ok(bindnet.clone()));
        assert!(!is_mapped(bindnet.ip()));
        let (ip, networks) = (bindnet.ip(), bindnet.networks());
        assert!(networks.first().is_none_or(|net| net.addr() == ip));
        let is_one = |net: &IpNet| net.trunc() == *net && net.addr().is_ipv4() == ip.is_ipv4();
        assert!(networks.iter().all(is_one) && networks.len() <= BindnetAddr::MAX_NETWORKS);
        assert_eq!(bindnet.network().is_some(), networks.len() == 1);
        assert!(bindnet.zone().is_none() || ip.is_ipv6() && networks.len() <= 1);
        assert!(plain.is_some() || !networks.is_empty() || bindnet.zone().is_some());
        assert!(!ip.is_unspecified() || !networks.is_empty());
    }
    let asked = plain.filter(|ip| !ip.is_unspecified());
    assert!(plain.is_none() || bindnet.as_ref().map(|bindnet| bindnet.ip()) == asked);

    let address = named("", text, text.parse::<ScopedAddr>());
    let of_bindnet = bindnet.as_ref().filter(|b| b.networks().is_empty());
    let parts = |address: ScopedAddr| (address.ip(), address.zone());
    let is_asked = |address: &ScopedAddr| !address.ip().is_unspecified();
    let asked = address.filter(is_asked).map(parts);
    assert_eq!(asked, of_bindnet.map(|b| (b.ip(), b.zone())));
    if let Some(address) = address {
        assert_eq!(address.to_string().parse(), Ok(address));
    }

    let net = named("", text, parse_net(text));
    let of_bindnet = bindnet.filter(|b| b.zone().is_none() && b.networks().len() <= 1);
    let of_bindnet = of_bindnet.map(|b| b.network().unwrap_or(b.ip().into()));
    let is_bare = |net: &IpNet| net.addr().is_unspecified() && !text.contains('/');
    assert_eq!(net.filter(|net| !is_bare(net)), of_bindnet);
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
