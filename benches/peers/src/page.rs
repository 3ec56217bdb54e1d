//! The page about what was measured, with what on what.

use std::process::Command;
use std::{env, fs, thread};

use crate::measured::Measured;

/// The page, in Markdown.
pub fn page(all: &[Measured], table: &str) -> String {
    format!(
        "# What others need

Each way lists the addresses of the host from scratch, in the most direct way that its library
documents, and finds the one IPv4 address in 192.0.2.0/24. A cell is the median of its time over
F: what the kernel needs to list the IPv4 addresses into a buffer of 32 KiB that nobody reads. All
ways are run in turn in one process. A way that ever fails or does not find exactly that address is
called wrong.

{table}
![The table as a chart](peers.svg)

getifaddrs, if-addrs, network-interface and netdev list the links and the IPv6 addresses, too, and
have no way to ask for less. netdev also reads /sys, where it finds nothing of the hosts staged
here: on a real one with many links it takes longer still.

Measured on {}.

Made by this command, as root, in `benches/peers`:

```sh
cargo run --release
```
",
        environment(all)
    )
}

/// Kernel, libc, processor and the versions of the libraries.
fn environment(all: &[Measured]) -> String {
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel = kernel.split('-').next().unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor
        .lines()
        .find(|line| line.starts_with("model name"));
    let processor = processor.and_then(|line| line.split_once(": "));
    let processor = processor.map_or("an unknown processor", |(_, name)| name);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let libc = output("getconf", &["GNU_LIBC_VERSION"]);
    let versions = versions(all).join(", ");
    format!(
        "Linux {}, {processor}, {cores} cores, {}; {versions}",
        kernel.trim(),
        libc.trim()
    )
}

/// The libraries that the ways are named after.
fn versions(all: &[Measured]) -> Vec<String> {
    let cargo = env::var("CARGO").unwrap_or("cargo".to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let tree = ["tree", "--offline", "--depth=1", "--prefix=none"];
    let tree = [&tree[..], &["--manifest-path", manifest]].concat();
    let tree = output(&cargo, &tree);
    let named = |package: &str| {
        let mut ways = all.iter().flat_map(|on| &on.ways);
        ways.any(|(way, _)| way.split([' ', ',']).next() == Some(package))
    };
    let version = |line: &str| {
        let (package, rest) = line.split_once(" v")?;
        let version = rest.split(' ').next()?;
        named(package).then(|| format!("{package} {version}"))
    };
    tree.lines().filter_map(version).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn output(program: &str, args: &[&str]) -> String {
    let done = Command::new(program).args(args).output();
    done.map_or(String::new(), |done| {
        String::from_utf8_lossy(&done.stdout).into_owned()
    })
}
