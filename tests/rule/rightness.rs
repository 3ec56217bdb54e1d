//! docs/rightness.md and the table of README.md: what nine rules bind on each recorded host that has
//! a floating address. `BINDNET_WRITE=1 cargo test --all-features --test rule rightness` writes both.

use bindnet_tests::recordings;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::ops::Range;

use bindnet::testing::wrong;
use bindnet::{Address, Selector, Snapshot};
use recordings::{Case, Recording};

/// A rule: its column, what it does, and its pick: an address, and whether it says that it is not sure.
type Rule = (&'static str, &'static str, Pick);
type Pick = fn(&Selector, &Snapshot) -> (Option<IpAddr>, bool);

const RULES: [Rule; 9] = [
    (
        "bindnet",
        "the rule of this library, with no declaration and no memory",
        ours,
    ),
    (
        "first",
        "the first that matches, in the kernel's order, as current Corosync",
        first,
    ),
    (
        "reversed",
        "the last that matches, as Corosync 2.0.0",
        reversed,
    ),
    (
        "no colon",
        "the last without a colon in its label",
        reversed_without_colon,
    ),
    ("lowest", "the lowest number", lowest),
    (
        "oldest",
        "the one that was configured first (IFA_CACHEINFO's cstamp)",
        oldest,
    ),
    ("primary", "the first that is not SECONDARY", primary),
    (
        "longest",
        "the first of those with the longest prefix",
        longest,
    ),
    (
        "hashed",
        "the first of a hash set of texts (FNV-1a)",
        hashed,
    ),
];

fn ours(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    let decision = selector.decide(host);
    let chosen = decision.chosen().map(|chosen| chosen.ip());
    (chosen, decision.is_ambiguous())
}

fn first(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    sure(matching(selector, host).first())
}

fn reversed(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    (wrong::reversed(selector, host, None), false)
}

fn reversed_without_colon(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    let mut addresses = matching(selector, host);
    addresses.retain(|address| {
        !address
            .label()
            .is_some_and(|label| label.as_bytes().contains(&b':'))
    });
    sure(addresses.last())
}

fn lowest(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    (wrong::lowest(selector, host, None), false)
}

fn oldest(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    let addresses = matching(selector, host);
    sure(addresses.iter().min_by_key(|address| address.created()))
}

fn primary(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    (wrong::skip_secondary(selector, host, None), false)
}

fn longest(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    (wrong::longest_prefix(selector, host, None), false)
}

fn hashed(selector: &Selector, host: &Snapshot) -> (Option<IpAddr>, bool) {
    let addresses = matching(selector, host);
    let by_hash = addresses
        .iter()
        .min_by_key(|address| fnv(&address.ip().to_string()));
    sure(by_hash)
}

fn sure(address: Option<&Address>) -> (Option<IpAddr>, bool) {
    (address.map(Address::ip), false)
}

/// FNV-1a with 64 bits, which is the same in every process.
fn fnv(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(start, add)
}

/// The addresses that match, under their own masks or inside the network that is asked for.
fn matching(selector: &Selector, host: &Snapshot) -> Vec<Address> {
    let mut addresses = Vec::new();
    selector
        .bindnet()
        .each_match(host, |address, _| addresses.push(address));
    addresses
}

/// The columns of the totals.
const PICKS: [&str; 6] = ["own", "own?", "VIP?", "VIP", "other", "none"];

/// What a rule bound, as a cell of the table.
fn cell(case: &Case, host: &Snapshot, pick: Pick) -> &'static str {
    let (chosen, ambiguous) = pick(&case.selector(), host);
    let Some(ip) = chosen.map(|ip| ip.to_string()) else {
        return "none";
    };
    let mark = |said, silent| if ambiguous { said } else { silent };
    if case.fixed.contains(&ip) {
        mark("own?", "own")
    } else if case.floating.contains(&ip) {
        mark("VIP?", "VIP")
    } else {
        "other"
    }
}

/// A question about a host that has a floating address: the row of the table, as recorded and with
/// the numbers exchanged.
struct Row {
    recording: String,
    bindnetaddr: String,
    recorded: Vec<&'static str>,
    exchanged: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for recording in Recording::all() {
        let exchanged = recording.exchanged();
        let hosts = [recording.snapshot(), exchanged.snapshot()];
        for (case, other) in recording.cases.iter().zip(&exchanged.cases) {
            if !recording.has_vip_of(case) {
                continue;
            }
            let cells = |case: &Case, host: &Snapshot| {
                let cells = RULES.iter().map(|(_, _, pick)| cell(case, host, *pick));
                cells.collect()
            };
            rows.push(Row {
                recording: recording.name.clone(),
                bindnetaddr: case.bindnetaddr.clone(),
                recorded: cells(case, &hosts[0]),
                exchanged: cells(other, &hosts[1]),
            });
        }
    }
    rows
}

