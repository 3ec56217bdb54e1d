//! What cluster life would do to a choice: scenarios, what became of it in each, and what to
//! configure so that it stays.

use std::fmt;

use ipnet::IpNet;

use crate::explain::{Advice, Spelling, advice_lines, aligned};
use crate::rule::ScopedAddr;

/// What cluster life does to a host.
///
/// After each the daemon is started again and decides anew, on the host as it is then. Whatever
/// goes is added again as it was, and so are IPv4 secondaries that went along with their primary
/// (`promote_secondaries=0`): right after the chosen address, and before a VIP that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scenario {
    /// Nothing happens to the addresses. (Duplicate address detection is over, here as in all
    /// others.)
    Restart,
    /// The chosen address is deleted and added again. With `promote_secondaries=0`, the kernel's
    /// default, its secondaries go along.
    OwnAddressFlap,
    /// The same with `promote_secondaries=1`, systemd's default: the first of its secondaries takes
    /// its place.
    OwnAddressFlapPromoted,
    /// An address that floats, or may float, is deleted, and comes back later; the daemon is
    /// started while it is away, and again when it is back. With `promote_secondaries=0`.
    VipAwayAndBack,
    /// The same with `promote_secondaries=1`, where secondaries would go along.
    VipAwayAndBackPromoted,
    /// The chosen address floats: it was named exactly, or remembered, or another rule than ours
    /// takes it. It leaves for another host, and the daemon is started without it. With
    /// `promote_secondaries=0`.
    ChosenVipLeaves,
    /// An address that was not here comes into the network of the chosen one, without a label or
    /// any other mark. A chosen /32 or /128 has no network of its own: then it comes into the
    /// longest network of another address that contains the chosen one, else into the network that
    /// bindnetaddr names with its prefix.
    NewVip,
    /// It comes before the chosen address does, as at boot, or was made a primary address by a flap
    /// of the chosen one.
    NewVipFirst,
    /// The links but loopback ones have each other's indexes in reverse order, as after a reboot
    /// that finds the hardware in another order.
    LinksReordered,
    /// The link of the chosen address is set down and up again. With `keep_addr_on_down=0`, the
    /// kernel's default, its IPv6 addresses go.
    LinkDownAndUp,
    /// The same with `keep_addr_on_down=1`: the permanent ones stay.
    LinkDownAndUpKept,
}

impl Scenario {
    /// The code in JSON and in the table.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::OwnAddressFlap => "own-address-flap",
            Self::OwnAddressFlapPromoted => "own-address-flap-promoted",
            Self::VipAwayAndBack => "vip-away-and-back",
            Self::VipAwayAndBackPromoted => "vip-away-and-back-promoted",
            Self::ChosenVipLeaves => "chosen-vip-leaves",
            Self::NewVip => "new-vip",
            Self::NewVipFirst => "new-vip-first",
            Self::LinksReordered => "links-reordered",
            Self::LinkDownAndUp => "link-down-and-up",
            Self::LinkDownAndUpKept => "link-down-and-up-kept",
        }
    }
}

/// The address of a daemon after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The same address.
    Stays,
    /// A different address, although the chosen one is there, or because it floats and has left.
    Moves(ScopedAddr),
    /// No address, although the chosen one is there, or because it floats and has left.
    Nothing,
}

impl Fate {
    /// Whether it is not the same address.
    pub fn moves(self) -> bool {
        self != Self::Stays
    }

    /// The other address.
    pub fn to(self) -> Option<ScopedAddr> {
        match self {
            Self::Moves(to) => Some(to),
            Self::Stays | Self::Nothing => None,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stays => f.write_str("stays"),
            Self::Moves(to) => write!(f, "MOVES to {to}"),
            Self::Nothing => f.write_str("MOVES: nothing is chosen"),
        }
    }
}

/// The result of one scenario for a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The scenario.
    pub scenario: Scenario,
    /// The address or the link of the scenario; `None` if it is about the whole host.
    pub about: Option<String>,
    /// The fate of the choice, if the selector remembers it.
    pub fate: Fate,
    /// The fate of the choice if the memory is lost; the same if there is none.
    pub without_memory: Fate,
    /// Whether the chosen address itself goes, which cuts off the daemon: for a while, and in
    /// [`Scenario::ChosenVipLeaves`] until it comes back.
    pub interrupts: bool,
    /// The network that a new VIP was drawn from, if the chosen address has none of its own.
    pub network: Option<IpNet>,
    /// A setting that makes the choice stay; `None` if it stays, or if nothing helps.
    pub advice: Option<Advice>,
}

