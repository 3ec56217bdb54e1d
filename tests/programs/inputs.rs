//! Hosts whose choice was certain where it should not be, or where no advice helped: what `preview`
//! decides about each now, in text, in JSON and by its exit status.
//!
//! The other tests about them are these.
//!
//! | the host | file, test |
//! |---|---|
//! | the own address tentative or absent, live | `preview_wait`, `a_vip_is_not_remembered_in_the_place_of_the_own_address` |
//! | | `preview_wait`, `an_address_that_is_declared_fixed_is_waited_for` |
//! | | `watch_memory`, `a_choice_that_was_waited_for_is_not_written` |
//! | | `inputs_live`, `watch_waits_for_what_is_pending` |
//! | one address on a port and on its bridge, live | `inputs_live`, `it_is_asked_on_the_bridge` |
//! | `--interface eth0` alone, `-6` | `preview_asks`, `a_link_alone_asks_for_any_address_of_it` |
//! | `0.0.0.0` and `::` | `preview_asks`, `the_unspecified_address_names_what_works` |
//! | `--interface eth0:1` | `preview_asks`, `a_label_is_no_link` |
//! | networks in a list | `preview_asks`, `several_networks` |
//! | | `inputs_fleet`, `one_list_is_asked_on_every_rack` |
//! | a VIP on two nodes, `10.0.0.0/8` with nodes in /31s | `inputs_fleet` |
//! | an exact address that floats, audited | `preview_audit`, `a_vip_that_is_named_exactly_leaves` |
//! | any, as a daemon decides | `kernel/recordings`, `kernel/kinds_random` |

use bindnet_tests::{cli, ip_json};

use cli::{Run, TempFile, run};
use ip_json::ip_json;
use serde_json::Value;

/// What preview says of a host: as text, and as JSON with the same exit status.
struct Told {
    run: Run,
    json: Value,
}

impl Told {
    /// `192.0.2.10 AMBIGUOUS lease`, as the JSON has it.
    fn choice(&self) -> String {
        let chosen = self.json["chosen"]["address"].as_str().unwrap_or("none");
        let separated_by = self.json["separated_by"].as_str();
        match (self.json["ambiguous"].as_bool().unwrap(), separated_by) {
            (true, Some(code)) => format!("{chosen} AMBIGUOUS {code}"),
            (false, Some(code)) => format!("{chosen} by {code}"),
            (false, None) => chosen.to_owned(),
            (true, None) => panic!("ambiguous for no reason: {}", self.json),
        }
    }

    /// The advice as options of the command line.
    fn advice(&self) -> Vec<String> {
        let advice = self.json["advice"].as_array().unwrap().iter();
        let text = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
        advice
            .map(|line| format!("{} {}", text(line, "option"), text(line, "value")))
            .collect()
    }

    /// The verdict and the reasons of an address.
    fn of(&self, ip: &str) -> String {
        let mut found = self.json["candidates"].as_array().unwrap().iter();
        let found = found.find(|c| c["address"] == ip).unwrap();
        let reasons = found["reasons"].as_array().unwrap().iter();
        let words = [&found["verdict"]].into_iter().chain(reasons);
        let words: Vec<_> = words.map(|word| word.as_str().unwrap()).collect();
        words.join(" ")
    }
}

fn ask(host: &str, args: &str) -> Told {
    let host = TempFile::new(ip_json(host).as_bytes());
    let args: Vec<_> = args.split(' ').chain(["--from", host.path()]).collect();
    let text = run(&args);
    let json = run(&[&args[..], &["--json"]].concat());
    assert_eq!(text.status, json.status, "{text:?} {json:?}");
    Told {
        run: text,
        json: serde_json::from_str(&json.stdout).unwrap(),
    }
}

/// Asks, and requires that this comes first on standard output. With `--strict` it is status 4, nothing
/// is chosen, and the same is said of the address that would be chosen.
fn assert_close(host: &str, args: &str, choice: &str, sentence: &str) -> Told {
    let told = ask(host, args);
    assert_eq!(told.choice(), choice, "{:?}", told.run);
    assert_eq!(told.run.status, 0, "{:?}", told.run);
    let (first, rest) = told.run.stdout.split_once('\n').unwrap();
    assert_eq!(first, sentence);
    let strict = ask(host, &format!("--strict {args}"));
    assert_eq!((strict.run.status, strict.run.stdout.as_str()), (4, ""));
    assert_eq!(strict.json["outcome"], "ambiguous");
    assert_eq!(strict.json["separated_by"], told.json["separated_by"]);
    assert_eq!(strict.choice().split_once(' ').unwrap().0, "none");
    let would = sentence.replace(": AMBIGUOUS; ", " would be it: ");
    let would = format!("preview: none: AMBIGUOUS; {would}");
    let said = strict.run.stderr.lines().next();
    assert_eq!(said, Some(would.as_str()));
    // All of the advice is on the screen, and the same if nothing is chosen.
    for line in told.advice() {
        assert!(rest.contains(&format!("\n    {line} ")), "{line}: {rest}");
    }
    assert_eq!(strict.advice(), told.advice());
    told
}

