//! Bad input to the preview example: status 2 at once, with a message that names the text and
//! the place and says what would be accepted.

use bindnet_tests::cli;

use cli::{TempFile, recorded, run, run_with_input};

/// Asserts that these arguments are refused, with all of these parts in the message.
fn refused(args: &[&str], parts: &[&str]) {
    let run = run(args);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (2, ""),
        "{args:?}: {}",
        run.stderr
    );
    for part in parts {
        assert!(
            run.stderr.contains(part),
            "{args:?}: {part:?} is not in {:?}",
            run.stderr
        );
    }
}

#[test]
fn bindnetaddrs() {
    for (text, parts) in [
        (
            "192.168.1",
            &[
                "Corosync reads it as 192.168.0.1",
                "Write 192.168.1.0 or 192.168.0.1",
            ][..],
        ),
        (
            "192.168.010.0",
            &[
                "\"010\"",
                "octal, 192.168.8.0",
                "Write 192.168.8.0 or 192.168.10.0.",
            ],
        ),
        ("300.1.1.1", &["\"300\"", "0 to 255"]),
        ("192.168.1.0/33", &["\"33\"", "0 to 32"]),
        ("fd00::/129", &["\"129\"", "0 to 128"]),
        ("192.168.1.10/24", &["write 192.168.1.10 or 192.168.1.0/24"]),
        ("fd00::1/64", &["write fd00::1 or fd00::/64"]),
        (
            "::ffff:192.168.1.10",
            &["IPv4-mapped", "write 192.168.1.10"],
        ),
        ("fe80::1%", &["after %", "fe80::1%eth0"]),
        (
            "192.168.1.0%eth0",
            &["a zone (%)", "restrict the interface (--interface)\n"],
        ),
        ("", &["empty", "192.168.1.0/24"]),
        ("node1", &["\"node1\" is not an address"]),
        ("fd00::1::2", &["not an IPv6 address"]),
        ("192.168.1.0 ", &["white space"]),
        ("192.168.1.0/", &["prefix length"]),
        ("192.168.1.0/+8", &["prefix length"]),
        ("192.168.1.0/024", &["prefix length"]),
        ("192.168.1.0:5405", &["a port", "write 192.168.1.0"]),
        (
            "0300.1.1.1",
            &["\"0300\"", "octal, 192.1.1.1", "Write 192.1.1.1."],
        ),
        (
            "192.168.010.09",
            &["\"09\"", "octal, which it is not", "Write 192.168.10.9."],
        ),
        ("fe80::/64%eth0", &["write fe80::%eth0/64"]),
        ("0x7f.0.0.1", &["four decimal numbers", "127.0.0.1"]),
    ] {
        let named = format!("preview: bindnetaddr {text:?}: ");
        refused(&["--", text], &[&[named.as_str()], parts].concat());
    }
}

#[test]
fn options() {
    let bind = "192.168.1.0";
    refused(
        &[bind, "--no-rule", "colour"],
        &["--no-rule", "\"colour\"", "label, vrrp-mac"],
    );
    refused(
        &[bind, "--no-rule", "declared-floating"],
        &["\"declared-floating\""],
    );
    refused(
        &[bind, "--floating", "192.168.1.20/24"],
        &["--floating \"192.168.1.20/24\"", "write"],
    );
    refused(
        &[bind, "--fixed", "x"],
        &["--fixed \"x\"", "not an address"],
    );
    refused(
        &[bind, "--protocol", "256"],
        &["--protocol \"256\"", "1 to 255"],
    );
    refused(&[bind, "--protocol", "0"], &["1 to 255"]);
    refused(
        &[bind, "--previous", "192.168.1.10/24"],
        &["--previous", "write 192.168.1.10"],
    );
    refused(
        &[bind, "--previous", "192.168.1.10%eth0"],
        &["--previous", "restrict the interface (--interface)\n"],
    );
    refused(
        &[bind, "--interface", &"n".repeat(128)],
        &["--interface", "128 bytes", "at most 127"],
    );
    refused(&[bind, "--interface", r"eth\0"], &["--interface", "xNN"]);
    refused(&[bind, "--wait", "soon"], &["--wait \"soon\"", "seconds"]);
    refused(&[bind, "--wait=-1"], &["--wait"]);
    refused(&[bind, "--wait", "nan"], &["--wait \"nan\""]);
    refused(&[bind, "--profile", "mine"], &["--profile", "default"]);
    refused(
        &[bind, "--source", "dns"],
        &["--source", "netlink", "getifaddrs"],
    );
    refused(&[], &["BINDNETADDR"]);
    refused(&[bind, "--capture"], &["--capture"]);
    refused(&["--capture", "--fixed", "x"], &["--capture"]);
    let tie = [
        bind,
        "--floating",
        "192.168.1.20",
        "--fixed",
        "192.168.1.20/32",
    ];
    refused(&tie, &["192.168.1.20/32", "both floating and fixed"]);
}

