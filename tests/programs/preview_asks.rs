//! Ways to ask: by a link alone, for several networks; and what is said of a text that asks for neither.

use bindnet::{Address, Link, Snapshot};
use bindnet_tests::{cli, netns};
use serde_json::Value;

use cli::{Run, TempFile, example, run};
use netns::{cable, ip};

/// A host with two links.
fn host() -> TempFile {
    let links = [(1, "lo"), (2, "eth0"), (3, "eth1")];
    let links = links.map(|(index, name)| Link::new(index, name.parse().unwrap()));
    let addresses = [
        ("127.0.0.1/8", 1),
        ("192.168.1.10/24", 2),
        ("192.168.2.10/24", 3),
        ("::1/128", 1),
        ("fd00:1::10/64", 2),
        ("fe80::10/64", 2),
        ("fe80::11/64", 3),
    ];
    let address = |(net, link): (&str, u32)| Address::new(net.parse().unwrap(), link);
    let mut addresses = addresses.map(address).to_vec();
    let vip = address(("192.168.3.20/24", 2)).with_label("eth0:1".parse().unwrap());
    addresses.insert(2, vip);
    TempFile::new(
        Snapshot::new(links, addresses)
            .unwrap()
            .to_json()
            .as_bytes(),
    )
}

/// What preview says of the host.
fn ask(args: &[&str]) -> Run {
    let host = host();
    run(&[args, &["--from", host.path()]].concat())
}

fn chosen(args: &[&str]) -> String {
    let run = ask(&[args, &["-q", "--strict"]].concat());
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{args:?}");
    run.stdout
}

/// The error of a command line that is refused.
fn refused(args: &[&str]) -> String {
    let run = ask(args);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
    run.stderr
}

