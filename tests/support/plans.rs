//! Plans of a corosync.conf that is written in a line or two, on a host of a few.

use bindnet::Snapshot;
use bindnet::corosync::{Conf, ConfError, Hosts, Plan};
use bindnet::snapshot::About;

use crate::rows;

pub const HOST: &str = "eth0 192.0.2.10/24\neth1 fe80::10/64\neth0 2001:db8::10/64";

pub fn host(text: &str, hostname: &str) -> Snapshot {
    let mut about = About::default();
    about.hostname = Some(hostname.to_owned());
    rows::host(text).with_about(about)
}

/// A corosync.conf: the lines of totem and of each node, with `;` between them.
pub fn conf(totem: &str, nodes: &[&str]) -> Conf {
    let lines = |text: &str| {
        text.split(';')
            .fold(String::new(), |all, line| all + line.trim() + "\n")
    };
    let nodes = nodes
        .iter()
        .map(|node| format!("node {{\n{}}}\n", lines(node)));
    let nodes: String = nodes.collect();
    let text = format!(
        "totem {{\nversion: 2\n{}}}\nnodelist {{\n{nodes}}}\n",
        lines(totem)
    );
    Conf::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub fn plan_with(
    conf: &Conf,
    version: &str,
    host: &Snapshot,
    hosts: &str,
) -> Result<Plan, ConfError> {
    let profile = format!("corosync:{version}").parse().unwrap();
    conf.plan(profile, host, &Hosts::parse(hosts.as_bytes()))
}

pub fn plan(totem: &str, nodes: &[&str]) -> Result<Plan, ConfError> {
    plan_with(&conf(totem, nodes), "3.1.7", &host(HOST, "n1"), "")
}

/// Rows of a totem section, and a part of what is refused of it; nothing where it is taken.
pub fn refuses(nodes: &[&str], rows: &[(&str, &str)]) {
    for (totem, refused) in rows {
        match (plan(totem, nodes), *refused) {
            (Ok(_), "") => {}
            (Err(error), refused) if !refused.is_empty() => {
                assert!(error.to_string().contains(refused), "{totem}: {error}");
            }
            (plan, refused) => panic!("{totem}, {nodes:?}: {refused:?}: {plan:?}"),
        }
    }
}

pub const N1: &str = "name: n1; nodeid: 1; ring0_addr: 192.0.2.10";
