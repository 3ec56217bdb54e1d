//! How the addresses of a corosync.conf are read, and whether getaddrinfo(3) reads the same.

use bindnet_tests::folder::Folder;
use bindnet_tests::netns;

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::process::Command;

use bindnet::corosync::{Hosts, IpVersion, read_address};
use bindnet::live::read_hosts;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;

/// Each name has one address of a family at most: getaddrinfo(3) would sort several.
const HOSTS: &str = "\
192.0.2.1\talice.example alice # the first
2001:db8::1  Alice
::1 me
::ffff:192.0.2.7 mapped
198.51.100.010 octal
\t192.0.2.9 indented\tother\r
fe80::1%lo zoned
192.0.2.5
192.0.2.6#x
192.0.2.8 #alone
192.0.2.11 1.2.3.256 1.2.3.256. b/24 a:b fe80::1%nowhere fe80::1%
";

fn hosts() -> Hosts {
    Hosts::parse(HOSTS.as_bytes())
}

/// `192.0.2.8 Octal`, `fe80::1 Plain %eth0`, or the message.
fn read(text: &str, version: IpVersion) -> String {
    match read_address(text, version, &hosts()) {
        Ok(read) => {
            let zone = read.zone.map(|zone| format!(" %{zone}"));
            format!("{} {:?}{}", read.ip, read.how, zone.unwrap_or_default())
        }
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn how_an_address_is_read() {
    let rows = [
        ("192.168.1.0", "192.168.1.0 Plain"),
        ("192.168.010.0", "192.168.8.0 Octal"),
        ("192.168.0x10.0", "192.168.16.0 Hexadecimal"),
        ("3232235776", "192.168.1.0 ShortForm"),
        ("192.168.1", "192.168.0.1 ShortForm"),
        ("192.168.010", "192.168.0.8 Octal"),
        ("0", "0.0.0.0 ShortForm"),
        ("fd00::", "fd00:: Plain"),
        ("fe80::1%eth0", "fe80::1 Plain %eth0"),
        ("2001:db8::1%2", "2001:db8::1 Plain %2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1 Plain"),
        ("ALICE", "2001:db8::1 HostsFile"),
        ("other", "192.0.2.9 HostsFile"),
        ("", "empty; write an address"),
        (
            "192.168.1.0/24",
            "\"192.168.1.0/24\": Corosync refuses a prefix; write 192.168.1.0",
        ),
        (
            "fd00::/64",
            "\"fd00::/64\": Corosync refuses a prefix; write fd00::",
        ),
        (
            "bob",
            "the name \"bob\" is not in the hosts file; Corosync would ask DNS.",
        ),
        ("alice.", "the name \"alice.\" is not in the hosts file"),
        ("192.168.1.256", "\"192.168.1.256\" is not an address"),
        ("192.168.1.08", "\"192.168.1.08\" is not an address"),
        ("192.168.1.0 # x", "\"192.168.1.0 # x\" is not an address"),
        ("alice/24", "\"alice/24\" is not an address"),
        ("192.0.2.1%eth0", "\"192.0.2.1%eth0\" is not an address"),
        ("2001:db8::1%eth0", "\"2001:db8::1%eth0\" is not an address"),
        ("fe80::1%", "\"fe80::1%\" is not an address"),
        ("2001:db8:::", "\"2001:db8:::\" is not an address"),
        ("192.0.2.1:5405", "\"192.0.2.1:5405\" is not an address"),
    ];
    for (text, expected) in rows {
        let found = read(text, IpVersion::V6Then4);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn the_family_that_is_asked_for() {
    let family = |text, version| format!("\"{text}\" is not of the family of ip_version {version}");
    let rows = [
        (IpVersion::V4, "::1", family("::1", "ipv4")),
        (IpVersion::V6, "192.0.2.1", family("192.0.2.1", "ipv6")),
        (
            IpVersion::V4,
            "::ffff:192.0.2.1",
            "192.0.2.1 Plain".to_owned(),
        ),
        (IpVersion::V4, "alice", "192.0.2.1 HostsFile".to_owned()),
        (IpVersion::V6, "alice", "2001:db8::1 HostsFile".to_owned()),
        (
            IpVersion::V4Then6,
            "alice",
            "192.0.2.1 HostsFile".to_owned(),
        ),
        (IpVersion::V4Then6, "me", "::1 HostsFile".to_owned()),
        (IpVersion::V4, "me", "127.0.0.1 HostsFile".to_owned()),
        (IpVersion::Any, "alice", "192.0.2.1 HostsFile".to_owned()),
        (
            IpVersion::V6,
            "other",
            "the name \"other\" has no address in the hosts file".to_owned(),
        ),
    ];
    for (version, text, expected) in rows {
        let found = read(text, version);
        assert!(found.starts_with(&expected), "{text} {version}: {found}");
    }
}

#[test]
fn a_hosts_file_is_read_whatever_it_holds() {
    let hosts = hosts();
    let name_of = |ip: &str| hosts.name_of(ip.parse().unwrap());
    assert_eq!(name_of("192.0.2.1"), Some("alice.example"));
    assert_eq!(name_of("192.0.2.9"), Some("indented"));
    assert_eq!(name_of("192.0.2.5"), None);
    assert_eq!(name_of("192.0.2.8"), None);
    assert_eq!(hosts.addresses("alone").count(), 0);
    assert_eq!(hosts.addresses("").count(), 0);
    let odd = Hosts::parse(b"192.0.2.1 a\xff\0b\n\n\0\n192.0.2.2 b");
    assert_eq!(odd.addresses("b").count(), 1);
    assert_eq!(odd.addresses("a\u{fffd}").count(), 1);
    assert_eq!(Hosts::parse(b""), Hosts::default());
}

#[test]
fn versions_print_as_they_are_written() {
    for text in ["ipv4", "ipv6", "ipv6-4", "ipv4-6"] {
        assert_eq!(text.parse::<IpVersion>().unwrap().to_string(), text);
    }
    let error = "IPv4".parse::<IpVersion>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "ip_version \"IPv4\": write ipv4, ipv6, ipv4-6 or ipv6-4"
    );
}

/// What getaddrinfo(3) answers, a line each: the family asked for and the text.
const PERL: &str = r#"
use Socket qw(:all);
my %family = (4 => AF_INET, 6 => AF_INET6, 0 => AF_UNSPEC);
while (<STDIN>) {
    chomp;
    my ($family, $text) = split / /, $_, 2;
    my $hints = {family => $family{$family}, socktype => SOCK_DGRAM, protocol => IPPROTO_UDP};
    my ($error, @found) = getaddrinfo($text, undef, $hints);
    my @ips = map { (getnameinfo($_->{addr}, NI_NUMERICHOST, NIx_NOSERV))[1] } @found;
    print join(' ', @ips), "\n";
}"#;

/// Asks the real getaddrinfo(3) with our hosts file for IPv4, IPv6 and both of each text.
fn real(texts: &[String]) -> Vec<[Vec<IpAddr>; 3]> {
    let folder = std::env::temp_dir().join(format!("bindnet-names-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hosts"), HOSTS).unwrap();
    fs::write(folder.join("nsswitch.conf"), "hosts: files\n").unwrap();
    let ask = |text| {
        [4, 6, 0]
            .map(|family| format!("{family} {text}\n"))
            .concat()
    };
    let questions: String = texts.iter().map(ask).collect();
    fs::write(folder.join("questions"), questions).unwrap();
    let script = "mount --bind hosts /etc/hosts && mount --bind nsswitch.conf /etc/nsswitch.conf \
                  && exec perl -e \"$0\" < questions";
    let done = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, PERL])
        .current_dir(&folder)
        .output();
    fs::remove_dir_all(&folder).unwrap();
    let output = match done {
        Ok(done) if done.status.success() => String::from_utf8(done.stdout).unwrap(),
        Ok(done) => netns::skip(String::from_utf8_lossy(&done.stderr).into_owned()),
        Err(error) => netns::skip(format!("unshare: {error}")),
    };
    let ip = |word: &str| word.split('%').next().unwrap().parse().unwrap();
    let lines: Vec<Vec<IpAddr>> = output
        .lines()
        .map(|line| {
            line.split(' ')
                .filter(|word| !word.is_empty())
                .map(ip)
                .collect()
        })
        .collect();
    assert_eq!(lines.len(), 3 * texts.len());
    lines
        .chunks(3)
        .map(|lines| [lines[0].clone(), lines[1].clone(), lines[2].clone()])
        .collect()
}

/// Texts that are addresses, and texts that nearly are.
fn texts() -> impl Strategy<Value = String> {
    let number = "0|1|255|256|0255|0377|0400|08|0x|0xff|0XAb|0x100|65535|65536|16777215|16777216|\
                  4294967295|4294967296|[0-9]{1,3}|0x[0-9a-f]{1,2}|0[0-7]{1,3}|\\+1|";
    let ipv4 = format!("({number})(\\.({number})){{0,4}}");
    let group = "(::?|[0-9a-f]{1,4}:|[0-9A-F]{1,5}:){0,8}";
    let tail = "([0-9a-f]{0,4}|192\\.0\\.2\\.[0-9]{1,3})";
    let zone = "(|||%|%lo|%1|%01|%4294967296|%-1|%1x|%lo |%%lo)";
    let prefix = "(fe80|fec0|ff[0-3][0-9]|2001:db8|::ffff)";
    let name = "(alice|Alice|ALICE\\.EXAMPLE|me|mapped|octal|indented|other|zoned|x|alone|\
                b/24|1\\.2\\.3\\.256|a:b|fe80::1%)\\.?";
    let like = |pattern: &str| string_regex(pattern).unwrap();
    prop_oneof![
        3 => like(&ipv4),
        3 => like(&format!("{group}{tail}{zone}")),
        2 => like(&format!("{prefix}:(:[0-9a-f]{{1,4}}){{1,2}}{zone}")),
        2 => like(name),
        1 => like("[0-9a-fx.:%/+ -]{1,10}"),
    ]
}

#[test]
fn getaddrinfo_reads_the_same() {
    netns::run(|| {
        let mut runner = TestRunner::default();
        let cases = 16 * runner.config().cases as usize;
        let texts = texts();
        let mut texts: Vec<String> = (0..cases)
            .map(|_| texts.new_tree(&mut runner).unwrap().current())
            .collect();
        // It does find what is there.
        texts.insert(0, "me".to_owned());
        let found = real(&texts);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(found[0], [[ip("127.0.0.1")], [ip("::1")], [ip("::1")]]);
        let hosts = hosts();
        // Whether there is a link of that name only the real one knows.
        let there = |zone: String| zone == "lo" || zone.parse::<u32>().is_ok();
        let ours = |text: &str, version| {
            let read = read_address(text, version, &hosts).ok()?;
            read.zone.is_none_or(there).then_some(read.ip)
        };
        let mut addresses = 0;
        for (text, [ipv4, ipv6, both]) in texts.iter().zip(found) {
            let of = |ipv4| both.iter().copied().find(move |ip| ip.is_ipv4() == ipv4);
            let expected = [
                (IpVersion::V4, ipv4.first().copied()),
                (IpVersion::V6, ipv6.first().copied()),
                (IpVersion::V6Then4, of(false).or(of(true))),
                (IpVersion::V4Then6, of(true).or(of(false))),
            ];
            for (version, expected) in expected {
                let ip = ours(text, version);
                assert_eq!(ip, expected, "{text:?} with {version}");
            }
            let any = ours(text, IpVersion::Any);
            assert_eq!(any.is_some(), !both.is_empty(), "{text:?}");
            assert!(any.is_none_or(|any| both.contains(&any)), "{text:?}");
            addresses += usize::from(!both.is_empty());
        }
        println!("{} texts, {addresses} of them addresses", texts.len());
    });
}

#[test]
fn a_hosts_file_is_read_without_waiting() {
    let folder = Folder::new().with("hosts", HOSTS);
    let read = read_hosts(folder.file("hosts")).unwrap();
    assert_eq!(read, hosts());
    let fifo = folder.file("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    for (name, kind) in [
        ("fifo", ErrorKind::InvalidInput),
        ("none", ErrorKind::NotFound),
        (".", ErrorKind::InvalidInput),
    ] {
        let error = read_hosts(folder.file(name)).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
}
