//! What `ip -d -j addr` prints of a host, from one line for each link and address.
//!
//! ```text
//! link br0 kind=bridge; link eth0 master=br0; eth0 192.0.2.10/24 L; eth0 2001:db8::10/64 tentative
//! ```
//!
//! `L` is the lifetime of a lease, and any other word a flag of the address, as `ip` names it. A link
//! without a line of its own is up.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The host of these lines, with `;` between them.
pub fn ip_json(lines: &str) -> String {
    let (mut links, mut indexes): (Vec<Value>, BTreeMap<&str, usize>) = Default::default();
    for line in lines.split(';') {
        let words: Vec<_> = line.split_whitespace().collect();
        let (name, net, facts) = match words.as_slice() {
            ["link", name, facts @ ..] => (*name, None, facts),
            [name, net, facts @ ..] => (*name, Some(*net), facts),
            _ => panic!("neither a link nor an address: {line}"),
        };
        let at = *indexes.entry(name).or_insert_with(|| {
            links.push(json!({
                "ifindex": links.len() + 1, "ifname": name, "flags": ["UP", "LOWER_UP"],
                "addr_info": [],
            }));
            links.len() - 1
        });
        let link = links[at].as_object_mut().unwrap();
        match net {
            Some(net) => {
                let addresses = link["addr_info"].as_array_mut().unwrap();
                addresses.push(address(name, net, facts));
            }
            None => facts.iter().for_each(|fact| add_fact(link, fact)),
        }
    }
    Value::from(links).to_string()
}

fn add_fact(link: &mut Map<String, Value>, fact: &str) {
    match fact.split_once('=') {
        Some(("master", name)) => link.insert("master".to_owned(), json!(name)),
        Some(("kind", kind)) => link.insert("linkinfo".to_owned(), json!({"info_kind": kind})),
        _ => panic!("no such fact of a link: {fact}"),
    };
}

fn address(link: &str, net: &str, facts: &[&str]) -> Value {
    let net: ipnet::IpNet = net.parse().unwrap();
    let is_v6 = net.addr().is_ipv6();
    let mut address = json!({
        "family": if is_v6 { "inet6" } else { "inet" }, "local": net.addr(),
        "prefixlen": net.prefix_len(), "scope": "global",
        "valid_life_time": u32::MAX, "preferred_life_time": u32::MAX,
    });
    if !is_v6 {
        address["label"] = json!(link);
    }
    for fact in facts {
        match fact.split_once('=') {
            Some(("label", label)) => address["label"] = json!(label),
            Some(("scope", scope)) => address["scope"] = json!(scope),
            None if *fact == "L" => {
                address["dynamic"] = json!(true);
                address["valid_life_time"] = json!(3600);
                address["preferred_life_time"] = json!(3600);
            }
            None => address[*fact] = json!(true),
            _ => panic!("no such fact of an address: {fact}"),
        }
    }
    address
}
