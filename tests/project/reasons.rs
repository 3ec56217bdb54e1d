//! The reasons are listed in documents for people: each as the one table in src/rule/evidence.rs has it.

use std::fs;

use bindnet::Reason;

fn read(path: &str) -> String {
    let path = bindnet_tests::package().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a list, from the line that begins with `first` to the next that begins with `end`.
fn list(text: &str, first: &str, end: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(first));
    let lines = lines.take_while(|line| !line.starts_with(end));
    lines.map(str::to_owned).collect()
}

/// Fails with the first line that is not as the table has it.
fn compare(file: &str, is: &[String], expected: &[String]) {
    let count = is.len().max(expected.len());
    let differs = (0..count).find(|at| is.get(*at) != expected.get(*at));
    if let Some(at) = differs {
        panic!(
            "{file}: {:?}; src/rule/evidence.rs says {:?}",
            is.get(at),
            expected.get(at)
        );
    }
}

#[test]
fn the_readme_lists_what_makes_an_address_floating_or_weak() {
    let mut rows = vec![
        "| code | of an address | makes it |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    for reason in Reason::ALL {
        let makes = if *reason == Reason::DeclaredFixed {
            "fixed"
        } else if reason.is_decisive() {
            "floating"
        } else if reason.is_weak() {
            "weak"
        } else {
            continue;
        };
        rows.push(format!("| `{reason}` | {} | {makes} |", reason.about()));
    }
    rows.push(String::new());
    let readme = read("README.md");
    let end = "A *weak* code";
    compare("README.md", &list(&readme, &rows[0], end), &rows);
}

#[test]
fn the_man_page_lists_every_reason() {
    let mut all = Reason::ALL.to_vec();
    all.sort_by_key(|reason| *reason as u8);
    let mut lines = Vec::new();
    for reason in all {
        let name = reason.code().to_uppercase().replace('-', "_");
        lines.push(format!(
            ".It Dv BINDNET_REASON_{name} No = 1 << {}",
            reason as u8
        ));
        let mut about = reason.about().to_owned();
        about[..1].make_ascii_uppercase();
        lines.push(about + ".");
    }
    let page = read("docs/bindnet.3");
    compare("docs/bindnet.3", &list(&page, &lines[0], ".El"), &lines);
}

/// A number is a bit of the C API: no two reasons share it.
#[test]
fn every_reason_has_a_bit_of_its_own() {
    let mut bits: Vec<u8> = Reason::ALL.iter().map(|reason| *reason as u8).collect();
    bits.sort_unstable();
    bits.dedup();
    assert_eq!(bits.len(), Reason::ALL.len());
    assert!(bits.iter().all(|bit| *bit < 32));
}
