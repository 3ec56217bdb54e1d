//! The C API as it is shipped: the header, the symbols, the numbers and the layout.
//!
//! What the functions do is shown by the programs of `tests/c` (tests/capi/programs.rs), and that
//! they decide as the Rust API does by tests/capi/same.rs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use bindnet::Reason;
use bindnet_tests::{c, package};

use c::{C99, CPP17, Compiler, Library, found, succeeds};

/// What the header is made of.
const SOURCE: &str = "src/capi/mod.rs";
const HEADER: &str = "include/bindnet.h";
/// The symbols, one on a line.
const SYMBOLS: &str = "tests/data/capi_symbols.txt";
/// The enumerators with their numbers, one on a line. A number that was given stays given.
const NUMBERS: &str = "tests/data/capi_numbers.txt";

/// The layout of struct bindnet_address where a pointer has 64 bits; src/capi/address.rs asserts
/// the same.
#[cfg(target_pointer_width = "64")]
const LAYOUT: &str = "
IS(sizeof(struct bindnet_address) == 192);
IS(offsetof(struct bindnet_address, size) == 0);
IS(offsetof(struct bindnet_address, address) == 8);
IS(offsetof(struct bindnet_address, address_len) == 136);
IS(offsetof(struct bindnet_address, prefix_len) == 140);
IS(offsetof(struct bindnet_address, interface_index) == 144);
IS(offsetof(struct bindnet_address, link_up) == 148);
IS(offsetof(struct bindnet_address, verdict) == 152);
IS(offsetof(struct bindnet_address, reasons) == 156);
IS(offsetof(struct bindnet_address, interface_name) == 160);
IS(offsetof(struct bindnet_address, label) == 176);
IS(sizeof(((struct bindnet_address *)0)->interface_name) == 16);
IS(sizeof(((struct bindnet_address *)0)->label) == 16);
IS(sizeof(enum bindnet_result) == sizeof(int));
";

/// For assertions at compile time, which C99 has not.
const ASSERT: &str = "
#include <bindnet.h>
#define JOIN(a, b) a##b
#define NAME(line) JOIN(is_, line)
#define IS(holds) typedef char NAME(__LINE__)[(holds) ? 1 : -1]
";

