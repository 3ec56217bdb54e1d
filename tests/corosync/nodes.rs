//! What a plan says of the nodes: which of them is this host, and what it comes to where none of it
//! gives a link; `corosync_plan.rs` asks the real daemon.

use bindnet_tests::plans;

use bindnet::Snapshot;
use plans::{HOST, N1, conf, host, plan_with, refuses};

/// Corosync refuses most of these for their ids: which addresses it would bind is no matter of them.
#[test]
fn ids_and_names_of_nodes_are_not_read() {
    let both = [("transport: udpu", ""), ("transport: knet", "")];
    for node in [
        "name: n1; nodeid: 70000; ring0_addr: 2001:db8::10",
        "name: n1; nodeid: 0; ring0_addr: 2001:db8::10",
        "name: n1; ring0_addr: 2001:db8::10",
        "name: n1; ring0_addr: 192.0.2.10",
    ] {
        refuses(&[node], &both);
    }
    let bindnetaddr = "transport: udpu; interface {; bindnetaddr: 192.0.2.0; }";
    refuses(&["name: n1"], &[(bindnetaddr, "")]);
    refuses(&[N1, "name: n2; nodeid: 1; ring0_addr: 192.0.2.11"], &both);
    let two = "nodeid: 1; ring0_addr: 192.0.2.10; ring1_addr: 2001:db8::10";
    refuses(&[two], &[("transport: knet", "")]);
}

/// Corosync then looks at none, and does not run.
#[test]
fn a_first_node_of_nothing() {
    let udpu = "transport: udpu; interface {; bindnetaddr: 192.0.2.0; }";
    let nothing = "the first node has neither a name nor a ring0_addr";
    refuses(&["nodeid: 7", "name: n1; nodeid: 1"], &[(udpu, nothing)]);
    refuses(
        &["name: n3; nodeid: 7", "name: n1; nodeid: 1"],
        &[(udpu, "")],
    );
    let ring0 = "nodeid: 7; ring0_addr: 192.0.2.77";
    refuses(&[ring0, N1], &[("transport: udpu", "")]);
}

/// Which node is this host, by the address of its link 0.
#[test]
fn the_node_that_is_this_host() {
    let found = |nodes: &[&str], version: &str, host: &Snapshot, hosts: &str| {
        let plan = plan_with(&conf("transport: knet", nodes), version, host, hosts);
        plan.map_or_else(
            |error| error.to_string(),
            |plan| plan.links()[0].text().to_owned(),
        )
    };
    // By its whole name, or by less and less of it from its end.
    let names = [
        "name: n1.a; nodeid: 1; ring0_addr: 192.0.2.77",
        "name: n1.b; nodeid: 2; ring0_addr: 192.0.2.78",
        "name: n2; nodeid: 3; ring0_addr: 192.0.2.10",
    ];
    for (hostname, version, ring0) in [
        ("n1.b", "3.1.7", "192.0.2.78"),
        ("n1.b.org", "3.1.7", "192.0.2.78"),
        ("n1.a.b", "3.1.0", "192.0.2.77"),
        ("n1.c", "3.1.0", "192.0.2.10"),
    ] {
        let host = host(HOST, hostname);
        assert_eq!(found(&names, version, &host, ""), ring0, "{hostname}");
    }
    // Up to the first dot, from 3.1.1.
    let domains = [
        "name: n1.net; nodeid: 1; ring0_addr: 192.0.2.77",
        "name: n2; nodeid: 2; ring0_addr: 192.0.2.10",
    ];
    let n1 = host(HOST, "n1.org");
    assert_eq!(found(&domains, "3.1.1", &n1, ""), "192.0.2.77");
    assert_eq!(found(&domains, "3.1.0", &n1, ""), "192.0.2.10");
    // An address of the host that is a name comes before names that resolve to one.
    for (name, host_text) in [
        ("fe80::10%eth1", "eth1 fe80::10/64\neth0 192.0.2.10/24"),
        ("2001:db8::10", "eth1 2001:db8::10/64\neth0 192.0.2.10/24"),
    ] {
        let named = format!("name: {name}; nodeid: 2; ring0_addr: 192.0.2.77");
        let nodes = ["name: a; nodeid: 1; ring0_addr: a", &named];
        let host = host(host_text, "other");
        let hosts = "192.0.2.10 other a";
        assert_eq!(found(&nodes, "3.1.7", &host, hosts), "192.0.2.77", "{name}");
        assert_eq!(found(&nodes[..1], "3.1.7", &host, hosts), "a", "{name}");
    }
}

/// No link: whether that may pass by itself depends on where an address should come from.
#[test]
fn without_a_link() {
    let error = |nodes: &[&str], version: &str| {
        let conf = conf("transport: udpu", nodes);
        plan_with(&conf, version, &host(HOST, "n1"), "").unwrap_err()
    };
    let other = ["name: n2; nodeid: 2; ring0_addr: 192.0.2.77"];
    for (nodes, version, of_this_host, said) in [
        (&other[..], "2.4.6", true, "neither a bindnetaddr"),
        (&[], "2.4.6", false, "neither a bindnetaddr"),
        (&other, "1.4.7", false, "Corosync 1.4.7 knows no nodelist"),
        (&[], "1.4.7", false, "neither a bindnetaddr"),
        (
            &other,
            "3.1.7",
            true,
            "no node of the nodelist is this host",
        ),
        (&[], "3.1.7", false, "there is no nodelist"),
        (
            &["name: n1; nodeid: 1"],
            "3.1.7",
            false,
            "neither a bindnetaddr",
        ),
    ] {
        let error = error(nodes, version);
        assert_eq!(error.is_of_this_host(), of_this_host, "{version}: {error}");
        assert!(error.to_string().contains(said), "{version}: {error}");
    }
}
