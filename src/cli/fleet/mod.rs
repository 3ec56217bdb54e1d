//! Judges the snapshots of all nodes of a cluster together.

mod nodes;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::corosync::{Hosts, How, ProfileSelector};
use crate::fleet::{Fleet, FleetReport, Node};
use crate::rule::Selector;

use crate::cli::corosync::{ConfFile, hosts, refused};
use crate::cli::input;
use crate::cli::invocation::Invocation;
use crate::cli::options::SelectorOptions;
use crate::cli::output::{Failure, print, print_error, print_json};
use crate::cli::words::OPTIONS;
use nodes::NodeFile;

/// Do the nodes agree?
///
/// Takes the snapshots of all nodes (`preview --capture` or `ip -d -j addr` on each), and says what
/// each would choose and what is wrong: an address that two machines have, a choice in another
/// network, a node without a choice. With several bindnetaddrs run it once for each.
///
/// Exit status: 0 no problem; 1 some; 2 the command line or an input cannot be understood. A
/// snapshot that cannot be read is named, and the other nodes are judged all the same.
#[derive(Debug, clap::Parser)]
#[command(name = "fleet", version)]
// One remembered choice is not that of many nodes.
#[command(mut_arg("previous", |previous| previous.hide(true)))]
pub struct Options {
    /// An address without a prefix (192.168.1.0), a network with its prefix (192.168.1.0/24), or
    /// several networks with commas; behind it each node by its name, with the file of its snapshot, or with a pipe of the shell:
    /// n1=<(ssh n1 ip -d -j addr)
    #[arg(value_name = "BINDNETADDR NODE=SNAPSHOT")]
    arguments: Vec<OsString>,
    /// Every NODE.json of a folder; repeatable
    #[arg(long, value_name = "DIR")]
    dir: Vec<PathBuf>,
    /// Every link of a corosync.conf, and its nodelist, instead of a bindnetaddr
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,
    #[command(flatten)]
    selector: SelectorOptions,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// Names the commands of its help as they are called.
pub fn name(command: clap::Command, invocation: Invocation) -> clap::Command {
    let (fleet, preview) = (invocation.command("fleet"), invocation.command("preview"));
    let usage = format!(
        "{fleet} [OPTIONS] <BINDNETADDR> NODE=SNAPSHOT...\n       \
         {fleet} [OPTIONS] <BINDNETADDR> --dir DIR\n       \
         {fleet} [OPTIONS] --conf FILE (NODE=SNAPSHOT... | --dir DIR)"
    );
    let about = command.get_long_about().map(ToString::to_string);
    let about = about
        .unwrap_or_default()
        .replace("`preview ", &format!("`{preview} "));
    command.override_usage(usage).long_about(about)
}

/// Do the nodes of a cluster agree?
pub fn main(options: &Options, invocation: Invocation) -> ExitCode {
    match run(options, invocation) {
        Ok(status) => status,
        Err(failure) => failure.report("fleet"),
    }
}

fn run(options: &Options, invocation: Invocation) -> Result<ExitCode, Failure> {
    options.selector.no_previous(invocation)?;
    let mut arguments = options.arguments.as_slice();
    let (mut fleet, file) = match &options.conf {
        Some(path) => {
            let file = ConfFile::read(path)?;
            (of_conf(&file, options)?, Some(file))
        }
        None => {
            let Some((bindnetaddr, others)) = arguments.split_first() else {
                let problem = "a BINDNETADDR or --conf FILE is missing; see --help";
                return Err(Failure::usage(problem));
            };
            arguments = others;
            (of_bindnetaddr(bindnetaddr, options)?, None)
        }
    };
    let nodes = nodes::node_files(arguments, &options.dir)?;
    let conf = file.as_ref().map_or("", |file| &file.name);
    let mut all_read = true;
    for node in &nodes {
        all_read &= add(&mut fleet, node, conf)?;
    }
    let report = fleet.judge();
    show(&report, options.json)?;
    Ok(ExitCode::from(match (all_read, report.problems()) {
        (false, _) => 2,
        (true, []) => 0,
        (true, _) => 1,
    }))
}

fn of_bindnetaddr(text: &OsString, options: &Options) -> Result<Fleet, Failure> {
    let text = text.to_string_lossy();
    // Only the zone of an address may have one.
    if text.contains('=') && !text.contains('%') {
        let problem = format!("a BINDNETADDR or --conf FILE is expected before {text:?}");
        return Err(Failure::usage(problem));
    }
    let (bindnet, warning) = options.selector.bindnet(&text)?;
    if let Some(warning) = warning {
        print_error(&format!("warning: {warning}\n"));
    }
    let selector = options.selector.selector(bindnet)?;
    let profile = options.selector.profile()?;
    Ok(Fleet::new(ProfileSelector::new(profile, selector)).spelling(OPTIONS))
}

fn of_conf(file: &ConfFile, options: &Options) -> Result<Fleet, Failure> {
    // Every link brings its own bindnetaddr.
    let any = "127.0.0.1".parse().map_err(Failure::usage)?;
    let selector: Selector = options.selector.selector(any)?;
    let (profile, hosts): (_, Hosts) = (options.selector.profile()?, hosts());
    let fleet = Fleet::of_conf(&file.name, file.conf.clone(), profile, selector, hosts);
    let fleet = fleet.map_err(|error| refused(&file.name, &error))?;
    Ok(fleet.spelling(OPTIONS))
}

/// Adds a node, and returns whether its snapshot could be read. A node without one stops nothing.
fn add(fleet: &mut Fleet, node: &NodeFile, conf: &str) -> Result<bool, Failure> {
    let (result, read) = match input::snapshot(&node.path) {
        Ok(host) => (fleet.add(&node.name, &host), true),
        Err(failure) => {
            failure.report("fleet");
            (fleet.add_unread(&node.name), false)
        }
    };
    match result {
        Ok(()) => Ok(read),
        // The problem is in a line of the corosync.conf, and need not be about this node.
        Err(error) if error.line().is_some() => Err(Failure::usage(format!("{conf}, {error}"))),
        Err(error) => Err(Failure::usage(format!(
            "{}: {error}",
            input::shown(&node.path)
        ))),
    }
}

fn show(report: &FleetReport, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(report);
    }
    print(&report.to_string())?;
    let mut warnings = report.warnings().to_vec();
    let mut links = report.nodes().iter().flat_map(Node::links);
    if links.any(|link| link.link.address().how == How::HostsFile) {
        warnings.push("names were looked up in the hosts file of this machine.".to_owned());
    }
    let warnings = warnings.iter();
    print_error(
        &warnings
            .map(|text| format!("warning: {text}\n"))
            .collect::<String>(),
    );
    Ok(())
}