#[test]
fn lists() {
    let list = TempFile::new(b"192.168.1.20\n# fine\n192.168.1.x\n");
    let file = format!("@{}", list.path());
    let line = format!("{}, line 3 \"192.168.1.x\"", list.path());
    refused(&["192.168.1.0", "--floating", &file], &[&line]);
    refused(
        &["192.168.1.0", "--floating", "@/nonexistent"],
        &["/nonexistent", "No such file"],
    );
}

/// Asserts that a snapshot file is refused.
fn refused_file(content: &[u8], parts: &[&str]) {
    let file = TempFile::new(content);
    let named = format!("preview: {}: ", file.path());
    refused(
        &["192.168.1.0", "--from", file.path()],
        &[&[named.as_str()], parts].concat(),
    );
    let run = run_with_input(&["192.168.1.0", "--from", "-"], content);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.starts_with("preview: standard input: "),
        "{}",
        run.stderr
    );
}

/// A snapshot of one address, with one part of its text replaced.
fn snapshot_but(from: &str, to: &str) -> Vec<u8> {
    let text = r#"{"format":"bindnet-snapshot/1","source":"netlink","consistency":"consistent",
        "links":[{"index":2,"name":"eth0","flags":["up"],"mac":"02:00:00:00:00:01"}],
        "addresses":[{"interface_index":2,"address":"192.168.1.10","prefix_len":24,
        "label":"eth0","peer":null,"scope":"global","flags":["permanent"],"valid_lft":null},
        {"interface_index":2,"address":"fd00::1","prefix_len":64,"flags":["nodad"]}]}"#;
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn the_snapshot_that_is_spoilt_below_is_sound() {
    let run = run_with_input(
        &["192.168.1.0", "-q", "--from", "-"],
        &snapshot_but("{", "{"),
    );
    assert_eq!((run.status, run.stdout.as_str()), (0, "192.168.1.10\n"));
}

#[test]
fn snapshots() {
    for (from, to, parts) in [
        (
            "bindnet-snapshot/1",
            "bindnet-snapshot/2",
            &["bindnet-snapshot/2", "only", "/1"][..],
        ),
        (
            "\"format\":\"bindnet-snapshot/1\",",
            "",
            &["format", "bindnet-snapshot/1"],
        ),
        (
            "\"prefix_len\":64",
            "\"prefix_len\":129",
            &["addresses[1].prefix_len", "129", "0 to 128"],
        ),
        (
            "\"prefix_len\":24",
            "\"prefix_len\":33",
            &["addresses[0].prefix_len", "33", "0 to 32"],
        ),
        (
            "\"prefix_len\":24",
            "\"prefix_len\":256",
            &["line 3 column"],
        ),
        (
            "\"permanent\"",
            "\"purple\"",
            &["addresses[0].flags[0]", "\"purple\"", "permanent", "0x"],
        ),
        (
            "\"up\"",
            "\"UP\"",
            &["links[0].flags[0]", "\"UP\"", "lower-up"],
        ),
        (
            "\"interface_index\":2",
            "\"interface_index\":3",
            &["addresses[0]", "interface_index 3"],
        ),
        (
            "\"eth0\"",
            "\"a-name-of-more-than-15-bytes\"",
            &["links[0].name", "at most 15"],
        ),
        (
            "\"name\":\"eth0\"",
            "\"name\":\"eth0\",\"altnames\":[\"a\",\"\"]",
            &["links[0].altnames[1]", "at least one byte"],
        ),
        (
            "\"label\":\"eth0\"",
            "\"label\":\"e\\\\q\"",
            &["addresses[0].label", "xNN"],
        ),
        (
            "192.168.1.10",
            "192.168.1.300",
            &["addresses[0].address", "192.168.1.300"],
        ),
        (
            "\"peer\":null",
            "\"peer\":\"fd00::2\"",
            &["addresses[0].peer", "other family"],
        ),
        (
            "\"global\"",
            "\"galactic\"",
            &["addresses[0].scope", "galactic", "global, site"],
        ),
        (
            "\"netlink\"",
            "\"hearsay\"",
            &["source", "hearsay", "getifaddrs"],
        ),
        (
            "\"consistent\"",
            "\"maybe\"",
            &["consistency", "maybe", "interrupted"],
        ),
        (
            "02:00:00:00:00:01",
            "02:00:00:00:00:1",
            &["links[0].mac", "hexadecimal"],
        ),
        ("\"valid_lft\":null", "\"valid_lft\":-1", &["line 4 column"]),
        ("\"index\":2,", "", &["missing field `index`"]),
    ] {
        refused_file(&snapshot_but(from, to), parts);
    }
    let twice = snapshot_but("\"links\":[", "\"links\":[{\"index\":2,\"name\":\"a\"},");
    refused_file(&twice, &["links[1]", "index 2"]);
}

