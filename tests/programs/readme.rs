//! README.md shows what `preview` prints; `watch` and `preview_asks` have the rest of it.

use bindnet_tests::{cli, cluster, n1};

use cli::{TempFile, recorded, run};
use cluster::host;
use n1::conf;

/// The output that is shown of a command.
fn shown(command: &str) -> &'static str {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```text\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let commands = blocks.flat_map(|block| block.split("$ ").skip(1));
    let mut commands = commands.filter_map(|text| text.split_once('\n'));
    let is_it = |line: &str| line.split(" # ").next().unwrap().trim() == command;
    let found = commands.find(|(line, _)| is_it(line));
    found.unwrap_or_else(|| panic!("{command}")).1.trim_end()
}

/// Requires that preview prints what is shown of a command, the warnings last; `...` is anything.
fn assert_prints(args: &[&str], command: &str) {
    let (run, shown) = (run(args), shown(command));
    let printed = run.stdout + &run.stderr;
    let mut rest = printed.trim_end();
    for (at, part) in shown.split("...\n").enumerate() {
        let found = rest.find(part).filter(|found| at > 0 || *found == 0);
        let found = found.unwrap_or_else(|| panic!("{printed}\nis shown as\n{shown}"));
        rest = &rest[found + part.len()..];
    }
    assert_eq!(rest, "", "{command}");
}

#[test]
fn choices_of_recorded_hosts() {
    for (recording, bindnetaddr) in [("ra_label", "192.168.1.0"), ("ra_v6", "fd00:1::")] {
        let host = recorded(recording);
        let command = format!("preview {bindnetaddr}");
        assert_prints(&[bindnetaddr, "--from", host.path()], &command);
    }
}

#[test]
fn audits() {
    let host = recorded("ra_default");
    let audit = ["--audit", "192.168.1.0", "--from", host.path()];
    assert_prints(&audit, "preview --audit 192.168.1.0");
    let remembered = "bindnet-state/1\nbindnetaddr 192.168.1.0 address 192.168.1.10\nend\n";
    let state = TempFile::new(remembered.as_bytes());
    assert_prints(
        &[&audit[..], &["--state", state.path()]].concat(),
        "preview --audit --state choices 192.168.1.0",
    );
}

#[test]
fn a_corosync_conf() {
    let host = host(
        "hostname n1; eth0 192.168.1.20/24 label=eth0:vip; eth0 192.168.1.10/24 label=eth0 secondary",
    );
    let totem = "  transport: udp
  cluster_name: c
  interface {
    linknumber: 0
    bindnetaddr: 192.168.1.0
    mcastaddr: 239.192.1.1
  }";
    let conf = conf(totem, &["    name: n1\n    nodeid: 1"]);
    let [host, conf] = [host, conf].map(|text| TempFile::new(text.as_bytes()));
    let asked = ["--conf", conf.path(), "--from", host.path()];
    assert_prints(
        &[&asked[..], &["--profile", "corosync:3.1.7"]].concat(),
        "preview --conf /etc/corosync/corosync.conf",
    );
}
