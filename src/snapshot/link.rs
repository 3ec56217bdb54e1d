//! A link of the host.

use std::fmt;
use std::str::FromStr;

use super::ParseError;
use super::flags::LinkFlags;
use super::link_name::{AltNames, LinkName};
use super::name::Name;

/// A link: a network interface, virtual or not.
///
/// ```
/// use bindnet::snapshot::LinkFlags;
/// use bindnet::Link;
///
/// let link = Link::new(2, "eth0".parse()?)
///     .with_flags(LinkFlags::UP | LinkFlags::BROADCAST)
///     .with_mac("02:00:00:00:00:01".parse()?);
/// assert_eq!(link.is_up(), Some(true));
/// assert_eq!(link.is_loopback(), Some(false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    index: u32,
    name: Name,
    alt_names: AltNames,
    flags: Option<LinkFlags>,
    mac: Option<HardwareAddress>,
    kind: Option<Box<str>>,
    master: Option<u32>,
    hardware_type: Option<u16>,
    carrier_changes: Option<u32>,
}

impl Link {
    /// The [hardware type](Link::hardware_type) of Ethernet and of links that behave like it
    /// (linux/if_arp.h).
    #[doc(alias = "ARPHRD_ETHER")]
    pub const ETHERNET: u16 = 1;

    /// A link of which only index (`ifi_index`) and name are known.
    pub fn new(index: u32, name: Name) -> Self {
        Self {
            index,
            name,
            alt_names: AltNames::default(),
            flags: None,
            mac: None,
            kind: None,
            master: None,
            hardware_type: None,
            carrier_changes: None,
        }
    }

    /// With a different name.
    pub(crate) fn renamed(mut self, name: Name) -> Self {
        self.name = name;
        self
    }

    /// With another index, and that of the link it belongs to.
    pub(crate) fn renumbered(mut self, new: impl Fn(u32) -> u32) -> Self {
        self.index = new(self.index);
        self.master = self.master.map(new);
        self
    }

    /// With one more alternative name.
    ///
    /// ```
    /// use bindnet::Link;
    ///
    /// let link = Link::new(2, "eth0".parse()?).with_alt_name("enp0s3".parse()?);
    /// assert_eq!(link.alt_names().next(), Some("enp0s3".parse()?));
    /// assert_eq!(link.alt_names().count(), 1);
    /// # Ok::<(), bindnet::ParseError>(())
    /// ```
    #[must_use]
    pub fn with_alt_name(mut self, name: LinkName) -> Self {
        self.alt_names.push(&name);
        self
    }

    /// With these alternative names, and no others.
    pub(crate) fn with_alt_names(mut self, names: AltNames) -> Self {
        self.alt_names = names;
        self
    }

    /// With its flags.
    #[must_use]
    pub fn with_flags(mut self, flags: LinkFlags) -> Self {
        self.flags = Some(flags);
        self
    }

    /// With its hardware address; one of zeros only is none.
    #[must_use]
    pub fn with_mac(mut self, mac: HardwareAddress) -> Self {
        self.mac = Some(mac).filter(|mac| mac.as_bytes().iter().any(|b| *b != 0));
        self
    }