#[test]
fn a_link_alone_asks_for_any_address_of_it() {
    assert_eq!(chosen(&["--interface", "eth1"]), "192.168.2.10\n");
    assert_eq!(chosen(&["--interface", "eth0", "-6"]), "fd00:1::10\n");
    let json = ask(&["--interface", "eth1", "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["bindnetaddr"], "0.0.0.0/0");
    let json = ask(&["--interface", "eth0", "-6", "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["bindnetaddr"], "::/0");
    // Every link has a link-local address, which nobody asked for.
    let none = ask(&["--interface", "eth1", "-6"]);
    assert_eq!((none.status, none.stdout.as_str()), (1, ""));
    assert!(
        none.stderr.contains("except loopback and link-local"),
        "{none:?}"
    );
}

#[test]
fn the_family_is_asked_for_with_a_link_alone() {
    refused(&[]);
    refused(&["-6"]);
    refused(&["-6", "--interface", "eth0", "192.168.1.0"]);
    refused(&["-6", "--interface", "eth0", "--conf", "/dev/null"]);
    refused(&["--interface", "eth0", "--profile", "corosync"]);
    let watch = |args: &[&str]| example("watch").args(args).output().unwrap();
    for args in [
        &["--for", "0"][..],
        &["-6", "--for", "0"],
        &["-6", "--interface", "lo", "::1"],
    ] {
        assert_eq!(watch(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn several_networks() {
    let racks = "192.168.2.0/24,192.168.7.0/24";
    assert_eq!(chosen(&[racks]), "192.168.2.10\n");
    let text = ask(&[racks]).stdout;
    assert!(
        text.contains(&format!("the only address of {racks} here")),
        "{text}"
    );
    let json: Value = serde_json::from_str(&ask(&[racks, "--json"]).stdout).unwrap();
    assert_eq!(json["bindnetaddr"], racks);
    let close = ask(&["192.168.2.0/24,192.168.1.0/24", "--strict"]);
    assert_eq!(close.status, 4, "{close:?}");
    let none = ask(&["192.168.7.0/24,192.168.8.0/24"]);
    assert_eq!(none.status, 1);
    assert!(
        none.stderr
            .contains("is in 192.168.7.0/24,192.168.8.0/24\n"),
        "{none:?}"
    );
    let said = refused(&["192.168.1.0/24,192.168.2.0"]);
    assert!(said.contains("entry 2, \"192.168.2.0\""), "{said}");
    // Corosync takes no list, as it takes no prefix.
    for list in [racks, "192.168.2.0/24"] {
        refused(&[list, "--profile", "corosync"]);
    }
}

#[test]
fn several_networks_are_remembered() {
    let state = TempFile::missing();
    let racks = "192.168.2.0/24,192.168.7.0/24";
    let args = [racks, "--state", state.path(), "--remember"];
    assert_eq!(ask(&args).status, 0);
    let text = std::fs::read_to_string(state.path()).unwrap();
    let line = format!("bindnetaddr {racks} address 192.168.2.10 prefix 24 interface eth1\n");
    assert!(text.contains(&line), "{text}");
    let again = ask(&args);
    assert!(
        again.stdout.contains("the remembered choice, still here"),
        "{again:?}"
    );
}

#[test]
fn the_unspecified_address_names_what_works() {
    for (text, network) in [("0.0.0.0", "0.0.0.0/0"), ("::", "::/0")] {
        let said = refused(&[text]);
        let wanted = format!("write {network} and restrict the interface (--interface)");
        assert!(said.contains(&wanted), "{said}");
    }
    // Corosync has its own way to read it.
    let run = ask(&["0.0.0.0", "--profile", "corosync"]);
    assert_eq!(run.status, 1, "{run:?}");
}

#[test]
fn a_label_is_no_link() {
    let run = ask(&["--interface", "eth0:1", "192.168.1.0"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    for words in [
        "eth0:1 is no link, but the label of 192.168.3.20/24 on eth0",
        "--interface eth0 ",
    ] {
        assert!(run.stderr.contains(words), "{run:?}");
    }
    let run = ask(&["--interface", "eth0:2", "192.168.1.0"]);
    assert!(run.stderr.contains("there is no link eth0:2"), "{run:?}");
}

#[test]
fn a_link_in_the_place_of_a_bindnetaddr() {
    let said = refused(&["eth0"]);
    for words in [
        "a link of this host",
        "--interface eth0,",
        "--interface eth0 -6",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(refused(&["eth0:1"]).contains("a label on this host"));
    assert!(refused(&["eth7"]).contains("names are not resolved"));
    let run = run(&["lo"]);
    assert!(
        run.status == 2 && run.stderr.contains("--interface lo"),
        "{run:?}"
    );
}

#[test]
fn on_this_host() {
    netns::run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        ip("addr add 192.168.3.20/24 dev eth0 label eth0:1");
        ip("addr add fd00:1::10/64 dev eth0 nodad");
        let said = run(&["--interface", "eth0:1"]);
        assert_eq!(said.status, 1, "{said:?}");
        let words = "eth0:1 is no link, but the label of 192.168.3.20/24 on eth0";
        assert!(said.stderr.contains(words), "{said:?}");
        // IPv6 addresses have no labels, and those of the other family do not matter.
        let six = run(&["--interface", "eth0:1", "-6"]);
        assert!(six.stderr.contains("there is no link eth0:1"), "{six:?}");
        assert_eq!(
            run(&["--interface", "eth0", "-6", "-q"]).stdout,
            "fd00:1::10\n"
        );
        assert_eq!(
            run(&["192.168.7.0/24,192.168.1.0/24", "-q"]).stdout,
            "192.168.1.10\n"
        );
        assert!(run(&["eth0"]).stderr.contains("a link of this host"));
        for args in [
            &["--interface", "eth0", "-6"][..],
            &["fd00:7::/64,fd00:1::/64"],
        ] {
            let mut watch = example("watch");
            let watch: Run = watch
                .args(args)
                .args(["--for", "0"])
                .output()
                .unwrap()
                .into();
            assert!(
                watch.stdout.starts_with("initial: fd00:1::10/64"),
                "{watch:?}"
            );
        }
    });
}

/// Every command of the README's table chooses an address.
#[test]
fn the_readme_says_how() {
    let readme = include_str!("../../README.md");
    let section = readme.split("## How do I ask").nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let rows = rows.flat_map(|row| row.split('`').filter(|text| text.starts_with("preview ")));
    let mut count = 0;
    for command in rows {
        let args: Vec<_> = command.split(' ').skip(1).collect();
        let run = ask(&args);
        assert_eq!(run.status, 0, "{command}: {run:?}");
        count += 1;
    }
    assert_eq!(count, 10);
}