impl Finding {
    /// A finding about a choice without a memory, and without advice.
    pub fn new(scenario: Scenario, about: Option<String>, fate: Fate) -> Self {
        Self {
            scenario,
            about,
            fate,
            without_memory: fate,
            interrupts: false,
            network: None,
            advice: None,
        }
    }

    /// Its row of the table.
    fn cells(&self) -> Vec<String> {
        let mut about = self.about.clone().unwrap_or("-".to_owned());
        if let Some(network) = self.network {
            about.push_str(&format!(" in {network}"));
        }
        let cut_off = match (self.interrupts, self.scenario) {
            (false, _) => "",
            (true, Scenario::ChosenVipLeaves) => ", cut off",
            (true, _) => ", cut off for a while",
        };
        let fate = format!("{}{cut_off}", self.fate);
        vec![self.scenario.code().to_owned(), about, fate]
    }
}

/// The effects of cluster life on a choice.
///
/// `Audit::of` makes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Each scenario that is possible on the host.
    pub findings: Vec<Finding>,
    /// Settings of which any single one settles the choice in all scenarios: on the address that it
    /// names, or else on the chosen one. There is one for each address that may be this host's own.
    pub advice: Vec<Advice>,
    /// The number of addresses that may float but were left out, because there are too many.
    pub left_out: usize,
}

impl Audit {
    /// The audit that found this.
    pub fn new(findings: Vec<Finding>) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }

    /// Whether any scenario would move the choice.
    pub fn moves(&self) -> bool {
        self.findings.iter().any(|found| found.fate.moves())
    }

    /// One line for a log.
    pub fn summary(&self) -> String {
        let count = |fate: fn(&Finding) -> Fate| {
            let moves = |found: &&Finding| fate(found).moves();
            self.findings.iter().filter(moves).count()
        };
        let (moves, forgetful) = (count(|found| found.fate), count(|f| f.without_memory));
        let all = self.findings.len();
        let how_many = match moves {
            0 => "none".to_owned(),
            _ => moves.to_string(),
        };
        let mut line = format!("audit: {how_many} of {all} scenarios would move the choice");
        if forgetful != moves {
            line.push_str(&format!("; without its memory {forgetful} would"));
        }
        if self.left_out > 0 {
            let left_out = self.left_out;
            line.push_str(&format!(
                " ({left_out} more addresses that may float were left out)"
            ));
        }
        line + "."
    }

    /// The scenarios as a table if any would move the choice, the summary, and the advice in the
    /// words of a program. `{}` has the advice in plain words.
    ///
    /// ```
    /// use bindnet::explain::Spelling;
    /// use bindnet::audit::Audit;
    ///
    /// let nothing = Audit::new(Vec::new());
    /// let text = "audit: none of 0 scenarios would move the choice.\n";
    /// assert_eq!(nothing.explain_in(Spelling::default()), text);
    /// ```
    pub fn explain_in(&self, spelling: Spelling) -> String {
        if !self.moves() {
            return format!("{}\n", self.summary());
        }
        let mut text = self.table() + &self.summary();
        if self.advice.is_empty() {
            text.push_str(" Nothing that can be configured keeps it in all of them.\n");
        } else {
            text.push_str(" Any one of these settles it:\n");
            text.push_str(&advice_lines(&self.advice, spelling));
        }
        text
    }

    /// A row for each scenario, marked if it would move the choice.
    fn table(&self) -> String {
        let head = ["SCENARIO", "ABOUT", "CHOICE"].map(str::to_owned);
        let mut rows = vec![("    ", head.to_vec())];
        rows.extend(self.findings.iter().map(|found| {
            let mark = if found.fate.moves() { "  ! " } else { "    " };
            (mark, found.cells())
        }));
        aligned(&rows)
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain_in(Spelling::default()))
    }
}