/// The small table: how often each rule bound what.
fn totals(rows: &[Row]) -> String {
    let mut table =
        "| rule | own address | own, ambiguous | VIP, ambiguous | VIP | other | none |\n\
                     |---|---|---|---|---|---|---|\n"
            .to_owned();
    for (at, (name, about, _)) in RULES.iter().enumerate() {
        let _ = write!(table, "| {name}: {about} |");
        for pick in PICKS {
            let cells = rows
                .iter()
                .flat_map(|row| [row.recorded[at], row.exchanged[at]]);
            let count = cells.filter(|cell| *cell == pick).count();
            let _ = write!(table, " {count} |");
        }
        table.push('\n');
    }
    table
}

fn page(rows: &[Row]) -> String {
    let hosts: BTreeSet<_> = rows.iter().map(|row| &row.recording).collect();
    let mut page = format!(
        "# What nine rules bind\n\n\
         Written by `BINDNET_WRITE=1 cargo test --all-features --test rule rightness`.\n\n\
         `tests/fixtures` has {hosts} recorded hosts with a floating address, and {questions} questions about\n\
         them. Each is asked as recorded, and with the numbers of the host's own and of the floating\n\
         addresses exchanged: prefix lengths, labels, flags and order stay, so that a rule which goes by the\n\
         number is found out. No rule has a declaration or a memory.\n\n\
         {totals}\n\
         *own*: an address that belongs to the host. *ambiguous*: the decision says that it was close, and\n\
         `--strict` binds nothing. *VIP*: a floating address. *other*: a privacy address, or one that is still\n\
         tentative. *none*: nothing. `tests/rule/fixtures.txt` says why bindnet is not always right.\n\n\
         ## Each question\n\n\
         `?` is ambiguous. If the exchanged numbers change the pick, it is behind a slash.\n\n\
         | host | asked |",
        hosts = hosts.len(),
        questions = rows.len(),
        totals = totals(rows),
    );
    for (name, _, _) in RULES {
        let _ = write!(page, " {name} |");
    }
    page += "\n|---|---|";
    page += &"---|".repeat(RULES.len());
    page.push('\n');
    for row in rows {
        let _ = write!(page, "| {} | {} |", row.recording, row.bindnetaddr);
        for (recorded, exchanged) in row.recorded.iter().zip(&row.exchanged) {
            let _ = if recorded == exchanged {
                write!(page, " {recorded} |")
            } else {
                write!(page, " {recorded} / {exchanged} |")
            };
        }
        page.push('\n');
    }
    page
}

/// Where the table is in README.md.
fn table_in(readme: &str) -> Range<usize> {
    let start = readme.find("| rule | own address |").expect("the table");
    let len = readme[start..].find("\n\n").expect("its end") + 1;
    start..start + len
}

#[test]
fn the_page_and_the_readme_show_what_nine_rules_bind() {
    let package = bindnet_tests::package();
    let (page_path, readme_path) = (package.join("docs/rightness.md"), package.join("README.md"));
    let rows = rows();
    let (page, totals) = (page(&rows), totals(&rows));
    let mut readme = fs::read_to_string(&readme_path).expect("README.md");
    let table = table_in(&readme);
    if std::env::var_os("BINDNET_WRITE").is_some() {
        readme.replace_range(table, &totals);
        fs::write(&page_path, &page).expect("the page");
        fs::write(&readme_path, &readme).expect("README.md");
        return;
    }
    let how = "write it with BINDNET_WRITE=1 cargo test --all-features --test rule rightness";
    assert_eq!(readme[table], totals, "README.md: {how}");
    let written = fs::read_to_string(page_path).expect("docs/rightness.md");
    assert_eq!(written, page, "{how}");
}

/// No other rule says that it is not sure, and each binds VIPs; ours does so without a word only in
/// the two questions of `fixtures.rs`, which are asked twice.
#[test]
fn ours_is_the_rule_that_binds_the_fewest_vips_without_a_word() {
    let rows = rows();
    let silent = |at: usize| {
        let cells = rows
            .iter()
            .flat_map(|row| [row.recorded[at], row.exchanged[at]]);
        cells.filter(|cell| *cell == "VIP").count()
    };
    assert_eq!(silent(0), 4);
    for (at, (name, _, _)) in RULES.iter().enumerate().skip(1) {
        assert!(silent(at) >= 40, "{name}: {}", silent(at));
    }
}
