//! Previews the address that a cluster daemon would bind for a bindnetaddr, and explains it.

mod assessment;
mod audit;
mod check;
mod conf;
mod memory;
mod status;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use crate::audit::Audit;
use crate::cli::corosync::ConfFile;
use crate::cli::input;
use crate::cli::options::SelectorOptions;
use crate::cli::output::{Color, Failure, paint, print, print_error};
use crate::cli::state::{StateOptions, not_corosyncs, recall};
use crate::cli::time::seconds;
use crate::cli::words::OPTIONS;
use crate::corosync::{Profile, ProfileSelector};
#[cfg(target_os = "linux")]
use crate::live::Capturer;
use crate::live::KernelError;
use crate::rule::{BindnetAddr, Decision};
use crate::snapshot::Snapshot;
use assessment::Assessment;
use check::check;
use memory::WriteResult;

/// Which address would be bound for a bindnetaddr, and why
///
/// Exit status: 0 an address was chosen; 1 none was; 2 the command line or an input cannot be
/// understood; 3 the kernel could not be asked; 4 --strict, and the decision was ambiguous; 5 an
/// address was chosen, but --check found another host that claims it; 6 an address was chosen, but
/// a scenario of --audit would move it (new-vip and new-vip-first count only with --strict).
///
/// 3 is also the status of an address that is printed, but --check could not tell whether another
/// host claims it, or --remember could not write it down. 5 goes before 3, 3 before 6. With --conf
/// the worst link counts: 1, 4, 5, 3, 6, 0. No node of the file is this host: 1.
#[derive(Debug, clap::Parser)]
#[command(name = "preview", version)]
pub struct Options {
    /// An address without a prefix (192.168.1.0), a network with its prefix (192.168.1.0/24), or several
    /// networks with commas; may be left out with --interface
    #[arg(value_name = "BINDNETADDR", required_unless_present_any = ["capture", "conf", "interface"])]
    bindnetaddr: Option<String>,
    /// Without a BINDNETADDR: any IPv6 address of the link of --interface, instead of any IPv4 address
    #[arg(short = '6', requires = "interface", conflicts_with_all = ["bindnetaddr", "conf"])]
    ipv6: bool,
    /// Every link of a corosync.conf, beside what Corosync takes for it. Unless --profile or --from
    /// says which version, `corosync -v` is run, for five seconds at most
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bindnetaddr", "state"])]
    conf: Option<PathBuf>,
    /// Print the chosen address and nothing else
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    /// Also list the addresses that do not match
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    selector: SelectorOptions,
    #[command(flatten)]
    state: StateOptions,
    /// With --state: write the choice to FILE if none is remembered there yet
    #[arg(long, requires = "state")]
    remember: bool,
    /// Decide again until there is a choice, for this many seconds. An address that is pending, or
    /// declared fixed and not here, or remembered, is waited for as long
    #[arg(long, value_name = "SECONDS", conflicts_with = "from")]
    wait: Option<String>,
    /// Ask whether another host claims the chosen address, for less than a second (RFC 5227); it
    /// takes CAP_NET_RAW
    #[arg(long, conflicts_with = "from")]
    check: bool,
    /// Say what cluster life would do to the choice: VIPs that come and go, flaps, links in another
    /// order, each followed by a restart with what is remembered (--previous, --state)
    #[arg(long)]
    audit: bool,
    /// How this host is asked
    #[arg(long, value_name = "S", default_value = "netlink")]
    source: Source,
    /// A snapshot, or the output of `ip -d -j addr`, instead of this host; - is standard input, and
    /// a pipe of the shell is read, too: --from <(ssh n1 ip -d -j addr)
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    from: Option<PathBuf>,
    /// Print this host's whole snapshot as JSON and stop
    #[arg(long, conflicts_with_all = [
        "bindnetaddr", "conf", "from", "wait", "check", "audit", "quiet", "all", "profile", "strict", "interface",
        "floating", "fixed", "no_rule", "protocol", "previous", "state",
    ])]
    capture: bool,
    /// When output is coloured; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Source {
    Netlink,
    Getifaddrs,
}

impl Options {
    /// The host of `--from`.
    fn recorded(&self) -> Result<Option<Snapshot>, Failure> {
        self.from.as_deref().map(input::snapshot).transpose()
    }
}

