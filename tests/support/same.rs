//! The model of a host and what the kernel says of it: what has to be the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::IpAddr;

use bindnet::model::{Notification, Operation};
use bindnet::snapshot::{Lifetime, LinkFlags};
use bindnet::wire::rtnetlink::Message;
use bindnet::{Address, Link, Snapshot};
use serde_json::Value;

/// How many seconds of a lifetime may be over.
const OVER: u32 = 300;

fn same<T: PartialEq + Debug>(what: &str, model: &[T], kernel: &[T]) -> Result<(), String> {
    match model == kernel {
        true => Ok(()),
        false => {
            let list = |of: &[T]| of.iter().map(|t| format!("  {t:?}\n")).collect::<String>();
            Err(format!(
                "{what}\nthe model:\n{}the kernel:\n{}",
                list(model),
                list(kernel)
            ))
        }
    }
}

/// What a capture says is what the model says.
pub fn same_host(model: &Snapshot, kernel: &Snapshot) -> Result<(), String> {
    let of = |host: &Snapshot| host.links().iter().map(link_facts).collect::<Vec<_>>();
    same("links", &of(model), &of(kernel))?;
    for (link, seen) in model.links().iter().zip(kernel.links()) {
        if link.mac().is_some() {
            same("the hardware address", &[link.mac()], &[seen.mac()])?;
        }
    }
    let [model, kernel] = [model, kernel].map(|host| host.addresses().collect::<Vec<_>>());
    let of = |list: &[Address]| list.iter().map(address_facts).collect::<Vec<_>>();
    same("addresses", &of(&model), &of(&kernel))?;
    let mut pairs = model.iter().zip(&kernel);
    pairs.try_for_each(|(model, kernel)| same_lifetimes(model, kernel))
}

pub fn is_of_absent_link(message: &Message, host: &Snapshot) -> bool {
    match message {
        Message::NewLink(link) | Message::DeletedLink(link) => host.link(link.index()).is_none(),
        _ => false,
    }
}

fn link_facts(link: &Link) -> impl PartialEq + Debug + use<> {
    let kind = link.kind().map(str::to_owned);
    (
        link.index(),
        link.name(),
        link.flags(),
        kind,
        link.master(),
        link.hardware_type(),
    )
}

fn address_facts(a: &Address) -> impl PartialEq + Debug + use<> {
    let net = (a.ip(), a.netmask(), a.peer(), a.label(), a.link_index());
    (net, a.scope(), a.flags(), a.protocol())
}

fn same_lifetimes(model: &Address, kernel: &Address) -> Result<(), String> {
    for lifetime in [Address::valid_lft, Address::preferred_lft] {
        let [expected, seen] = [model, kernel].map(|address| lifetime(address).unwrap());
        let (expected, seen) = (seconds(expected), seconds(seen));
        let over = expected.checked_sub(seen);
        if expected != seen && (expected == u32::MAX || over.is_none_or(|over| over > OVER)) {
            return Err(format!(
                "a lifetime\nthe model:  {model:?}\nthe kernel: {kernel:?}"
            ));
        }
    }
    Ok(())
}

fn seconds(lifetime: Lifetime) -> u32 {
    match lifetime {
        Lifetime::Forever => u32::MAX,
        Lifetime::Seconds(seconds) => seconds,
    }
}

/// What `ip -d -j addr` says, read without the library, is what the model says.
pub fn same_as_ip(model: &Snapshot, json: &str) -> Result<(), String> {
    let links: Vec<Value> =
        serde_json::from_str(json).map_err(|error| format!("{error}: {json}"))?;
    let of = |link: &Link| {
        let flags = link.flags().unwrap();
        (
            u64::from(link.index()),
            link.name().to_string(),
            flags.contains(LinkFlags::UP),
            flags.contains(LinkFlags::LOWER_UP),
        )
    };
    let told = links.iter().map(|link| {
        let flag = |flag: &str| link["flags"].as_array().unwrap().contains(&flag.into());
        (
            link["ifindex"].as_u64().unwrap(),
            link["ifname"].as_str().unwrap().to_owned(),
            flag("UP"),
            flag("LOWER_UP"),
        )
    });
    let model_links: Vec<_> = model.links().iter().map(of).collect();
    same("links of ip", &model_links, &told.collect::<Vec<_>>())?;
    let mut told = Vec::new();
    for family in ["inet", "inet6"] {
        for link in &links {
            let addresses = link["addr_info"].as_array().unwrap();
            for address in addresses.iter().filter(|a| a["family"] == family) {
                told.push(line_of_ip(&link["ifindex"], address));
            }
        }
    }
    let model: Vec<_> = model.addresses().map(|address| line(&address)).collect();
    same("addresses of ip", &model, &told)
}

