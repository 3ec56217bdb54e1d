//! The result for an address, for people.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::detection::{Conflict, Detection, Inconclusive};
use super::listener::Notice;
use super::target::Target;
use crate::rule::{Reason, Reasons};
use crate::snapshot::{HardwareAddress, LinkName, Name};
use crate::wire::How;

/// The result of a probe, or a later notice, with its address and its link.
///
/// `{}` is one line for a log.
///
/// ```
/// use std::time::Duration;
///
/// use bindnet::conflict::{ConflictReport, Detection, Notice, Target};
///
/// let target = Target::own("192.0.2.10".parse()?)?;
/// let event = Notice::Detection(Detection::Clear);
/// let elapsed = Duration::from_millis(720);
/// let report = ConflictReport::new(&target, Some("eth0".parse()?), event, elapsed);
/// assert_eq!(report.to_string(), "192.0.2.10 on eth0: clear; nobody else answered (720 ms)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictReport {
    ip: IpAddr,
    interface: Option<LinkName>,
    event: Notice,
    reasons: Reasons,
    elapsed: Duration,
}

impl ConflictReport {
    /// A report about an address on a link, this long after the first probe.
    pub fn new(target: &Target, interface: Option<Name>, event: Notice, elapsed: Duration) -> Self {
        let zone = target.address().zone();
        Self {
            ip: target.address().ip(),
            interface: interface.map(LinkName::from).or_else(|| zone?.name()),
            event,
            reasons: Reasons::default(),
            elapsed,
        }
    }

    /// Adds the [reasons](crate::Candidate::reasons) of a decision about the address. If they show
    /// that it floats, a conflict may be a failover.
    pub fn with_reasons(mut self, reasons: Reasons) -> Self {
        self.reasons = reasons;
        self
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The name of the link, if there is one; if not, the name that was asked for.
    pub fn interface(&self) -> Option<LinkName> {
        self.interface
    }

    /// The result as a detection. A claim is a conflict. While nothing is heard, and after a gap,
    /// the detection is inconclusive.
    pub fn verdict(&self) -> Detection {
        match &self.event {
            Notice::Detection(verdict) | Notice::NotListening(verdict) => verdict.clone(),
            Notice::Claim { sighting, .. } => Detection::Conflict(Conflict::Heard(*sighting)),
            Notice::Listening(_) => Detection::Inconclusive(Inconclusive::LinkFlapped),
        }
    }

    /// The hardware address of the other host, if it is a conflict and the address is known.
    pub fn mac(&self) -> Option<HardwareAddress> {
        self.verdict().conflict()?.mac()
    }

    /// The kind of the packet that showed the conflict.
    pub fn how(&self) -> Option<How> {
        self.verdict().conflict()?.how()
    }

    /// The number of claims from that hardware address, and from others that did not fit into the
    /// table; `None` if it is no claim.
    pub fn count(&self) -> Option<(u64, u64)> {
        match self.event {
            Notice::Claim { count, others, .. } => Some((count, others)),
            _ => None,
        }
    }

    /// The time since the first probe.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The reason in words; `None` if the detection is clear.
    pub fn reason(&self) -> Option<String> {
        let verdict = self.verdict();
        if verdict == Detection::Clear {
            return None;
        }
        let mut reason = match &self.event {
            Notice::NotListening(_) => format!("{verdict}: nothing is heard"),
            Notice::Listening(index) => format!(
                "listening again, on the link with index {index}; what was claimed meanwhile \
                 was not heard"
            ),
            Notice::Detection(_) | Notice::Claim { .. } => verdict.to_string(),
        };
        if let Some((count, others)) = self.count() {
            if count > 1 {
                reason.push_str(&format!(", {count} times until now"));
            }
            match others {
                0 => {}
                1 => reason.push_str("; another one does, too"),
                _ => reason.push_str(&format!("; others do, {others} times")),
            }
        }
        if verdict.conflict().is_some() && self.reasons.is_floating() {
            let evidence = self.reasons.iter().filter(|reason| reason.is_decisive());
            let evidence: Vec<_> = evidence.map(Reason::code).collect();
            let evidence = evidence.join(", ");
            reason.push_str(&format!(
                "; it looks floating ({evidence}): maybe a failover"
            ));
        }
        Some(reason)
    }
}

impl fmt::Display for ConflictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.verdict();
        write!(f, "{}", self.ip)?;
        if let Some(interface) = self.interface {
            write!(f, " on {interface}")?;
        }
        let code = match verdict {
            Detection::Conflict(_) => "CONFLICT",
            _ => verdict.code(),
        };
        let reason = self.reason().unwrap_or_else(|| verdict.to_string());
        write!(f, ": {code}; {reason} ({} ms)", self.elapsed.as_millis())
    }
}
