//! The format `bindnet-watch/1`.

use serde::Serialize;

use super::event::Event;

#[derive(Serialize)]
struct WatchJson<'a> {
    format: &'static str,
    event: &'static str,
    address: Option<String>,
    previous: Option<String>,
    interface: Option<String>,
    reason: &'a str,
    overruns: u64,
}

impl Event {
    /// Writes the event as JSON, `bindnet-watch/1`, on one line, with the number of overruns that
    /// the caller counted.
    ///
    /// ```
    /// use bindnet::choice::Tracker;
    /// use bindnet::{Selector, Snapshot};
    ///
    /// let nothing = Snapshot::new([], [])?;
    /// let event = Tracker::new(Selector::new("192.0.2.0".parse()?)).update(&nothing).unwrap();
    /// let json = event.to_json(0);
    /// assert!(json.starts_with(r#"{"format":"bindnet-watch/1","event":"initial","address":null,"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self, overruns: u64) -> String {
        let json = WatchJson {
            format: "bindnet-watch/1",
            event: self.kind().code(),
            address: self.address().map(|address| address.to_string()),
            previous: self.previous().map(|address| address.to_string()),
            interface: self.interface().map(|name| name.to_string()),
            reason: self.reason(),
            overruns,
        };
        // Serializing to a string fails only if an implementation of Serialize does.
        serde_json::to_string(&json).unwrap_or_default()
    }
}
