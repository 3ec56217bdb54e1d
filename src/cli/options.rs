//! The options that make a selector, as every example has them.

use std::ffi::OsString;
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::corosync::{How, IpVersion, Profile, read_address};
use crate::rule::{BindnetAddr, Declared, Evidence, ScopedAddr, Selector, parse_net};
use crate::snapshot::{LinkName, ParseError, Snapshot};

use super::corosync;
use super::input::{read_file, shown};
use super::invocation::Invocation;
use super::output::Failure;
use super::words::in_options;

/// The command line of a program; if it is refused, the program ends.
///
/// clap's messages repeat arguments as they are. So a message is made again, of arguments in which
/// nothing is left that a terminal obeys.
pub fn parse<O: clap::FromArgMatches>(command: clap::Command) -> O {
    // The name of the command, because the program may be called by any text.
    let name = std::iter::once(OsString::from(command.get_name()));
    let arguments: Vec<OsString> = name.chain(std::env::args_os().skip(1)).collect();
    try_parse(&command, &arguments).unwrap_or_else(|error| {
        let escaped = arguments
            .iter()
            .map(|argument| shown(Path::new(argument)).into());
        let escaped: Vec<OsString> = escaped.collect();
        // Without an error there was an argument that is not UTF-8, which clap does not repeat.
        try_parse::<O>(&command, &escaped)
            .err()
            .unwrap_or(error)
            .exit()
    })
}