    /// With its kind, `veth` for instance. A text that names no kernel module (an empty one, one
    /// with white space, control characters, `\` or other than ASCII) is none.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        let kind = Some(kind.into()).filter(|kind| is_kind(kind));
        self.kind = kind.map(String::into_boxed_str);
        self
    }

    /// With the index of the link it belongs to, a bridge for instance; 0 is none, as for the kernel.
    #[must_use]
    pub fn with_master(mut self, master: u32) -> Self {
        self.master = Some(master).filter(|master| *master != 0);
        self
    }

    /// With its hardware type, [`Link::ETHERNET`] for instance.
    #[must_use]
    pub fn with_hardware_type(mut self, hardware_type: u16) -> Self {
        self.hardware_type = Some(hardware_type);
        self
    }

    /// With the number of times its carrier has come or gone.
    #[must_use]
    pub fn with_carrier_changes(mut self, carrier_changes: u32) -> Self {
        self.carrier_changes = Some(carrier_changes);
        self
    }

    /// The index of the link on its host.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The name of the link.
    #[doc(alias = "IFLA_IFNAME")]
    pub fn name(&self) -> Name {
        self.name
    }

    /// The alternative names, in the order in which the kernel lists them. Where they are not known, as by
    /// getifaddrs(3), there are none.
    #[doc(alias = "IFLA_PROP_LIST")]
    #[doc(alias = "IFLA_ALT_IFNAME")]
    #[doc(alias = "altname")]
    pub fn alt_names(&self) -> impl Iterator<Item = LinkName> + '_ {
        self.alt_names.iter()
    }

    pub(crate) fn has_alt_name(&self, name: &LinkName) -> bool {
        self.alt_names.contains(name)
    }

    /// The flags, if they are known.
    pub fn flags(&self) -> Option<LinkFlags> {
        self.flags
    }

    /// The hardware address, if there is one and it is known.
    #[doc(alias = "IFLA_ADDRESS")]
    pub fn mac(&self) -> Option<&HardwareAddress> {
        self.mac.as_ref()
    }

    /// The kind, `veth` for instance, if there is one and it is known.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The index of the link it belongs to, a bridge for instance.
    #[doc(alias = "IFLA_MASTER")]
    pub fn master(&self) -> Option<u32> {
        self.master
    }

    /// The type of its hardware, a number of linux/if_arp.h, if it is known.
    #[doc(alias = "ifi_type")]
    pub fn hardware_type(&self) -> Option<u16> {
        self.hardware_type
    }

    /// How often its carrier has come or gone since the link was created, if it is known. If the number is
    /// the same as before, the carrier was there all the time.
    #[doc(alias = "IFLA_CARRIER_CHANGES")]
    pub fn carrier_changes(&self) -> Option<u32> {
        self.carrier_changes
    }

    /// Whether the link is administratively up; `None` if that is not known.
    #[doc(alias = "IFF_UP")]
    pub fn is_up(&self) -> Option<bool> {
        Some(self.flags?.contains(LinkFlags::UP))
    }

    /// Whether this is a loopback link; `None` if that is not known.
    #[doc(alias = "IFF_LOOPBACK")]
    pub fn is_loopback(&self) -> Option<bool> {
        Some(self.flags?.contains(LinkFlags::LOOPBACK))
    }

    /// Whether the link is operational: up, and with a carrier; `None` if that is not known.
    #[doc(alias = "IFF_RUNNING")]
    pub fn is_running(&self) -> Option<bool> {
        Some(self.flags?.contains(LinkFlags::UP | LinkFlags::RUNNING))
    }
}

/// A hardware address (`IFLA_ADDRESS`): six bytes on Ethernet, up to 32 elsewhere.
///
/// ```
/// use bindnet::snapshot::HardwareAddress;
///
/// let mac: HardwareAddress = "00:00:5e:00:01:33".parse()?;
/// assert!(mac.is_vrrp());
/// assert_eq!(mac.to_string(), "00:00:5e:00:01:33");
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[doc(alias = "MAC")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HardwareAddress {
    len: u8,
    bytes: [u8; HardwareAddress::MAX_LEN],
}

impl HardwareAddress {
    /// The most bytes the kernel keeps: `MAX_ADDR_LEN` (linux/netdevice.h).
    pub const MAX_LEN: usize = 32;

    /// A hardware address from its bytes, in the order of the wire.
    ///
    /// # Errors
    /// If there is no byte or more than [`HardwareAddress::MAX_LEN`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::of(bytes).ok_or_else(|| not_hardware_address(&format!("{bytes:02x?}")))
    }

    /// The same, without an error.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut address = [0; Self::MAX_LEN];
        let start = address.get_mut(..bytes.len());
        start.filter(|_| !bytes.is_empty())?.copy_from_slice(bytes);
        Some(Self {
            len: bytes.len() as u8,
            bytes: address,
        })
    }

    /// The bytes, in the order of the wire.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    /// Whether it belongs to a VRRP virtual router, IPv4 or IPv6 (RFC 9568, section 7.3).
    pub fn is_vrrp(&self) -> bool {
        matches!(self.as_bytes(), [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _])
    }
}

impl FromStr for HardwareAddress {
    type Err = ParseError;

    /// Reads pairs of hexadecimal digits with a colon between them.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = || not_hardware_address(text);
        let mut bytes = [0; Self::MAX_LEN];
        let mut len = 0;
        for pair in text.split(':') {
            if pair.len() != 2 || !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(fail());
            }
            let byte = u8::from_str_radix(pair, 16).map_err(|_| fail())?;
            *bytes.get_mut(len).ok_or_else(fail)? = byte;
            len += 1;
        }
        Self::of(bytes.get(..len).unwrap_or_default()).ok_or_else(fail)
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.as_bytes().iter().enumerate() {
            let colon = if i == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Whether a text may name a kernel module.
fn is_kind(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    !text.is_empty() && text.bytes().all(is_plain)
}

fn not_hardware_address(text: &str) -> ParseError {
    let problem =
        "a hardware address is 1 to 32 pairs of hexadecimal digits with colons between them";
    ParseError::new("a hardware address", text, problem)
}
