//! What Corosync 3 refuses of udp and udpu (exec/totemconfig.c).

use super::conf::{Conf, ConfError, Interface, Value};
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
            let problem = format!(
                "{:?} is cryptography, which {transport} does not have from Corosync 3; write \
                 crypto_cipher: none and crypto_hash: none, or transport: knet",
                value.text()
            );
            return Err(ConfError::new(value.line(), problem));
        }
        if self.transport == Transport::Udp {
            return self.multicast();
        }
        Ok(())
    }

    /// The multicast group of link 0, the only one.
    fn multicast(&self) -> Result<(), ConfError> {
        let number = |section: &Interface| section.get("linknumber").and_then(Value::number);
        let sections = self.conf.interfaces().iter();
        let sections = sections.filter(|section| number(section).unwrap_or(0) == 0);
        // Of sections with one number the last one counts, key by key.
        let last = |key| {
            sections
                .clone()
                .filter_map(|section| section.get(key))
                .next_back()
        };
        let group = last("mcastaddr").map(|value| {
            let read = read_address(value.text(), self.ip_version, self.hosts);
            (value, read)
        });
        let broadcast = last("broadcast").is_some_and(|value| value.text() == "yes");
        match group {
            None if broadcast || self.conf.totem("cluster_name").is_some() => Ok(()),
            None => {
                let line = self.conf.totem("transport").map_or(1, Value::line);
                let problem = "udp without a multicast address; write cluster_name in totem { }, or \
                               mcastaddr in its interface";
                Err(ConfError::new(line, problem))
            }
            Some((value, Ok(read))) if !broadcast && !read.ip.is_multicast() => {
                let text = value.shown();
                let problem =
                    format!("mcastaddr {text} is not multicast; write 239.x.x.x or ff15::x");
                Err(ConfError::new(value.line(), problem))
            }
            Some((_, Ok(_) | Err(AddressProblem::Unknown { .. }))) => Ok(()),
            Some((value, Err(problem))) => {
                Err(ConfError::new(value.line(), format!("mcastaddr {problem}")))
            }
        }
    }
}