fn try_parse<O: clap::FromArgMatches>(
    command: &clap::Command,
    arguments: &[OsString],
) -> Result<O, clap::Error> {
    let mut command = command.clone();
    let matches = command.try_get_matches_from_mut(arguments)?;
    O::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The options that make a selector.
#[derive(Debug, clap::Args)]
pub struct SelectorOptions {
    /// Which rule chooses: default, corosync (its newest), corosync:VERSION, or patched
    #[arg(long, value_name = "P", default_value = "default")]
    profile: String,
    /// Choose nothing where the decision is ambiguous
    #[arg(long)]
    pub strict: bool,
    /// The rule sees only this link's addresses; the name may be an alternative one (altname)
    #[arg(long, value_name = "NAME")]
    interface: Option<OsString>,
    /// Declare an address or network floating: a cluster manager moves it; @FILE: one a line
    #[arg(long, value_name = "NET|@FILE")]
    floating: Vec<String>,
    /// Declare an address or network fixed: it belongs to this host; @FILE: one a line
    #[arg(long, value_name = "NET|@FILE")]
    fixed: Vec<String>,
    #[arg(long, value_name = "CODE", help = no_rule_help())]
    no_rule: Vec<String>,
    /// An IFA_PROTO number that marks floating addresses, instead of 18
    #[arg(long, value_name = "N")]
    protocol: Vec<String>,
    /// The remembered choice
    #[arg(long, value_name = "IP")]
    previous: Option<String>,
}

impl SelectorOptions {
    /// Which rule chooses.
    pub fn profile(&self) -> Result<Profile, Failure> {
        let profile = self.profile.parse();
        profile.map_err(|error: ParseError| Failure::usage(format!("--profile: {error}")))
    }

    /// Refuses a remembered choice if many nodes are judged: it is the choice of one of them, and the
    /// decision of every other would be ambiguous without it.
    pub fn no_previous(&self, invocation: Invocation) -> Result<(), Failure> {
        match &self.previous {
            None => Ok(()),
            Some(text) => Err(option(
                "--previous",
                text,
                format!(
                    "one remembered choice is not that of many nodes; ask for one node: {} \
                     --previous IP --from SNAPSHOT",
                    invocation.command("preview")
                ),
            )),
        }
    }

    /// The bindnetaddr of a question: what was written, or else any address of the link of `--interface`.
    pub fn asked(
        &self,
        bindnetaddr: Option<&str>,
        ipv6: bool,
    ) -> Result<(BindnetAddr, Option<String>), Failure> {
        let any = if ipv6 { "::/0" } else { "0.0.0.0/0" };
        if bindnetaddr.is_none() && self.profile()? != Profile::Default {
            return Err(Failure::usage(
                "--interface alone: Corosync takes no prefix; write a BINDNETADDR",
            ));
        }
        self.bindnet(bindnetaddr.unwrap_or(any))
    }

    /// The failure of a text that is no bindnetaddr, but a link of a host or a label there.
    pub fn if_link(&self, text: &str, host: &Snapshot) -> Option<Failure> {
        let name: LinkName = text.parse().ok()?;
        let label = || {
            host.addresses()
                .any(|address| address.label().map(LinkName::from) == Some(name))
        };
        let what = if host.link_named(&name).is_some() {
            "a link of this host"
        } else if label() {
            "a label on this host"
        } else {
            return None;
        };
        // The kernel lists labels of IPv4 addresses, which begin with the name of the link.
        let shown = name.to_string();
        let link = shown.split(':').next().unwrap_or_default();
        Some(Failure::usage(format!(
            "bindnetaddr {text:?}: {what}; for any IPv4 address of the link write --interface {link}, \
             for any IPv6 address --interface {link} -6"
        )))
    }

    /// The bindnetaddr as the profile reads it, and a warning if Corosync reads it differently.
    pub fn bindnet(&self, text: &str) -> Result<(BindnetAddr, Option<String>), Failure> {
        if self.profile()? == Profile::Default {
            let bindnet: Result<BindnetAddr, _> = text.parse();
            let bindnet = bindnet.map_err(|error| Failure::usage(in_options(&error)))?;
            return Ok((bindnet, None));
        }
        let read = read_address(text, IpVersion::Any, &corosync::hosts());
        let read = read.map_err(|error| Failure::usage(format!("bindnetaddr {error}")))?;
        let warning = (read.how != How::Plain).then(|| {
            let how = read.how.in_words();
            format!("Corosync reads bindnetaddr {text:?} as {how}, {}.", read.ip)
        });
        Ok((read.bindnet().map_err(Failure::usage)?, warning))
    }

    /// The selector for a bindnetaddr; every problem names the option and the text.
    pub fn selector(&self, bindnet: BindnetAddr) -> Result<Selector, Failure> {
        let mut selector = Selector::new(bindnet).strict(self.strict);
        if let Some(name) = &self.interface {
            let name = link_name(name).map_err(|problem| option("--interface", name, problem))?;
            selector = selector.interface(name);
        }
        let floating = nets("--floating", &self.floating)?;
        let fixed = nets("--fixed", &self.fixed)?;
        let declared = Declared::default().floating(floating);
        let declared = declared.and_then(|declared| declared.fixed(fixed));
        let declared =
            declared.map_err(|error| Failure::usage(format!("--floating and --fixed: {error}")))?;
        selector = selector.declared(declared);
        for code in &self.no_rule {
            let rule: Result<Evidence, _> = code.parse();
            let rule = rule.map_err(|error| Failure::usage(format!("--no-rule: {error}")))?;
            selector = selector.without([rule]);
        }
        if !self.protocol.is_empty() {
            let protocols: Result<Vec<u8>, _> = self.protocol.iter().map(protocol).collect();
            selector = selector.floating_protocols(protocols?);
        }
        if let Some(text) = &self.previous {
            let previous: Result<ScopedAddr, _> = text.parse();
            let previous = previous
                .map_err(|error| Failure::usage(format!("--previous {}", in_options(&error))))?;
            selector = selector.previous(previous);
        }
        Ok(selector)
    }
}

fn no_rule_help() -> String {
    let codes: Vec<_> = Evidence::all().map(|rule| rule.reason().code()).collect();
    format!("Switch one evidence rule off: {}", codes.join(", "))
}

/// A name as the shell gives it, or as it is printed, with `\xNN`.
pub fn link_name(text: &OsString) -> Result<LinkName, ParseError> {
    match text.to_str() {
        Some(text) => text.parse(),
        None => LinkName::from_bytes(text.as_bytes()),
    }
}

fn protocol(text: &String) -> Result<u8, Failure> {
    let number = text.parse().ok().filter(|number| *number != 0);
    number.ok_or_else(|| option("--protocol", text, "an IFA_PROTO number is 1 to 255"))
}

/// The networks of a repeatable option, each a network or `@FILE`.
fn nets(name: &str, values: &[String]) -> Result<Vec<ipnet::IpNet>, Failure> {
    let mut nets = Vec::new();
    for value in values {
        let Some(path) = value.strip_prefix('@') else {
            nets.push(parse_net(value).map_err(|error| Failure::usage(format!("{name} {error}")))?);
            continue;
        };
        if path.is_empty() {
            return Err(option(
                name,
                value,
                "the name of a file is expected after @",
            ));
        }
        let path = Path::new(path);
        let text = read_file(path).map_err(|failure| failure.of(name))?;
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            let entry = line.split('#').next().unwrap_or_default().trim();
            if !entry.is_empty() {
                let position = format!("{}, line {}", shown(path), number + 1);
                let net = parse_net(entry);
                nets.push(net.map_err(|error| Failure::usage(format!("{position} {error}")))?);
            }
        }
    }
    Ok(nets)
}

fn option(name: &str, text: impl std::fmt::Debug, problem: impl Display) -> Failure {
    Failure::usage(format!("{name} {text:?}: {problem}"))
}
