//! Changes of a host by chance, as lines for `ip -batch`. Everything is drawn from small pools, so
//! that much of it meets what is there, and much is refused.

use crate::random::Random;

/// The links; a rename may give one the name of another that is gone.
const LINKS: [&str; 8] = ["lo", "eth0", "eth1", "eth2", "far0", "far1", "br0", "br1"];
const INDEXES: [u32; 5] = [7, 8, 9, 40, 300];
const LABELS: [&str; 4] = ["vip", "1", "2", "a"];
const SCOPES: [&str; 4] = ["global", "link", "host", "50"];
const V4_LENS: [u8; 7] = [24, 24, 24, 32, 25, 16, 8];
const V6_LENS: [u8; 5] = [64, 64, 128, 48, 65];

/// What a host begins with.
pub const BEGIN: [&str; 7] = [
    "link set lo up",
    "link add eth0 type veth peer name far0",
    "link add eth1 index 40 type veth peer name far1",
    "link add br0 index 8 type bridge",
    "link set eth0 up",
    "link set far0 up",
    "link set br0 up",
];

/// A setting of a link under /proc/sys/net, and its values.
pub fn setting(random: &mut Random) -> (String, usize) {
    let link = random.one_of(&LINKS);
    let (name, values) = random.one_of(&[
        ("ipv4/conf/@/promote_secondaries", 2),
        ("ipv6/conf/@/keep_addr_on_down", 2),
        ("ipv6/conf/@/disable_ipv6", 2),
        ("ipv6/conf/@/accept_dad", 2),
        ("ipv6/conf/@/optimistic_dad", 2),
    ]);
    (name.replace('@', link), random.below(values))
}

/// A burst of changes.
pub fn burst(random: &mut Random) -> Vec<String> {
    let count = random.one_of(&[1, 1, 1, 2, 3, 5, 10, 30, 100]);
    (0..count).map(|_| line(random)).collect()
}

fn line(random: &mut Random) -> String {
    match random.below(10) {
        0..4 => format!("addr {}", address_v4(random)),
        4..7 => format!("addr {}", address_v6(random)),
        _ => format!("link {}", link(random)),
    }
}

fn address_v4(random: &mut Random) -> String {
    let link = random.one_of(&LINKS);
    let net = random.one_of(&["192.0.2", "192.0.2", "198.51.100", "10.0.0", "127.0.0"]);
    let (host, len) = (random.below(40) + 1, random.one_of(&V4_LENS));
    let net = format!("{net}.{host}/{len} dev {link}");
    match random.below(10) {
        0..3 => format!("del {net}"),
        3 => format!("flush dev {link}"),
        _ => {
            let verb = random.one_of(&["add", "add", "add", "replace", "change"]);
            let mut words = format!("{verb} {net}{}", lifetimes(random));
            if random.percent(30) {
                words += &format!(" label {link}:{}", random.one_of(&LABELS));
            }
            if random.percent(20) {
                words += &format!(" scope {}", random.one_of(&SCOPES));
            }
            if random.percent(10) {
                words += " noprefixroute";
            }
            words
        }
    }
}

/// The kernel does not tell of a tentative address that it is changed: what is detected as no
/// duplicate (`nodad`) is changed here, what may be tentative is only added and deleted.
fn address_v6(random: &mut Random) -> String {
    let link = random.one_of(&LINKS);
    let net = random.one_of(&["2001:db8::", "2001:db8::", "fd00:1::", "fe80::"]);
    let (host, len) = (random.below(20), random.one_of(&V6_LENS));
    let detected = host < 8;
    let net = format!("{net}{:x}/{len} dev {link}", host + 1);
    match random.below(10) {
        0..3 => format!("del {net}"),
        3 => format!("flush dev {link} to ::/0"),
        _ if detected => format!("add {net}{}", lifetimes(random)),
        _ => {
            let verb = random.one_of(&["add", "add", "add", "replace", "change"]);
            let mut words = format!("{verb} {net} nodad{}", lifetimes(random));
            for flag in ["noprefixroute", "home"] {
                if random.percent(10) {
                    words += &format!(" {flag}");
                }
            }
            words
        }
    }
}

fn lifetimes(random: &mut Random) -> &'static str {
    random.one_of(&[
        "",
        "",
        "",
        "",
        " valid_lft 1 preferred_lft 1",
        " valid_lft 2 preferred_lft 0",
        " valid_lft 3000 preferred_lft 1",
        " valid_lft 3000 preferred_lft 2000",
        " valid_lft forever preferred_lft 0",
    ])
}

fn link(random: &mut Random) -> String {
    let (name, other) = (random.one_of(&LINKS), random.one_of(&LINKS));
    let index = match random.percent(50) {
        true => format!(" index {}", random.one_of(&INDEXES)),
        false => String::new(),
    };
    match random.below(16) {
        0..3 => format!("set {name} up"),
        3 => format!("set {name} down"),
        4 => format!("set {name} address 02:00:00:00:00:{:02x}", random.below(99)),
        5 => format!("set {name} address 00:00:5e:00:01:{:02x}", random.below(99)),
        6 => format!("set {name} name {other}"),
        7 => format!("set {name} master {}", random.one_of(&["br0", "br1"])),
        8 => format!("set {name} nomaster"),
        9 => format!("del {name}"),
        10 => format!("add {name}{index} type veth peer name {other}"),
        11 => format!("add {name}{index} type bridge"),
        12 => format!("add {name}{index} link {other} type macvlan"),
        13 => format!("set {name} mtu {}", random.one_of(&[60, 1000, 1500])),
        14 => {
            let flag = random.one_of(&["arp", "promisc", "allmulticast", "multicast"]);
            format!("set {name} {flag} {}", random.one_of(&["on", "off"]))
        }
        _ => format!(
            "set {name} addrgenmode {}",
            random.one_of(&["none", "eui64"])
        ),
    }
}