fn read(path: &str) -> String {
    fs::read_to_string(package().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The enum of reasons: it has no source in src/capi, but is made of the library's one table of them.
fn reasons() -> String {
    let mut all = Reason::ALL.to_vec();
    all.sort_by_key(|reason| *reason as u8);
    let mut made = String::from(
        "\n// What is true of a candidate, a bit each. A later version may know more.\n\
         enum bindnet_reasons {\n",
    );
    for reason in all {
        let name = reason.code().to_uppercase().replace('-', "_");
        let (about, bit) = (reason.about(), reason as u8);
        made += &format!("    // {about}\n    BINDNET_REASON_{name} = (1 << {bit}),\n");
    }
    made + "};"
}

/// With `BINDNET_WRITE=1` in the environment it is written.
#[test]
fn the_header_is_made_from_the_source() {
    let mut config = cbindgen::Config::from_file(package().join("cbindgen.toml")).unwrap();
    config.after_includes = Some(reasons());
    let builder = cbindgen::Builder::new().with_config(config);
    let source = package().join(SOURCE);
    let bindings = builder.with_src(source).generate().unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).unwrap();
    if std::env::var_os("BINDNET_WRITE").is_some_and(|value| value == "1") {
        fs::write(package().join(HEADER), &made).unwrap();
    }
    let is = read(HEADER);
    let differs = made.lines().zip(is.lines()).find(|(made, is)| made != is);
    assert!(
        made == is,
        "{HEADER} is not what {SOURCE} says, from here on: {differs:#?}\n\
         `BINDNET_WRITE=1 cargo test --all-features --test capi header` writes it"
    );
}

#[test]
fn the_header_needs_nothing_else() {
    let Some(cc) = Compiler::new() else { return };
    // Twice, which does no harm.
    let source = cc.file(
        "alone.c",
        "#include <bindnet.h>\n#include <bindnet.h>\ntypedef int something;\n",
    );
    cc.checks(&C99, &source).unwrap();
    cc.checks(&CPP17, &source).unwrap();
}

/// A program in C++ links as one in C does: the functions are `extern "C"`.
#[test]
fn a_program_in_cpp_links() {
    let Some(cc) = Compiler::new() else { return };
    let (library, program) = (Library::new(), cc.folder().join("version"));
    let source = cc.file(
        "version.cc",
        "#include <bindnet.h>\nint main() { return bindnet_version()[0] == '0' ? 0 : 1; }\n",
    );
    let mut compile = Command::new("cc");
    compile
        .args(CPP17)
        .arg(source)
        .arg("-I")
        .arg(package().join("include"));
    compile
        .arg("-xnone")
        .arg(library.shared())
        .arg("-o")
        .arg(&program);
    succeeds(&mut compile);
    let folder = library.shared().parent().unwrap().to_owned();
    succeeds(Command::new(program).env("LD_LIBRARY_PATH", folder));
}

/// The dynamic symbols of the shared library, as nm(1) lists them.
fn exported(library: &Library) -> Option<BTreeSet<String>> {
    found("cc", Command::new("nm").arg("--version"))?;
    let mut nm = Command::new("nm");
    let listed = succeeds(nm.args(["-D", "--defined-only"]).arg(library.shared())).stdout;
    let listed = String::from_utf8(listed).unwrap();
    let name = |line: &str| line.split_whitespace().nth(2).unwrap().to_owned();
    Some(listed.lines().map(name).collect())
}

#[test]
fn nothing_but_the_listed_symbols_is_exported() {
    let Some(exported) = exported(&Library::new()) else {
        return;
    };
    for symbol in &exported {
        assert!(symbol.starts_with("bindnet_"), "{symbol}");
    }
    let listed: BTreeSet<_> = read(SYMBOLS).lines().map(str::to_owned).collect();
    assert_eq!(exported, listed, "{SYMBOLS}");
}

/// What the header declares is what is exported, and every function is called by a program.
#[test]
fn every_symbol_is_declared_and_called() {
    let header = read(HEADER);
    let code = header.split("extern \"C\" {").nth(1).unwrap();
    let code: Vec<_> = code.lines().filter(|l| !l.starts_with("//")).collect();
    let code = code.join("\n");
    let declared: BTreeSet<_> = functions(&code).collect();
    let listed = read(SYMBOLS);
    assert_eq!(declared, listed.lines().collect::<BTreeSet<_>>());
    let mut programs = String::new();
    for entry in fs::read_dir(package().join("tests/c")).unwrap() {
        programs += &fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    for function in declared {
        let called = [format!("{function}("), format!("TEXT({function}, ")];
        let is_called = called.iter().any(|call| programs.contains(call));
        let by_pointer = function.starts_with("bindnet_state_re") && programs.contains(function);
        assert!(is_called || by_pointer, "no program calls {function}");
    }
}

/// The names before an opening parenthesis.
fn functions(code: &str) -> impl Iterator<Item = &str> {
    code.match_indices('(').filter_map(|(at, _)| {
        let start = code[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')? + 1;
        code[start..at]
            .starts_with("bindnet_")
            .then(|| &code[start..at])
    })
}

#[test]
fn the_version_is_that_of_the_package() {
    let header = read(HEADER);
    for (name, number) in [
        ("MAJOR", env!("CARGO_PKG_VERSION_MAJOR")),
        ("MINOR", env!("CARGO_PKG_VERSION_MINOR")),
        ("PATCH", env!("CARGO_PKG_VERSION_PATCH")),
    ] {
        let line = format!("\n#define BINDNET_VERSION_{name} {number}\n");
        assert!(header.contains(&line), "{line}");
    }
}

/// What README.md has people install without cargo-c, and `bindnet.pc` finds, is the same ABI.
#[test]
fn the_soname_is_that_of_the_abi() {
    let text = read("Cargo.toml");
    let capi = text.split("[package.metadata.capi.library]").nth(1);
    let version = capi.unwrap().split("\nversion = \"").nth(1).unwrap();
    let abi = version.split('.').next().unwrap();
    let soname = format!("-soname,libbindnet.so.{abi}\n");
    assert!(read("README.md").contains(&soname), "{soname}");
}

/// The listed numbers by name.
fn numbers() -> BTreeMap<String, u32> {
    let text = read(NUMBERS);
    let pair = |line: &str| {
        let (name, number) = line.split_once(' ').unwrap();
        (name.to_owned(), number.parse().unwrap())
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(pair).collect()
}

#[test]
fn numbers_and_layout_are_the_listed_ones() {
    let Some(cc) = Compiler::new() else { return };
    let mut text = ASSERT.to_owned();
    for (name, number) in numbers() {
        text += &format!("IS((int){name} == {number});\n");
    }
    if cfg!(target_pointer_width = "64") {
        text += LAYOUT;
    }
    let source = cc.file("layout.c", &text);
    cc.checks(&C99, &source).unwrap();
    cc.checks(&CPP17, &source).unwrap();
    // And they would fail.
    let wrong = cc.file("wrong.c", &format!("{ASSERT}\nIS(BINDNET_OK == 1);\n"));
    cc.checks(&C99, &wrong).unwrap_err();
}

/// Whoever adds a number lists it, and does not take one that was used.
#[test]
fn every_number_is_listed_once() {
    let header = read(HEADER);
    let enumerators = header.lines().filter_map(|line| {
        let (name, _) = line.trim().split_once(" = ")?;
        name.starts_with("BINDNET_").then(|| name.to_owned())
    });
    let listed: BTreeSet<_> = numbers().into_keys().collect();
    assert_eq!(enumerators.collect::<BTreeSet<_>>(), listed, "{NUMBERS}");
    let text = read(NUMBERS);
    for group in text.split("\n\n") {
        let number = |line: &str| line.split_once(' ').unwrap().1.to_owned();
        let all: Vec<_> = group.lines().map(number).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len(), "{group}");
    }
}
