//! Hosts on one wire: a hub, and hosts with a namespace of their own each, one of which is the
//! test's.
//!
//! The hub is a bridge that learns no groups and waits for no tree, so that a frame that is sent
//! has arrived.

use std::time::Duration;

use bindnet::conflict::{Conflict, Detection, How, Notice, Sighting, Target, Timing};
use bindnet::live::Detector;
use bindnet::rule::ScopedAddr;
use bindnet::snapshot::{HardwareAddress, Name};
use serde_json::Value;

use crate::elsewhere::{Elsewhere, here};
use crate::frames::{Mac, Tap};
use crate::netns::{ip, link, sysctl, until};

/// How long anything may take. Reaching it is a failure, never a measurement.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A hardware address that nobody was given by a vendor.
pub const fn mac(number: u8) -> Mac {
    [2, 0, 0, 0, 0, number]
}

/// The hub.
pub struct Lan(Elsewhere);

impl Lan {
    /// A hub that nothing is plugged into.
    pub fn new() -> Self {
        let hub = Elsewhere::open();
        hub.run(|| {
            // The hub says nothing itself.
            sysctl("ipv6/conf/default/disable_ipv6", 1);
            sysctl("ipv6/conf/all/disable_ipv6", 1);
            ip("link add hub type bridge stp_state 0 mcast_snooping 0");
            ip("link set hub up");
        });
        Self(hub)
    }

    /// A new link of the test's own host, plugged into the port of the same name.
    pub fn plug(&self, name: &str, mac: Mac) {
        self.cable(name, &here(), name, mac);
        set_up(name);
        self.wait(name);
    }

    /// The same with this index.
    pub fn plug_as(&self, name: &str, mac: Mac, index: u32) {
        let (mac, hub) = (text(mac), self.0.task());
        ip(&format!(
            "link add name {name} index {index} address {mac} type veth peer name {name} netns {hub}"
        ));
        self.join(name);
        set_up(name);
        self.wait(name);
    }

    /// Another host, whose only link `eth0` is plugged into the port of this name.
    pub fn host(&self, port: &str, mac: Mac) -> Elsewhere {
        let host = Elsewhere::open();
        self.cable(port, host.task(), "eth0", mac);
        host.run(|| set_up("eth0"));
        self.wait(port);
        host
    }

    fn cable(&self, port: &str, task: &str, name: &str, mac: Mac) {
        let mac = text(mac);
        self.0.ip(&format!(
            "link add name {port} type veth peer name {name} address {mac} netns {task}"
        ));
        self.join(port);
    }

    fn join(&self, port: &str) {
        self.0.ip(&format!("link set dev {port} master hub up"));
    }

    /// Takes the carrier from a port.
    pub fn cut(&self, port: &str) {
        self.0.ip(&format!("link set dev {port} down"));
    }

    /// Gives the carrier back, and waits until frames pass.
    pub fn mend(&self, port: &str) {
        self.0.ip(&format!("link set dev {port} up"));
        self.wait(port);
    }

    fn wait(&self, port: &str) {
        let words = format!("-d -j link show dev {port}");
        self.0.run(move || {
            until("the port forwards", || {
                let shown: Value = serde_json::from_slice(&ip(&words)).unwrap();
                shown[0]["linkinfo"]["info_slave_data"]["state"] == "forwarding"
            });
        });
    }

    /// Where all is heard that passes a port. What its host sends comes in.
    pub fn tap(&self, port: &str) -> Tap {
        let port = port.to_owned();
        self.0.run(move || Tap::on(&port))
    }
}

fn set_up(name: &str) {
    ip(&format!("link set {name} addrgenmode none"));
    sysctl(&format!("ipv6/conf/{name}/accept_dad"), 0);
    ip(&format!("link set {name} up"));
    until("the carrier is there", || {
        link(name).is_running() == Some(true)
    });
}

/// A hardware address as it is written.
pub fn text(mac: Mac) -> String {
    HardwareAddress::from_bytes(&mac).unwrap().to_string()
}

/// An address of this host.
pub fn own(ip: &str) -> Target {
    Target::own(ip.parse().unwrap()).unwrap()
}

/// An address of this host on this link.
pub fn own_on(ip: &str, link: &str) -> Target {
    let link: Name = link.parse().unwrap();
    Target::own(ScopedAddr::new(ip.parse().unwrap(), Some(link.into()))).unwrap()
}

/// An address that is to be taken.
pub fn free(ip: &str, link: &str) -> Target {
    Target::free(ip.parse().unwrap(), link.parse().unwrap()).unwrap()
}

/// The verdict of a detector that asks.
pub fn verdict(detector: &mut Detector) -> Detection {
    match detector.wait(PATIENCE).unwrap() {
        Some(Notice::Detection(verdict)) => verdict,
        other => panic!("a verdict is expected, not {other:?}"),
    }
}

/// Asks fast.
pub fn ask(target: Target) -> Detection {
    verdict(&mut Detector::probe(target, Timing::Fast).unwrap())
}

/// The verdict that this hardware address was heard.
pub fn conflict(mac: Mac, how: How) -> Detection {
    Detection::Conflict(Conflict::Heard(sighting(mac, how)))
}

/// What was heard.
pub fn sighting(mac: Mac, how: How) -> Sighting {
    let mac = HardwareAddress::from_bytes(&mac).unwrap();
    Sighting { mac, how }
}

/// Requires that it cannot be told, or is not to be asked, for this reason.
pub fn assert_unknown(verdict: &Detection, code: &str, reason: &str) {
    assert_eq!(verdict.code(), code, "{verdict:?}");
    assert!(verdict.to_string().contains(reason), "{verdict}");
}
