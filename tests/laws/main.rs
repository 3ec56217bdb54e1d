//! What `testing` offers to other projects, and the audit.

mod audit;
mod audit_laws;
mod audit_scenarios;
mod audit_vips;
mod fuzz_findings;
mod law_cases;
mod managers;
mod public_laws;
mod strategies;
mod wrong_pickers;
