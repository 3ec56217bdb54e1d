//! What asking takes: CAP_NET_RAW, and no more than that (capabilities(7)).

use bindnet_tests::{cli, lan, netns};

use std::fs;
use std::process::Command;

use cli::{Run, TempFile, example};
use lan::{Lan, mac, text};
use netns::{ip, run, skip};
use serde_json::Value;

/// The address that is asked for.
const IP: &str = "192.0.2.10";

const A: [u8; 6] = mac(0x0a);
const B: [u8; 6] = mac(0x0b);

/// Runs a program that may have these capabilities only, as setpriv(1) names them.
fn with_only(capabilities: &str, args: &[&str]) -> Run {
    let mut command = Command::new("setpriv");
    let bounding = ["-all", capabilities].join(",");
    command.arg(format!("--bounding-set={}", bounding.trim_end_matches(',')));
    command
        .args(["--inh-caps=-all", "--no-new-privs"])
        .args(args);
    match command.output() {
        Ok(output) => output.into(),
        Err(error) => skip(format!("setpriv (util-linux): {error}")),
    }
}

fn program() -> String {
    example("conflict")
        .get_program()
        .to_str()
        .unwrap()
        .to_owned()
}

fn said(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

#[test]
fn it_takes_cap_net_raw_alone() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        let b = lan.host("b", B);
        for net in [format!("{IP}/24"), "2001:db8::10/64 nodad".to_owned()] {
            ip(&format!("addr add {net} dev eth0"));
            b.ip(&format!("addr add {net} dev eth0"));
        }
        let program = program();
        for asked in [IP, "2001:db8::10"] {
            let args = [&program, "--timing", "fast", "--json", asked];
            let refused = with_only("", &args);
            assert_eq!(refused.status, 3, "{refused:?}");
            let told = said(&refused);
            assert_eq!(told["verdict"], "not-permitted");
            let reason = told["reason"].as_str().unwrap();
            assert!(reason.contains("CAP_NET_RAW"), "{reason}");
            assert_eq!((&told["mac"], &told["how"]), (&Value::Null, &Value::Null));
            let plain = with_only("", &[&program, asked]);
            assert!(plain.stdout.contains("CAP_NET_RAW"), "{plain:?}");

            let allowed = with_only("+net_raw", &args);
            assert_eq!(allowed.status, 1, "{allowed:?}");
            assert_eq!(said(&allowed)["mac"], text(B));
        }
    });
}

/// What is refused is no reason to say nothing of what can be seen without.
#[test]
fn what_is_known_without_it_is_told() {
    run(|| {
        ip("link set lo up");
        let told = said(&with_only("", &[&program(), "--json", "127.0.0.1"]));
        assert_eq!(told["verdict"], "not-applicable");
        let told = said(&with_only("", &[&program(), "--json", IP]));
        assert_eq!(told["verdict"], "inconclusive");
        assert_eq!(told["reason"], "this host does not have it");
    });
}

/// Two hosts that a process without any privilege has made (user_namespaces(7)), and asks on.
const ROOTLESS: &str = r#"
set -e
ip link add eth0 address 02:00:00:00:00:0a type veth peer name far address 02:00:00:00:00:0b
unshare --net sleep 60 &
other=$!
trap 'kill $other' EXIT
while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
ip link set far netns $other
in_other() { nsenter --target $other --net "$@"; }
ip link set eth0 up
in_other ip link set far up
ip addr add 192.0.2.10/24 dev eth0
while ! ip -br link show eth0 | grep -q LOWER_UP; do sleep 0.01; done
"$0" --timing fast --json 192.0.2.10 || true
in_other ip addr add 192.0.2.10/24 dev far
"$0" --timing fast --json 192.0.2.10 || true
"#;

#[test]
fn a_user_namespace_of_one_s_own_will_do() {
    run(|| {
        // Nobody in particular, who may not read the folders of whoever built this.
        let program = TempFile::missing();
        fs::copy(self::program(), program.path()).unwrap();
        let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        let rootless = format!("{nobody} unshare --user --map-root-user --net");
        let rootless: Vec<_> = rootless.split(' ').collect();
        let with = "+setuid,+setgid";
        let possible = with_only(with, &[&rootless[..], &["true"]].concat());
        if possible.status != 0 {
            skip(format!("unshare --user --net: {}", possible.stderr.trim()));
        }
        let args = [&rootless[..], &["sh", "-c", ROOTLESS, program.path()]].concat();
        let done = with_only(with, &args);
        let told = done.stdout.lines();
        let told: Vec<Value> = told
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let [before, after] = &told[..] else {
            panic!("{done:?}");
        };
        assert_eq!(before["verdict"], "clear", "{done:?}");
        assert_eq!(after["verdict"], "conflict", "{done:?}");
        assert_eq!(after["mac"], text(B));
    });
}
