//! The links of a corosync.conf: the choice of bindnet for each, and that of Corosync.

use std::process::ExitCode;

use crate::audit::Audit;
use crate::corosync::{How, LinkDecision, Origin, Plan, Profile, Taken};
use crate::rule::Candidate;
use crate::snapshot::Snapshot;

use super::assessment::Assessment;
use super::audit::NOTHING;
use super::check::{self, check};
use super::{Options, Wait, capture, complain, decide, status, warn};
use crate::cli::corosync::{ConfFile, hosts, installed, refused};
use crate::cli::output::{Failure, paint, print, print_error};
use crate::cli::words::OPTIONS;

/// Previews every link.
pub fn preview(file: &ConfFile, options: &Options) -> Result<ExitCode, Failure> {
    let profile = options.selector.profile()?;
    // The installed version is that of this host, not of a recorded one.
    let here = profile == Profile::Default && options.from.is_none();
    let profile = match here.then(installed).unwrap_or(Ok(None)) {
        Ok(Some(version)) => Profile::Corosync(Some(version)),
        Ok(None) => profile,
        Err(problem) => {
            warn(&[problem], options);
            profile
        }
    };
    let hosts = hosts();
    // Every link brings its own bindnetaddr.
    let any = "127.0.0.1".parse().map_err(Failure::usage)?;
    let selector = options.selector.selector(any)?;
    let selector = selector.list_all(options.all);
    let decide_links = |host: &Snapshot| {
        let plan = file.conf.plan(profile, host, &hosts);
        let plan = plan.map_err(|error| refused(&file.name, &error))?;
        let links = plan.decide(host, &selector);
        Ok((plan, links, host.clone()))
    };
    let on_this_host = || Ok(decide_links(&capture(options.source)?));
    let recorded = options.recorded()?;
    let wait = Wait::begin(options)?;
    let decided = decide(
        recorded.as_ref(),
        &wait,
        decide_links,
        on_this_host,
        |(_, links, _)| links.iter().all(|link| link.decision.is_final()),
    );
    let (plan, links, host) = match decided {
        Err(failure) if failure.is_none() && options.json => {
            print(&(without_links(&file.name, &failure) + "\n"))?;
            return Err(failure);
        }
        decided => decided?,
    };
    let mut unasked = Vec::new();
    let mut judge = |link: &LinkDecision| {
        let decision = link.decision.clone();
        let conflict = check(&decision, options).transpose();
        let conflict = conflict.unwrap_or_else(|failure| {
            unasked.push((link.link.number(), failure));
            None
        });
        let selector = selector.clone().with_bindnet(decision.bindnet().clone());
        let audit = options.audit.then(|| Audit::of(&selector, &host)).flatten();
        Assessment {
            decision,
            conflict,
            audit,
        }
    };
    let assessments: Vec<_> = links.iter().map(&mut judge).collect();
    if options.json {
        print(&(plan.to_json_with(&file.name, &links, &assessments) + "\n"))?;
    } else if options.quiet {
        print(&assessments.iter().map(chosen_line).collect::<String>())?;
        for (link, assessment) in links.iter().zip(&assessments) {
            complain(
                &format!("link {}: ", link.link.number()),
                assessment,
                options,
            );
        }
    } else {
        let color = options.color.applies_to(&std::io::stdout());
        print(&paint(&text(&plan, &links, &assessments), color))?;
        let recorded = options.from.is_some();
        warn(&warnings(&plan, &links, &assessments, recorded), options);
    }
    for link in &links {
        let decision = &link.decision;
        if decision.chosen().is_none() {
            print_error(&format!(
                "preview: link {}: {decision}\n",
                link.link.number()
            ));
            if options.audit {
                print_error(NOTHING);
            }
        }
    }
    for (number, failure) in &unasked {
        failure.warn(&format!("preview: link {number}"));
    }
    let statuses = assessments
        .iter()
        .map(|assessment| status::of(assessment, options));
    let statuses = statuses.chain((!unasked.is_empty()).then_some(3));
    Ok(ExitCode::from(status::worst(statuses).unwrap_or(1)))
}

/// The line of `--quiet` for a link: the chosen address, or a dash.
fn chosen_line(assessment: &Assessment) -> String {
    let address = assessment.chosen().map(Candidate::scoped_addr);
    address.map_or("-\n".to_owned(), |address| format!("{address}\n"))
}

/// The object of `--json` for a file that does not list this host.
fn without_links(file: &str, failure: &Failure) -> String {
    let nothing: [(); 0] = [];
    let warnings = [failure.to_string()];
    let format = "bindnet-conf/1";
    let note = Plan::NOTE;
    serde_json::json!({
        "format": format, "file": file, "links": nothing, "warnings": warnings, "note": note,
    })
    .to_string()
}

/// A paragraph for each link, for people.
fn text(plan: &Plan, links: &[LinkDecision], assessments: &[Assessment]) -> String {
    let paragraphs = links
        .iter()
        .zip(assessments)
        .map(|(link, assessment)| paragraph(plan, link, assessment));
    let paragraphs = paragraphs.chain([format!("{}\n", Plan::NOTE)]);
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn paragraph(plan: &Plan, decided: &LinkDecision, assessment: &Assessment) -> String {
    let LinkDecision { link, corosync, .. } = decided;
    let (number, line) = (link.number(), link.line());
    let comparison = if decided.differs() {
        format!("DIFFERS: {}", corosync.explanation)
    } else {
        format!("{}: the same.", plan.corosync())
    };
    let mut explanation = assessment.decision.explain_in(OPTIONS);
    // The warnings of all links are printed at the end.
    explanation.warnings.clear();
    let mut detail = explanation.detail.take();
    // Advice is about a bindnetaddr; a ringX_addr is bound as it stands, or is to name a host.
    if link.origin() == Origin::Nodelist {
        (explanation.advice, detail) = (None, None);
    }
    explanation.sentence.push_str(&format!("\n{comparison}"));
    let findings = assessment.findings();
    let detail = detail.map_or(String::new(), |detail| format!("\n{detail}\n"));
    format!("link {number}, line {line}: {link}\n{explanation}{findings}{detail}")
}

/// The warnings about the file and about each link, each of them once.
fn warnings(
    plan: &Plan,
    links: &[LinkDecision],
    assessments: &[Assessment],
    recorded: bool,
) -> Vec<String> {
    let mut warnings = plan.warnings().to_vec();
    let named = |decided: &LinkDecision| decided.link.address().how == How::HostsFile;
    if recorded && links.iter().any(named) {
        warnings.push("names were looked up in the hosts file of this machine.".to_owned());
    }
    for (decided, assessment) in links.iter().zip(assessments) {
        let LinkDecision {
            link,
            decision,
            corosync: Taken {
                warnings: theirs, ..
            },
            ..
        } = decided;
        let (ours, number) = (decision.warnings(), link.number());
        for warning in ours.iter().chain(&check::warning(assessment)) {
            warnings.push(format!("link {number}: {warning}"));
        }
        for warning in theirs
            .iter()
            .filter(|text| !ours.contains(text) && !plan.warnings().contains(text))
        {
            warnings.push(format!("link {number}, Corosync: {warning}"));
        }
    }
    warnings
}
