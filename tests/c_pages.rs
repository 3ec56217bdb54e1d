//! What people read of the C API: docs/bindnet.3 tells of everything that include/bindnet.h has, and
//! README.md shows the program that is compiled.

use std::collections::BTreeSet;

const HEADER: &str = include_str!("../include/bindnet.h");
const PAGE: &str = include_str!("../docs/bindnet.3");

/// The names in the header's code, comments left out.
fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    let behind_contract = HEADER.split_once("*/").expect("the contract").1;
    let code = behind_contract
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.flat_map(move |line| {
        let starts = line.match_indices(['b', 'B']).map(|(at, _)| at);
        starts.filter_map(move |at| {
            let (before, rest) = line.split_at(at);
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let is_whole = !before.ends_with(is_name);
            is_whole.then(|| rest.split_at(end))
        })
    })
}

#[test]
fn every_function_is_in_the_synopsis_as_it_is_declared() {
    let declared: BTreeSet<_> = words()
        .filter(|(name, rest)| name.starts_with("bindnet_") && rest.starts_with('('))
        .map(|(name, _)| name)
        .collect();
    let told: BTreeSet<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix(".Fo "))
        .collect();
    assert!(!declared.is_empty());
    assert_eq!(told, declared);

    // The types too, which a prototype of the page has in one line for each argument.
    let header = plain(HEADER);
    for prototype in PAGE.split("\n.Ft ").skip(1) {
        let lines = prototype.split("\n.Fc").next().expect("the first part");
        let mut lines = lines.lines().map(|line| line.trim_start_matches(".Fa "));
        let result = lines.next().expect("the result").trim_matches('"');
        let name = lines.next().expect("the name").trim_start_matches(".Fo ");
        let arguments: Vec<_> = lines.map(|line| line.trim_matches('"')).collect();
        let prototype = format!("{result} {name}({});", arguments.join(", "));
        assert!(header.contains(&plain(&prototype)), "{prototype}");
    }
}

#[test]
fn every_result_is_explained() {
    let results = HEADER.split("enum bindnet_result {").nth(1).expect("them");
    let results = results.split('}').next().expect("the first part");
    let mut count = 0;
    for (name, _) in results.lines().filter_map(|line| line.split_once(" = ")) {
        let item = format!("\n.It Dv {}\n", name.trim());
        assert!(PAGE.contains(&item), "{name}");
        count += 1;
    }
    assert_eq!(PAGE.matches("\n.It Dv ").count(), count);
}

#[test]
fn the_readme_shows_the_example() {
    let readme = include_str!("../README.md");
    let program = include_str!("../examples/c/preview.c");
    assert!(readme.contains(&format!("```c\n{program}```\n")));
}

/// A text without white space.
fn plain(text: &str) -> String {
    text.split_whitespace().collect()
}
