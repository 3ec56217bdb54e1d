//! The hosts of `inputs` for which the kernel matters: an address that is detected while `watch` starts,
//! and one address on a bridge and on its port.

use bindnet_tests::{cli, lan, netns};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::watch::{Watching, told};
use cli::{Run, TempFile, example};
use lan::{Lan, mac};
use netns::{cable, ip, link, run, sysctl, until};

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{run:?}: {error}"))
}

#[test]
fn watch_waits_for_what_is_pending() {
    for args in [&[][..], &["--strict", "--fixed", "2001:db8::10"]] {
        run(|| {
            cable("eth0");
            sysctl("ipv6/conf/eth0/accept_dad", 1);
            ip("addr add 2001:db8::10/64 dev eth0");
            ip("addr add 2001:db8::20/64 dev eth0 nodad");
            let state = TempFile::missing();
            let more = ["--wait", "60", "--state", state.path(), "2001:db8::"];
            let (watching, first) = Watching::start(&[args, &more].concat());
            let own = Some("2001:db8::10");
            assert_eq!(
                told(&first),
                ("initial", own, None, Some("eth0")),
                "{first}"
            );
            let text = std::fs::read_to_string(state.path()).unwrap();
            assert!(text.contains(" address 2001:db8::10 "), "{text}");
            assert_eq!(watching.end(Signal::SIGTERM).0, 0);
        });
    }
}

#[test]
fn it_is_asked_on_the_bridge() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", mac(1));
        ip("addr add 192.168.1.10/24 dev eth0");
        ip("link add br0 type bridge stp_state 0");
        ip("link set br0 up");
        ip("link set eth0 master br0");
        ip("addr add 192.168.1.10/24 dev br0");
        until("the bridge has a carrier", || {
            link("br0").is_running() == Some(true)
        });
        let preview = || cli::run(&["--strict", "--check", "--json", "192.168.1.0"]);
        let conflict = || -> Run {
            let mut conflict = example("conflict");
            let conflict = conflict.args(["--timing=fast", "--json", "192.168.1.10"]);
            conflict.output().unwrap().into()
        };
        let asked = preview();
        assert_eq!(asked.status, 0, "{asked:?}");
        let decision = json_of(&asked);
        assert_eq!(decision["chosen"]["interface"], "br0", "{decision}");
        assert_eq!(decision["separated_by"], Value::Null);
        assert_eq!(decision["conflict"]["verdict"], "clear");
        assert_eq!((conflict().status, preview().status), (0, 0));

        let rival = lan.host("b", mac(0xb));
        rival.ip("addr add 192.168.1.10/24 dev eth0");
        let asked = preview();
        assert_eq!(asked.status, 5, "{asked:?}");
        let (asked, found) = (json_of(&asked), conflict());
        assert_eq!(found.status, 1, "{found:?}");
        for verdict in [&asked["conflict"], &json_of(&found)] {
            assert_eq!(verdict["verdict"], "conflict", "{verdict}");
            assert_eq!(verdict["interface"], "br0", "{verdict}");
            assert_eq!(verdict["mac"], "02:00:00:00:00:0b", "{verdict}");
        }
        let text = cli::run(&["--strict", "--check", "192.168.1.0"]);
        let words = "192.168.1.10 on br0: CONFLICT; 02:00:00:00:00:0b answers for it (";
        assert!(text.stdout.contains(words), "{text:?}");
    });
}
