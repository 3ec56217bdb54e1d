//! Any bytes are a snapshot or an error, without a panic; a snapshot is what it prints as, and
//! every decision about it is, too.

use bindnet::{BindnetAddr, Selector, Snapshot};

/// Room for the words of an error, which quotes some of the text, escaped.
const WORDS: usize = 512;

pub fn check(data: &[u8]) {
    let host = match Snapshot::from_json(data) {
        Ok(host) => host,
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() <= WORDS + 10 * data.len(), "{message}");
            return;
        }
    };
    assert!(host.len() + host.links().len() <= data.len());
    let again = Snapshot::from_json(host.to_json().as_bytes()).expect("our own format");
    assert_eq!(again, host);
    for address in host.addresses().step_by(host.len() / 4 + 1) {
        let network = address.netmask().network(address.ip());
        for ip in [Some(address.ip()), network].into_iter().flatten() {
            // An IPv4-mapped address is no bindnetaddr, and neither is the unspecified one.
            let Ok(bindnet) = BindnetAddr::try_from(ip) else {
                continue;
            };
            let selector = Selector::new(bindnet.clone()).list_all(true);
            let decision = selector.decide(&host);
            // Loopback and link-local addresses match only a bindnetaddr inside of their own networks.
            let confined = address.ip().is_loopback() || address.is_link_local();
            assert!(confined || !decision.candidates().is_empty());
            assert_eq!(decision, selector.decide(&again));
            assert!(decision.to_json().contains(&bindnet.to_string()));
            assert!(!format!("{decision:#}").is_empty());
        }
    }
}
