//! A staged host, corosync.conf files for it, and preview run on both.

use serde_json::{Value, json};

use crate::cli::{Run, TempFile, run};

/// The host n1: the virtual address .200 is listed before the node's own .10.
pub fn n1() -> TempFile {
    let address = |index: u32, ip: &str, len: u8, label: Option<&str>| {
        json!({"interface_index": index, "address": ip, "prefix_len": len, "label": label,
               "scope": "global", "flags": ["permanent"]})
    };
    let link = |index: u32, name: &str, flags: &[&str]| json!({"index": index, "name": name, "flags": flags});
    let up = ["up", "running"];
    let snapshot = json!({
        "format": "bindnet-snapshot/1", "source": "netlink", "consistency": "consistent",
        "hostname": "n1",
        "links": [
            link(1, "lo", &["up", "running", "loopback"]),
            link(2, "eth0", &up), link(3, "eth1", &up), link(4, "eth2", &["broadcast"]),
        ],
        "addresses": [
            address(1, "127.0.0.1", 8, Some("lo")),
            address(2, "192.168.1.200", 24, Some("eth0:vip")),
            address(2, "192.168.1.10", 24, Some("eth0")),
            address(3, "10.0.0.10", 24, Some("eth1")),
            address(4, "10.2.0.10", 24, Some("eth2")),
            address(2, "fd00:1::10", 64, None),
            address(3, "fe80::10", 64, None),
        ],
    });
    TempFile::new(snapshot.to_string().as_bytes())
}

/// Previews a corosync.conf on n1.
pub fn preview(conf: &str, args: &[&str]) -> Run {
    let (conf, host) = (TempFile::new(conf.as_bytes()), n1());
    let mut all = vec!["--conf", conf.path(), "--from", host.path()];
    all.extend(args);
    run(&all)
}

pub fn preview_json(conf: &str, args: &[&str]) -> (i32, Value) {
    let args = [&["--json"], args].concat();
    let run = preview(conf, &args);
    let json = serde_json::from_str(&run.stdout);
    (
        run.status,
        json.unwrap_or_else(|error| panic!("{error}: {run:?}")),
    )
}

/// A conf with this totem section and these nodes.
pub fn conf(totem: &str, nodes: &[&str]) -> String {
    let nodes: String = nodes
        .iter()
        .map(|node| format!("  node {{\n{node}\n  }}\n"))
        .collect();
    format!("totem {{\n  version: 2\n{totem}\n}}\nnodelist {{\n{nodes}}}\n")
}

/// What `pcs cluster setup` writes.
pub const PCS: &str = "totem {
    version: 2
    cluster_name: hacluster
    transport: knet
    crypto_cipher: aes256
    crypto_hash: sha256
}

nodelist {
    node {
        ring0_addr: 192.168.1.10
        ring1_addr: 10.0.0.10
        name: n1
        nodeid: 1
    }

    node {
        ring0_addr: 192.168.1.11
        ring1_addr: 10.0.0.11
        name: n2
        nodeid: 2
    }
}

quorum {
    provider: corosync_votequorum
    two_node: 1
}

logging {
    to_logfile: yes
    logfile: /var/log/cluster/corosync.log
    to_syslog: yes
    timestamp: on
}
";

/// The totem section of a cluster on udp.
pub const UDP: &str = "  transport: udp
  interface {
    linknumber: 0
    bindnetaddr: 192.168.1.0
    mcastaddr: 239.192.1.1
  }";