/// Which address would be bound for a bindnetaddr, and why.
pub fn main(options: &Options) -> ExitCode {
    match run(options) {
        Ok(status) => status,
        Err(failure) => failure.report("preview"),
    }
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    if let Some(path) = &options.conf {
        return conf::preview(&ConfFile::read(path)?, options);
    }
    if options.capture {
        let host = capture(options.source).map_err(Failure::system)?;
        print(&(host.to_json() + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (bindnet, reading) = asked(options)?;
    let selector = options
        .selector
        .selector(bindnet.clone())?
        .list_all(options.all);
    let profile = options.selector.profile()?;
    if options.remember {
        not_corosyncs("--remember", profile)?;
    }
    let file = options.state.file();
    let writes = file.as_ref().filter(|_| options.remember);
    let mut remembered = recall(file.as_ref())?;
    let recorded = options.recorded()?;
    let wait = Wait::begin(options)?;
    let (decision, host, guess, forgotten) = loop {
        let selector = selector.clone().remembering(&remembered);
        let selector = ProfileSelector::new(profile, selector);
        let (decision, host) = decide_one(options, recorded.as_ref(), &wait, &selector)?;
        match memory::write(writes, &decision, &remembered, &wait)? {
            WriteResult::AnotherIs(now) => remembered = now,
            WriteResult::Done(guess) => break (decision, host, guess, None),
            WriteResult::Not(warning) => break (decision, host, None, Some(warning)),
        }
    };
    let (conflict, unasked) = match check(&decision, options).transpose() {
        Ok(conflict) => (conflict, None),
        Err(failure) => (None, Some(failure)),
    };
    let mut assessment = Assessment {
        decision,
        conflict,
        audit: None,
    };
    if let Some(host) = host {
        // The next start remembers the choice that was just written.
        let selector = selector.remembering(&recall(file.as_ref())?);
        let selector = ProfileSelector::new(profile, selector);
        assessment.audit = Audit::of(&selector, &host);
    }
    if let Some(reading) = reading.filter(|_| !options.quiet) {
        warn(&[reading], options);
    }
    // The decision's own warnings are not printed then, but this one is about what may be lost.
    if options.quiet && profile == Profile::Default {
        warn(&assessment.decision.memory_warnings(), options);
    }
    show(&assessment, options)?;
    if let Some(failure) = &unasked {
        failure.warn("preview");
    }
    for warning in guess.iter().chain(&forgotten) {
        warn(std::slice::from_ref(warning), options);
    }
    let failed = (unasked.is_some() || forgotten.is_some()).then_some(3);
    let statuses = [status::of(&assessment, options)].into_iter().chain(failed);
    Ok(ExitCode::from(status::worst(statuses).unwrap_or(0)))
}

/// What is asked for. The host is looked at only if the text may be the name of a link.
fn asked(options: &Options) -> Result<(BindnetAddr, Option<String>), Failure> {
    let text = options.bindnetaddr.as_deref();
    let asked = options.selector.asked(text, options.ipv6);
    asked.map_err(|failure| {
        let host = match options.recorded() {
            Ok(None) => capture(options.source).ok(),
            recorded => recorded.ok().flatten(),
        };
        let link = text.zip(host);
        let link = link.and_then(|(text, host)| options.selector.if_link(text, &host));
        link.unwrap_or(failure)
    })
}

/// Decides about one bindnetaddr. The host is for an audit, which is about all of it.
fn decide_one(
    options: &Options,
    recorded: Option<&Snapshot>,
    wait: &Wait,
    selector: &ProfileSelector,
) -> Result<(Decision, Option<Snapshot>), Failure> {
    let whole = |host: &Snapshot| options.audit.then(|| host.clone());
    let listed = |host: &Snapshot| Ok((selector.decide(host), whole(host)));
    let is_final = |(decision, _): &(Decision, _)| decision.is_final();
    if options.audit {
        let here = || Ok(listed(&capture(options.source)?));
        return decide(recorded, wait, listed, here, is_final);
    }
    let here = || Ok(Ok((decide_here(options.source, selector)?, None)));
    decide(recorded, wait, listed, here, is_final)
}

fn capture(source: Source) -> Result<Snapshot, KernelError> {
    match source {
        #[cfg(target_os = "linux")]
        Source::Netlink => capturer()?.capture(),
        #[cfg(not(target_os = "linux"))]
        Source::Netlink => Snapshot::capture(),
        Source::Getifaddrs => Snapshot::capture_by_getifaddrs(),
    }
}

/// Asks this host for no more than the decision needs.
fn decide_here(source: Source, selector: &ProfileSelector) -> Result<Decision, KernelError> {
    match source {
        #[cfg(target_os = "linux")]
        Source::Netlink => capturer()?.decide(selector),
        source => Ok(selector.decide(&capture(source)?)),
    }
}

/// A person waits longer than the main loop of a daemon: a host that boots may be slow.
#[cfg(target_os = "linux")]
fn capturer() -> Result<Capturer, KernelError> {
    Ok(Capturer::open()?.timeout(Duration::from_secs(5)))
}

/// How long `--wait` says to wait.
struct Wait {
    start: Instant,
    time: Duration,
}

impl Wait {
    fn begin(options: &Options) -> Result<Self, Failure> {
        let text = options.wait.as_deref();
        let time = text.map(|text| seconds("--wait", text)).transpose()?;
        Ok(Self {
            start: Instant::now(),
            time: time.unwrap_or_default(),
        })
    }

    /// How much of it is left.
    fn left(&self) -> Duration {
        self.time.saturating_sub(self.start.elapsed())
    }
}

/// Decides on a recorded host, or here, again and again as long as `--wait` says.
fn decide<T>(
    recorded: Option<&Snapshot>,
    wait: &Wait,
    listed: impl Fn(&Snapshot) -> Result<T, Failure>,
    here: impl Fn() -> Result<Result<T, Failure>, KernelError>,
    is_final: impl Fn(&T) -> bool,
) -> Result<T, Failure> {
    /// How long to sleep between two decisions.
    const PAUSE: Duration = Duration::from_millis(100);
    if let Some(host) = recorded {
        return listed(host);
    }
    loop {
        let answer = here();
        let left = wait.left();
        let decided = match answer {
            Err(error) if error.may_pass() && !left.is_zero() => continue,
            answer => answer.map_err(Failure::system)?,
        };
        let done = match &decided {
            Ok(decided) => is_final(decided),
            Err(failure) => !failure.may_pass(),
        };
        if done || left.is_zero() {
            return decided;
        }
        thread::sleep(left.min(PAUSE));
    }
}

/// A choice goes to standard output; warnings, and why there is no choice, to standard error.
fn show(assessment: &Assessment, options: &Options) -> Result<(), Failure> {
    let decision = &assessment.decision;
    if options.json {
        print(&(assessment.to_json() + "\n"))?;
    }
    let mut explanation = decision.explain_in(OPTIONS);
    let Some(chosen) = decision.chosen() else {
        let report = if options.json || options.quiet {
            format!("{decision}\n")
        } else {
            explanation.to_string()
        };
        let color = options.color.applies_to(&io::stderr());
        print_error(&paint(&format!("preview: {report}"), color));
        if options.audit {
            print_error(audit::NOTHING);
        }
        return Ok(());
    };
    if options.json {
        return Ok(());
    }
    if options.quiet {
        print(&format!("{}\n", chosen.scoped_addr()))?;
        complain("", assessment, options);
        return Ok(());
    }
    let mut warnings = std::mem::take(&mut explanation.warnings);
    let report = format!("{explanation}{}", assessment.findings());
    print(&paint(&report, options.color.applies_to(&io::stdout())))?;
    warnings.extend(check::warning(assessment));
    warn(&warnings, options);
    Ok(())
}

/// Prints the findings of --check and --audit if nothing else does, unless all is well.
fn complain(of: &str, assessment: &Assessment, options: &Options) {
    let found = [
        check::complaint(assessment),
        audit::complaint(assessment, options),
    ];
    for complaint in found.into_iter().flatten() {
        let color = options.color.applies_to(&io::stderr());
        print_error(&paint(&format!("preview: {of}{complaint}\n"), color));
    }
    if let Some(warning) = check::warning(assessment) {
        warn(&[format!("{of}{warning}")], options);
    }
}

fn warn(warnings: &[String], options: &Options) {
    let warnings = warnings.iter().map(|text| format!("warning: {text}\n"));
    let warnings: String = warnings.collect();
    print_error(&paint(&warnings, options.color.applies_to(&io::stderr())));
}
