//! Alternative names of links on the command lines of the programs, of a recorded host and of one of
//! their own.

use serde_json::Value;

use bindnet_tests::{cli, netns};

use super::watch::Watching;
use cli::{TempFile, example, run};
use netns::{cable, ip};

/// A host with two links in one network, as `ip -j addr` shows it.
const HOST: &[u8] = br#"[
    {"ifindex":2,"ifname":"eth0","flags":["UP"],"addr_info":[
      {"family":"inet","local":"192.0.2.10","prefixlen":24,"label":"eth0"},
      {"family":"inet6","local":"fe80::1","prefixlen":64}]},
    {"ifindex":3,"ifname":"eth1","altnames":["enp0s8","the-second-port-from-the-left"],"flags":["UP"],
     "addr_info":[
      {"family":"inet","local":"192.0.2.20","prefixlen":24,"label":"eth1"},
      {"family":"inet6","local":"fe80::1","prefixlen":64}]}]"#;

const LONG: &str = "the-second-port-from-the-left";

#[test]
fn a_replayed_host_knows_them() {
    let host = TempFile::new(HOST);
    for name in ["eth1", "enp0s8", LONG] {
        let by_zone = format!("fe80::1%{name}");
        for (asked, ip) in [
            (vec!["--interface", name, "192.0.2.0"], "192.0.2.20"),
            (vec![by_zone.as_str()], "fe80::1"),
        ] {
            let done = run(&[&asked[..], &["--json", "--from", host.path()]].concat());
            assert_eq!(done.status, 0, "{}", done.stderr);
            let json: Value = serde_json::from_str(&done.stdout).unwrap();
            assert_eq!(json["chosen"]["address"], ip, "{json}");
            assert_eq!(json["chosen"]["interface"], "eth1", "{json}");
        }
    }
    let absent = "the-third-port-from-the-left";
    let done = run(&["--interface", absent, "192.0.2.0", "--from", host.path()]);
    assert_eq!(done.status, 1);
    let said = format!("no link {absent}");
    assert!(done.stderr.contains(&said), "{}", done.stderr);

    let node = format!("n1={}", host.path());
    let mut fleet = example("fleet");
    let done = fleet.args(["--json", "--interface", LONG, "192.0.2.0", &node]);
    let done: cli::Run = done.output().unwrap().into();
    assert!(
        done.stdout.contains("192.0.2.20"),
        "{} {}",
        done.stdout,
        done.stderr
    );
    assert!(!done.stdout.contains(r#""192.0.2.10""#), "{}", done.stdout);
}

#[test]
fn a_live_host_has_them() {
    netns::run(|| {
        for (at, name) in ["eth0", "eth1"].into_iter().enumerate() {
            cable(name);
            ip(&format!("addr add 192.0.2.{}/24 dev {name}", 10 * (at + 1)));
        }
        ip(&format!("link property add dev eth1 altname {LONG}"));
        let done = run(&["--interface", LONG, "192.0.2.0"]);
        assert_eq!(done.status, 0, "{}", done.stderr);
        assert!(
            done.stdout.starts_with("192.0.2.20/24 on eth1: "),
            "{}",
            done.stdout
        );

        let (watching, first) = Watching::start(&["--interface", LONG, "192.0.2.0"]);
        assert_eq!(first["address"], "192.0.2.20", "{first}");
        assert_eq!(first["interface"], "eth1", "{first}");
        drop(watching);

        let mut conflict = example("conflict");
        let done = conflict.args(["--json", "--interface", LONG, "192.0.2.20"]);
        let done: cli::Run = done.output().unwrap().into();
        let json: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(json["interface"], "eth1", "{json}");
    });
}
