//! What Corosync 3 refuses of udp and udpu (exec/totemconfig.c).

use super::conf::{Conf, ConfError};
use super::link::Transport;
use super::names::{AddressProblem, Hosts, IpVersion, read_address};

/// What the checks need to know of a file.
pub(super) struct Checks<'a> {
    pub conf: &'a Conf,
    pub transport: Transport,
    pub ip_version: IpVersion,
    pub hosts: &'a Hosts,
}

impl Checks<'_> {
    /// What udp and udpu cannot have or must have.
    pub fn without_knet(&self) -> Result<(), ConfError> {
        let key = |key: &str| self.conf.totem(key);
        if self.transport == Transport::Knet {
            return Ok(());
        }
        let secauth = key("secauth").filter(|value| value.text() == "on");
        let crypto = [key("crypto_cipher"), key("crypto_hash")];
        let crypto = crypto
            .into_iter()
            .flatten()
            .find(|value| value.text() != "none");
        // Written as none, both stand above secauth.
        let none = key("crypto_cipher").is_some() && key("crypto_hash").is_some();
        if let Some(value) = crypto.or(secauth.filter(|_| !none)) {
            let transport = self.transport;
            let problem = format!("cryptography, which {transport} does not have from Corosync 3");
            return Err(ConfError::new(value.line(), problem));
        }
        if self.transport == Transport::Udp {
            return self.multicast();
        }
        Ok(())
    }

    fn multicast(&self) -> Result<(), ConfError> {
        let mut sections = self.conf.interfaces().iter();
        let mut broadcasts = sections
            .clone()
            .filter_map(|section| section.get("broadcast"));
        if broadcasts.any(|value| value.text() == "yes") {
            return Ok(());
        }
        match sections.find_map(|interface| interface.get("mcastaddr")) {
            None if self.conf.totem("cluster_name").is_some() => Ok(()),
            None => {
                let problem = "udp without a multicast address; write cluster_name in totem { }, or \
                               mcastaddr in its interface";
                Err(ConfError::new(1, problem))
            }
            Some(value) => match read_address(value.text(), self.ip_version, self.hosts) {
                Ok(read) if !read.ip.is_multicast() => {
                    let problem = format!("mcastaddr {} is not multicast", value.text());
                    Err(ConfError::new(value.line(), problem))
                }
                Ok(_) | Err(AddressProblem::Unknown { .. }) => Ok(()),
                Err(problem) => Err(ConfError::new(value.line(), format!("mcastaddr {problem}"))),
            },
        }
    }
}
