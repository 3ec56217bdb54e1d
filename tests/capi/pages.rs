//! What people read of the C API: docs/bindnet.3 tells of everything that include/bindnet.h has, and
//! README.md shows the program that is compiled.

use std::collections::{BTreeMap, BTreeSet};

const HEADER: &str = include_str!("../../include/bindnet.h");
const PAGE: &str = include_str!("../../docs/bindnet.3");

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

/// The lines of the header between braces behind these words, comments left out.
fn bodies(words: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    HEADER.split(words).skip(1).filter_map(|rest| {
        let (name, body) = rest.split_once(" {\n")?;
        // Elsewhere the words are a type.
        name.strip_prefix("bindnet_")?;
        let lines = body.split("\n}").next()?.lines().map(str::trim);
        let is_one = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_one.then(|| (name, lines.filter(|line| !line.starts_with("//")).collect()))
    })
}

/// Enumerators with their numbers, by the enum they are of.
type Numbers = BTreeMap<String, Vec<(String, String)>>;

#[test]
fn every_number_is_told_and_explained() {
    let mut declared = Numbers::new();
    for (name, lines) in bodies("\nenum ") {
        let pairs = lines.iter().map(|line| {
            let (name, number) = line.split_once(" = ").expect("a number");
            (
                name.to_owned(),
                number.trim_matches([',', '(', ')']).to_owned(),
            )
        });
        declared.insert(name.to_owned(), pairs.collect());
    }
    assert!(declared.contains_key("bindnet_result"), "{declared:#?}");

    // A list has the numbers of the enum that was named last before it.
    let (mut told, mut last) = (Numbers::new(), String::new());
    let mut lines = PAGE.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix(".Vt \"enum ") {
            last = rest.trim_end_matches([' ', ',', ':', '.', '"']).to_owned();
        } else if let Some(item) = line.strip_prefix(".It Dv ") {
            let (name, number) = item.split_once(" No = ").expect("a number");
            let pairs = told.entry(last.clone()).or_default();
            pairs.push((name.to_owned(), number.to_owned()));
            let meaning = lines.peek().is_some_and(|next| !next.starts_with(".It"));
            assert!(meaning, "{name}");
        }
    }
    assert_eq!(told, declared);
}

#[test]
fn every_member_is_told_as_it_is_declared() {
    let mut structs = bodies("\nstruct ");
    let (name, declared) = structs.next().expect("struct bindnet_address");
    assert_eq!((name, structs.next()), ("bindnet_address", None));
    let told = PAGE.lines().filter_map(|line| line.strip_prefix(".It Vt "));
    let told: Vec<_> = told.map(|item| item.replace('"', "") + ";").collect();
    let declared: Vec<_> = declared.iter().map(|line| (*line).to_owned()).collect();
    let told: Vec<_> = told.iter().map(|line| line.replace(" Va ", " ")).collect();
    assert_eq!(told, declared);
}

/// Constants in the running text, too.
#[test]
fn every_constant_is_of_the_header() {
    let code = words().filter(|(name, _)| name.starts_with("BINDNET_"));
    let mut declared: BTreeSet<_> = code.map(|(name, _)| name).collect();
    // What keeps the header from being read twice.
    declared.remove("BINDNET_H");
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let told: BTreeSet<_> = PAGE
        .split(|c| !is_name(c))
        .filter(|word| word.starts_with("BINDNET_"))
        .collect();
    assert_eq!(told, declared);
}

#[test]
fn the_readme_shows_the_example() {
    let readme = include_str!("../../README.md");
    let program = include_str!("../../examples/c/preview.c");
    assert!(readme.contains(&format!("```c\n{program}```\n")));
}

/// A text without white space.
fn plain(text: &str) -> String {
    text.split_whitespace().collect()
}
