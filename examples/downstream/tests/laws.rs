//! Whatever floating addresses a cluster manager throws at the host, in whatever order, the daemon
//! binds the same address.

#[path = "support/program.rs"]
mod program;

use bindnet::testing::{PickBy, laws, wrong};
use downstream::{pick, selector};

/// By its configuration alone.
#[test]
fn the_selector() {
    laws::all(&selector());
}

/// By the function that picks, whatever it does.
#[test]
fn the_function() {
    laws::all(&PickBy::new(selector(), pick));
}

/// By a program in another language.
#[test]
fn the_program() {
    let program = program::built();
    laws::all(&PickBy::new(selector(), |host, previous| {
        program::pick(&program, host, previous)
    }));
}

/// What the daemon would do by the rule of Corosync 2.0.0.
#[test]
#[should_panic(expected = "is here, and is not picked")]
fn the_rule_of_2012() {
    laws::FAILOVERS.assert(&wrong::picker(selector(), wrong::reversed));
}
