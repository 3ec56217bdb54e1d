//! The keys of the section `totem` of a corosync.conf that choose addresses.

use super::conf::{Conf, ConfError};
use super::link::Transport;
use super::names::IpVersion;
use super::version::Version;

/// The values that a version reads.
pub(super) struct Totem {
    pub transport: Transport,
    pub ip_version: IpVersion,
}

impl Totem {
    /// Reads the section as a version does.
    pub fn read(
        conf: &Conf,
        version: Version,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ConfError> {
        let transport = match conf.totem("transport").map(|v| (v.text(), v)) {
            Some(("knet", _)) if version.is_3() => Transport::Knet,
            Some(("udp", _)) => Transport::Udp,
            Some(("udpu", _)) => Transport::Udpu,
            Some((text, value)) if version.is_3() => {
                let problem = format!("transport {text:?}; write knet, udp or udpu");
                return Err(ConfError::new(value.line(), problem));
            }
            Some((_, value)) => {
                warnings.push(format!(
                    "line {}: Corosync {} does not know the transport {} and takes udp.",
                    value.line(),
                    version,
                    value.shown()
                ));
                Transport::Udp
            }
            None if version.is_3() => Transport::Knet,
            None => Transport::Udp,
        };
        Ok(Self {
            transport,
            ip_version: ip_version(conf, version, transport)?,
        })
    }
}

/// The families that a version looks for.
fn ip_version(conf: &Conf, version: Version, transport: Transport) -> Result<IpVersion, ConfError> {
    let default = match (version.is_3(), transport) {
        (true, Transport::Udp) | (false, _) => IpVersion::V4,
        (true, _) => IpVersion::V6Then4,
    };
    if version < Version::new(1, 99, 0) {
        return Ok(IpVersion::Any);
    }
    let Some(value) = conf.totem("ip_version") else {
        return Ok(default);
    };
    match value.text().parse() {
        Ok(IpVersion::V6Then4 | IpVersion::V4Then6) if !version.is_3() => {
            let text = value.text();
            let problem = format!("ip_version {text:?}: for Corosync {version} write ipv4 or ipv6");
            Err(ConfError::new(value.line(), problem))
        }
        Ok(ip_version) => Ok(ip_version),
        Err(problem) => Err(ConfError::new(value.line(), problem.to_string())),
    }
}