#[test]
fn what_is_no_snapshot() {
    let sound = snapshot_but("{", "{");
    refused_file(&sound[..sound.len() - 40], &["cut short"]);
    refused_file(b"", &["nothing there; a snapshot (preview --capture) or "]);
    refused_file(b"  \n", &["nothing there"]);
    refused_file(
        &b" ".repeat(200),
        &["nothing there; a snapshot (preview --capture) or "],
    );
    refused_file(b"hello", &["'h'", "ip -j addr"]);
    refused_file(b"{}", &["format", "bindnet-snapshot/1"]);
    refused_file(b"[1]", &["line 1 column"]);
    refused_file(
        &[b"{\"x\":".repeat(65), b"1".to_vec()].concat(),
        &["deeper than 64"],
    );
    refused_file(&b"[".repeat(1_000_000), &["deeper than 64"]);
    refused_file(b"\xff\xfe{\0}", &["snapshot"]);
    let text = b"1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\n";
    refused_file(text, &["text output of `ip addr`", "run ip -d -j addr"]);
}

#[test]
fn json_of_other_commands() {
    let run_this = "run ip -d -j addr";
    // ip -br -j addr
    let brief = br#"[{"ifname":"lo","operstate":"UNKNOWN","addr_info":[{"local":"127.0.0.1","prefixlen":8}]}]"#;
    refused_file(brief, &["[0]: no link with its addresses", run_this]);
    // ip -j link
    refused_file(
        br#"[{"ifindex":1,"ifname":"lo","flags":["UP"]}]"#,
        &["[0]", run_this],
    );
    // ip -j route
    let route = br#"[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]}]"#;
    refused_file(route, &["no link in it", run_this]);
    let no_family =
        br#"[{"ifindex":1,"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8}]}]"#;
    refused_file(no_family, &["[0].addr_info[0].family", "missing"]);
    refused_file(b"[]", &["no link in it"]);
}

#[test]
fn many_small_things_take_no_memory() {
    let objects = [b"[{}".to_vec(), b",{}".repeat(1_100_000), b"]".to_vec()].concat();
    refused_file(&objects, &["more than 1 000 000 objects"]);
    let string = "\\u0001".repeat(2000);
    refused_file(
        &snapshot_but("netlink", &string),
        &["a string of more than 4096 bytes"],
    );
    let flags = format!("\"up\"{}", ",\"up\"".repeat(100));
    refused_file(
        &snapshot_but("\"up\"", &flags),
        &["more flags than there are"],
    );
}

#[test]
fn nesting_is_read_up_to_64_levels() {
    let deep = format!("\"x\":{}1{},\"links\"", "[".repeat(63), "]".repeat(63));
    let run = run_with_input(
        &["192.168.1.0", "-q", "--from", "-"],
        &snapshot_but("\"links\"", &deep),
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn zeros_without_end() {
    let zeros = TempFile::missing();
    let file = std::fs::File::create(zeros.path()).expect("a file");
    file.set_len(100_000_000).expect("a sparse file");
    refused(&["192.168.1.0", "--from", zeros.path()], &["64 MiB"]);
    refused(
        &["192.168.1.0", "--from", "/dev/zero"],
        &["/dev/zero: a device", "regular file"],
    );
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let fifo = TempFile::missing();
    nix::unistd::mkfifo(fifo.path(), nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    refused(
        &["192.168.1.0", "--from", fifo.path()],
        &["a FIFO", "regular file", "- for standard input"],
    );
    let list = format!("@{}", fifo.path());
    refused(&["192.168.1.0", "--floating", &list], &["a FIFO"]);
    refused(&["192.168.1.0", "--from", "/"], &["/: a folder"]);
    refused(
        &["192.168.1.0", "--from", "/nonexistent"],
        &["/nonexistent", "No such file"],
    );
}

#[test]
fn arguments_that_are_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let host = recorded("ra_label");
    let not_utf_8 = OsStr::from_bytes(b"\xff");
    let bindnetaddr = cli::preview()
        .arg(not_utf_8)
        .output()
        .expect("preview runs");
    assert_eq!(bindnetaddr.status.code(), Some(2));
    // The name of a link may be any bytes; there is no such link here.
    let interface = cli::preview()
        .args(["192.168.1.0", "--from", host.path(), "--interface"])
        .arg(not_utf_8)
        .output()
        .expect("preview runs");
    assert_eq!(interface.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&interface.stderr).contains(r"no link \xff"));
}