/// Requires that each line of the advice settles it, and chooses the address that it names.
fn assert_settles(host: &str, args: &str, told: &Told, expected: &[&str]) {
    assert_eq!(told.advice(), expected);
    for line in expected.iter().filter(|line| !line.starts_with("--wait")) {
        let settled = ask(host, &format!("--strict {line} {args}"));
        let (_, address) = line.split_once(' ').unwrap();
        assert_eq!(settled.json["chosen"]["address"], address, "{line}");
        assert_eq!((settled.run.status, settled.run.stderr.as_str()), (0, ""));
    }
    assert!(!told.run.stdout.contains("--previous"), "{:?}", told.run);
}

#[test]
fn the_own_address_is_tentative_and_the_vip_usable() {
    for (own, vip) in [("fd00:1::10", "fd00:1::20"), ("fd00:1::20", "fd00:1::10")] {
        for len in [64, 128] {
            let host = format!("eth0 {vip}/{len} nodad; eth0 {own}/64 tentative");
            let mut pending =
                format!("{own} matches as well, and cannot be bound yet (tentative).");
            let mut fixed = format!(
                "{own}, declared fixed, cannot be bound: duplicate address detection is not over \
                 (tentative)."
            );
            for sentence in [&mut pending, &mut fixed] {
                *sentence = format!("{vip}/{len} on eth0: AMBIGUOUS; {sentence}");
            }
            // An address with a prefix of its own, and the network without one.
            let net = if len == 64 { "fd00:1::" } else { "fd00:1::/64" };
            let told = assert_close(&host, net, &format!("{vip} AMBIGUOUS pending"), &pending);
            assert_eq!(told.of(own), "unusable tentative");
            assert_settles(&host, net, &told, &[&format!("--fixed {vip}"), "--wait 10"]);
            let args = format!("--fixed {own} {net}");
            let choice = format!("{vip} AMBIGUOUS fixed-absent");
            let told = assert_close(&host, &args, &choice, &fixed);
            assert_eq!(told.of(own), "unusable declared-fixed tentative");
        }
    }
}

#[test]
fn the_address_declared_fixed_is_absent() {
    for (own, vip) in [
        ("192.168.1.10", "192.168.1.20"),
        ("192.168.1.20", "192.168.1.10"),
    ] {
        let host = format!("eth0 {vip}/24");
        let args = format!("--fixed {own} 192.168.1.0");
        let sentence = format!("{vip}/24 on eth0: AMBIGUOUS; {own}, declared fixed, is not here.");
        let choice = format!("{vip} AMBIGUOUS fixed-absent");
        let told = assert_close(&host, &args, &choice, &sentence);
        let advice = [&format!("--fixed {vip}"), "--wait 10"];
        assert_settles(&host, &args, &told, &advice);
        // It is here.
        let host = format!("{host}; eth0 {own}/24 secondary");
        let here = ask(&host, &format!("--strict {args}"));
        assert_eq!(here.choice(), format!("{own} by declared-fixed"));
    }
}

