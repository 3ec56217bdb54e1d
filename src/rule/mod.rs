//! The decision, pure: a snapshot and a selector in, a decision out.

pub(crate) mod bindnetaddr;
mod candidate;
mod contest;
mod decide;
mod decision;
mod declared;
mod evidence;
mod host_prefixes;
mod matching;
mod needs;
mod other_rule;
mod parse;
mod ports;
mod problem;
mod rank;
mod reasons;
mod rules;
mod scoped_addr;
mod selector;
mod separation;
mod subnets;
mod view;

pub use bindnetaddr::{BindnetAddr, Zone};
pub use candidate::{Candidate, Match, Verdict};
pub use decision::{Decision, Outcome, WhyNone};
pub use declared::{Declaration, Declared};
pub use evidence::Reason;
pub use needs::Decide;
pub use parse::parse_net;
pub use reasons::Reasons;
pub use rules::Evidence;
pub use scoped_addr::ScopedAddr;
pub use selector::Selector;
pub use separation::Separation;

pub(crate) use decision::{About, Candidates, Winner};
pub(crate) use matching::may_match;
pub(crate) use needs::{Needs, Restriction};
pub(crate) use other_rule::OtherRule;
pub(crate) use parse::inet_aton;
pub(crate) use problem::Problem;
pub(crate) use view::{LinkIndexes, View};
