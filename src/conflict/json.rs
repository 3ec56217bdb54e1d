//! The format `bindnet-conflict/1`.

use serde::{Serialize, Serializer};

use super::report::ConflictReport;

#[derive(Serialize)]
struct ConflictJson {
    format: &'static str,
    address: String,
    interface: Option<String>,
    verdict: &'static str,
    mac: Option<String>,
    how: Option<&'static str>,
    reason: Option<String>,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<u64>,
}

impl Serialize for ConflictReport {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let json = ConflictJson {
            format: "bindnet-conflict/1",
            address: self.ip().to_string(),
            interface: self.interface().map(|name| name.to_string()),
            verdict: self.verdict().code(),
            mac: self.mac().map(|mac| mac.to_string()),
            how: self.how().map(|how| how.code()),
            reason: self.reason(),
            elapsed_ms: self.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
            count: self.count().map(|(count, _)| count),
            others: self.count().map(|(_, others)| others),
        };
        json.serialize(to)
    }
}

impl ConflictReport {
    /// Writes the report as JSON, `bindnet-conflict/1`, on one line.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bindnet::conflict::{Notice, ConflictReport, Target, Detection};
    ///
    /// let target = Target::free("192.0.2.10".parse()?, "eth0".parse()?)?;
    /// let event = Notice::Detection(Detection::Clear);
    /// let report = ConflictReport::new(&target, None, event, Duration::ZERO);
    /// assert!(report.to_json().contains(r#""interface":"eth0","verdict":"clear""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> String {
        // Serializing to a string fails only if an implementation of Serialize fails.
        serde_json::to_string(self).unwrap_or_default()
    }
}