#[test]
fn a_leased_host_prefix_is_a_candidate() {
    let (slaac, dhcp) = ("fd00:1::ff:fe00:1", "fd00:1::30");
    let (first, second) = (
        format!("eth0 {slaac}/64 L; eth0 {dhcp}/128 L"),
        format!("eth0 {dhcp}/128 L; eth0 {slaac}/64 L"),
    );
    for (host, chosen, len, other) in [(first, slaac, 64, dhcp), (second, dhcp, 128, slaac)] {
        let sentence = format!(
            "{chosen}/{len} on eth0: AMBIGUOUS; first only because the kernel lists it before {other}."
        );
        let choice = format!("{chosen} AMBIGUOUS kernel-order");
        for net in ["fd00:1::", "fd00:1::/64"] {
            let told = assert_close(&host, net, &choice, &sentence);
            assert_eq!(told.of(other), "outranked lease");
            let advice = [chosen, other].map(|ip| format!("--fixed {ip}"));
            assert_settles(&host, net, &told, &advice.each_ref().map(String::as_str));
        }
    }
    for (own, vip) in [("10.0.1.2", "10.0.1.100"), ("10.0.1.100", "10.0.1.2")] {
        let host = format!("eth0 {own}/32 L; eth0 {vip}/24");
        let sentence = format!(
            "{own}/32 on eth0: AMBIGUOUS; first only because it is leased and {vip} is not."
        );
        let choice = format!("{own} AMBIGUOUS lease");
        let told = assert_close(&host, "10.0.1.0", &choice, &sentence);
        assert_eq!(told.of(own), "chosen lease");
        let advice = [own, vip].map(|ip| format!("--fixed {ip}"));
        assert_settles(
            &host,
            "10.0.1.0",
            &told,
            &advice.each_ref().map(String::as_str),
        );
    }
}

#[test]
fn a_permanent_host_prefix_is_alone_and_not_certain() {
    let host = "eth0 192.168.255.254/32; eth0 172.16.0.2/20";
    let sentence = "192.168.255.254/32 on eth0: AMBIGUOUS; no address comes before it, but it has no \
                    network of its own, and another address of its link has.";
    let net = "192.168.255.0/24";
    let choice = "192.168.255.254 AMBIGUOUS evidence-against";
    let told = assert_close(host, net, choice, sentence);
    assert_eq!(told.of("192.168.255.254"), "chosen host-prefix");
    assert!(
        told.run
            .stdout
            .contains("\nIs 192.168.255.254 this host's own?\n")
    );
    assert_settles(host, net, &told, &["--fixed 192.168.255.254"]);
}

#[test]
fn the_advice_names_every_address_that_is_left() {
    for (own, vip) in [("192.0.2.10", "192.0.2.20"), ("192.0.2.20", "192.0.2.10")] {
        let mut host = format!("eth0 {vip}/24; eth0 {own}/24 secondary L");
        let sentence = format!(
            "{own}/24 on eth0: AMBIGUOUS; first only because it is leased and {vip} is not."
        );
        let choice = format!("{own} AMBIGUOUS lease");
        let mut advice = vec![format!("--fixed {vip}"), format!("--fixed {own}")];
        // Two or twenty, in one screen.
        for more in 30..50 {
            let told = assert_close(&host, "192.0.2.0", &choice, &sentence);
            assert_eq!(told.of(own), "chosen lease");
            let advised: Vec<_> = advice.iter().map(String::as_str).collect();
            if matches!(advice.len(), 2 | 3 | 20) {
                assert_settles(&host, "192.0.2.0", &told, &advised);
            }
            assert_eq!(told.advice(), advised);
            for line in told.json["advice"].as_array().unwrap() {
                assert_eq!(line["why"], "if it is this host's own");
            }
            if advice.len() == 20 {
                break;
            }
            host += &format!("; eth0 192.0.2.{more}/24 secondary");
            advice.push(format!("--fixed 192.0.2.{more}"));
        }
    }
}

#[test]
fn a_permanent_host_prefix_that_was_detected_is_no_vip_for_certain() {
    let (slaac, own) = ("fd00:1::ff:fe00:1", "fd00:1::50");
    for host in [
        format!("eth0 {own}/128; eth0 {slaac}/64 L"),
        format!("eth0 {slaac}/64 L; eth0 {own}/128"),
    ] {
        let sentence = format!(
            "{slaac}/64 on eth0: AMBIGUOUS; first only because there is weak evidence against {own}."
        );
        let choice = format!("{slaac} AMBIGUOUS weak-evidence");
        for net in ["fd00:1::", "fd00:1::/64"] {
            let told = assert_close(&host, net, &choice, &sentence);
            assert_eq!(told.of(own), "outranked host-prefix");
            let mut advice = told.advice();
            advice.sort();
            assert_eq!(
                advice,
                [format!("--fixed {own}"), format!("--fixed {slaac}")]
            );
        }
        let exact = ask(&host, &format!("--strict {own}"));
        assert_eq!((exact.run.status, exact.choice().as_str()), (0, own));
    }
    // NODAD, with which a cluster manager adds one.
    let host = format!("eth0 fd00:1::50/128 nodad; eth0 {slaac}/64 L");
    let told = ask(&host, "--strict fd00:1::");
    assert_eq!((told.run.status, told.choice().as_str()), (0, slaac));
    let reasons = "floating host-prefix-in-subnet host-prefix";
    assert_eq!(told.of("fd00:1::50"), reasons);
}