/// An address in words: all but lifetimes, which run.
fn line(address: &Address) -> String {
    let mut words = vec![
        address.link_index().unwrap().to_string(),
        address.ip().to_string(),
    ];
    words.extend(address.peer().map(|peer| format!("peer {peer}")));
    words.push(format!("/{}", address.netmask().prefix_len().unwrap()));
    words.push(address.scope().unwrap().to_string());
    words.extend(address.label().map(|label| format!("label {label}")));
    let flags = address.flags().unwrap();
    let secondary = match address.ip() {
        IpAddr::V4(_) => "secondary",
        IpAddr::V6(_) => "temporary",
    };
    let bits = [0x01, 0x02, 0x10, 0x20, 0x40, 0x200];
    let names = [
        secondary,
        "nodad",
        "home",
        "deprecated",
        "tentative",
        "noprefixroute",
    ];
    for (bit, word) in bits.into_iter().zip(names) {
        if flags.bits() & bit != 0 {
            words.push(word.to_owned());
        }
    }
    if flags.bits() & 0x80 == 0 {
        words.push("dynamic".to_owned());
    }
    for lifetime in [address.valid_lft(), address.preferred_lft()] {
        words.push(match lifetime.unwrap() {
            Lifetime::Forever => "for ever".to_owned(),
            Lifetime::Seconds(0) => "over".to_owned(),
            Lifetime::Seconds(_) => "for a time".to_owned(),
        });
    }
    words.join(" ")
}

/// The same of what `ip` says.
fn line_of_ip(index: &Value, told: &Value) -> String {
    let text = |key: &str| told[key].as_str().map(str::to_owned);
    let mut words = vec![index.to_string(), text("local").unwrap()];
    words.extend(text("address").map(|peer| format!("peer {peer}")));
    words.push(format!("/{}", told["prefixlen"]));
    words.extend(text("scope"));
    words.extend(text("label").map(|label| format!("label {label}")));
    let names = [
        "secondary",
        "temporary",
        "nodad",
        "home",
        "deprecated",
        "tentative",
        "noprefixroute",
        "dynamic",
    ];
    for name in names {
        if told[name] == true {
            words.push(name.to_owned());
        }
    }
    for key in ["valid_life_time", "preferred_life_time"] {
        words.push(match told[key].as_u64().unwrap() {
            0 => "over".to_owned(),
            0xffff_ffff => "for ever".to_owned(),
            _ => "for a time".to_owned(),
        });
    }
    words.join(" ")
}

/// What was heard of an operation is what the model says.
///
/// Of every link the news of addresses are the same and in the same order. Links are told of more
/// often than they change: of them only the indexes count.
pub fn same_events(
    operation: &Operation,
    model: &[Notification],
    heard: &[Message],
) -> Result<(), String> {
    let mut links = [BTreeSet::new(), BTreeSet::new()];
    let mut gone = [Vec::new(), Vec::new()];
    let mut addresses: [BTreeMap<u32, Vec<_>>; 2] = Default::default();
    let mut news = [Vec::new(), Vec::new()];
    for event in model {
        match event {
            Notification::NewLink(link) => drop(links[0].insert(link.index())),
            Notification::DeletedLink(link) => gone[0].push(link.index()),
            Notification::NewAddress(address) => news[0].push((true, *address)),
            Notification::DeletedAddress(address) => news[0].push((false, *address)),
            _ => {}
        }
    }
    for message in heard {
        match message {
            Message::NewLink(link) => drop(links[1].insert(link.index())),
            Message::DeletedLink(link) => gone[1].push(link.index()),
            Message::NewAddress(address) => news[1].push((true, *address)),
            Message::DeletedAddress(address) => news[1].push((false, *address)),
            other => return Err(format!("heard {other:?}")),
        }
    }
    let told = [0, 1].map(|side| links[side].iter().copied().collect::<Vec<_>>());
    same("news of links", &told[0], &told[1])?;
    gone.iter_mut().for_each(|gone| gone.sort());
    same("links gone", &gone[0], &gone[1])?;
    for side in [0, 1] {
        for (new, address) in &news[side] {
            let of_link = addresses[side]
                .entry(address.link_index().unwrap())
                .or_default();
            of_link.push(format!(
                "{} {}",
                if *new { "new" } else { "deleted" },
                line(address)
            ));
        }
        // What was kept while the link was down is detected again by workers, in any order.
        if matches!(operation, Operation::LinkUp(_)) {
            addresses[side]
                .values_mut()
                .for_each(|of_link| of_link.sort());
        }
    }
    let [model, kernel] = addresses.map(|of| of.into_iter().collect::<Vec<_>>());
    same("news of addresses", &model, &kernel)
}