#[test]
fn one_address_on_a_port_and_on_its_bridge() {
    let links = ["link br0 kind=bridge", "link eth0 master=br0"];
    for links in [links, [links[1], links[0]]] {
        let host = format!(
            "{}; {}; eth0 192.168.1.10/24; br0 192.168.1.10/24",
            links[0], links[1]
        );
        let told = ask(&host, "--strict 192.168.1.0");
        assert_eq!(told.run.status, 0);
        assert_eq!(told.json["chosen"]["interface"], "br0");
        assert_eq!(told.choice(), "192.168.1.10");
        let sentence = "192.168.1.10/24 on br0: the only address of 192.168.1.0/24 here.\n";
        assert!(told.run.stdout.starts_with(sentence), "{:?}", told.run);
        let candidates = told.json["candidates"].as_array().unwrap();
        let port = candidates
            .iter()
            .find(|c| c["interface"] == "eth0")
            .unwrap();
        assert_eq!(port["verdict"], "outranked");
        assert_eq!(port["reasons"], serde_json::json!(["port"]));
    }
}

#[test]
fn any_address_of_a_link_is_no_link_local_one() {
    let host = "eth0 fd00:1::10/64; eth0 fe80::10/64 scope=link; eth1 fe80::11/64 scope=link";
    for args in ["--interface eth0 ::/0", "--interface eth0 -6"] {
        let told = ask(host, &format!("--strict {args}"));
        assert_eq!((told.run.status, told.run.stderr.as_str()), (0, ""));
        assert_eq!(told.choice(), "fd00:1::10");
        let sentence = "fd00:1::10/64 on eth0: the only address of ::/0 here.\n";
        assert!(told.run.stdout.starts_with(sentence), "{:?}", told.run);
    }
}

#[test]
fn a_host_of_host_prefixes_is_told_what_works_on_every_node() {
    let host = "eth0 172.16.50.44/32; eth1 10.1.1.1/32";
    let none = ask(host, "172.16.50.0");
    assert_eq!((none.run.status, none.run.stdout.as_str()), (1, ""));
    assert_eq!(none.json["outcome"], "none");
    let nearest = "\"172.16.50.44\" or \"172.16.50.0/24\" would match it\n";
    assert!(none.run.stderr.ends_with(nearest), "{:?}", none.run);
    let advice = ["bindnetaddr 172.16.50.44", "bindnetaddr 172.16.50.0/24"];
    assert_eq!(none.advice(), advice);
    // A new VIP of the audit is one that this network has.
    for (args, status) in [("", 0), (" --strict", 6)] {
        let told = ask(host, &format!("172.16.50.0/24 --audit{args}"));
        assert_eq!(told.run.status, status, "{:?}", told.run);
        let audit = told.json["audit"].as_array().unwrap();
        for scenario in ["new-vip", "new-vip-first"] {
            let mut found = audit.iter();
            let found = found.find(|found| found["scenario"] == scenario).unwrap();
            assert_eq!(found["about"], "172.16.50.254");
            assert_eq!(found["network"], "172.16.50.0/24");
        }
        let line = "  ! new-vip-first              172.16.50.254 in 172.16.50.0/24  MOVES";
        assert!(told.run.stdout.contains(line), "{:?}", told.run);
    }
}

#[test]
fn an_exact_address_that_floats_is_not_certain() {
    for (own, vip) in [
        ("192.168.1.10", "192.168.1.20"),
        ("192.168.1.20", "192.168.1.10"),
    ] {
        let host = format!("eth0 {own}/24; eth0 {vip}/24 secondary label=eth0:vip");
        let sentence = format!(
            "{vip}/24 on eth0: AMBIGUOUS; you named it exactly, but it looks floating (label eth0:vip)."
        );
        let told = assert_close(&host, vip, &format!("{vip} AMBIGUOUS floating"), &sentence);
        let advice = [format!("bindnetaddr {own}"), format!("--fixed {vip}")];
        assert_eq!(told.advice(), advice);
        let warning =
            format!("warning: when {vip} moves to another host, what is bound to it is cut off.\n");
        assert_eq!(told.run.stderr, warning);
        let settled = ask(&host, &format!("--strict --fixed {vip} {vip}"));
        assert_eq!((settled.run.status, settled.choice().as_str()), (0, vip));
    }
}
