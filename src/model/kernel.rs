//! The differences between kernels, and between their settings.

/// The differences between kernels, and between the settings of distributions.
///
/// Two differences are left out. Kernels before 5.18 have no `IFA_PROTO`: `::1` has none there.
/// Before commit ac28b1ec6135 ("net: ipv4: fix one memleak in __inet_del_ifa()"), of 6.6 and in the
/// stable series since September 2023, a secondary that replaces a primary may come after
/// the first address of the link instead, or be lost from the list. The release of a kernel does
/// not show whether it has the fix.
///
/// ```
/// use bindnet::model::Kernel;
///
/// let systemd = Kernel::default().promote_secondaries(true);
/// assert_ne!(systemd, Kernel::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Kernel {
    pub(super) links_by_hash: bool,
    pub(super) renames_while_up: bool,
    pub(super) promote_secondaries: bool,
}

impl Default for Kernel {
    /// Linux 6.9 or later, with its default settings.
    fn default() -> Self {
        Self {
            links_by_hash: false,
            renames_while_up: true,
            promote_secondaries: false,
        }
    }
}

impl Kernel {
    /// A kernel of this release, as uname(2) names it: `6.1.0-18-amd64` for instance. One that
    /// does not begin with two numbers is taken for a recent one.
    ///
    /// ```
    /// use bindnet::model::Kernel;
    ///
    /// let debian_12 = Kernel::of_release("6.1.0-18-amd64");
    /// assert_eq!(debian_12, Kernel::default().links_by_hash(true).renames_while_up(false));
    /// assert_eq!(Kernel::of_release("6.12.3"), Kernel::default());
    /// ```
    pub fn of_release(release: &str) -> Self {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        let mut next = || numbers.next().and_then(|number| number.parse().ok());
        let version: Option<(u32, u32)> = next().zip(next());
        let before = |other| version.is_some_and(|version| version < other);
        Self::default()
            .links_by_hash(before((6, 9)))
            .renames_while_up(!before((6, 2)))
    }

    /// Lists links by `index & 255` instead of by their index, as kernels before 6.9 do. If that is
    /// the same, the latest comes first.
    ///
    /// They walk the hash table `dev_index_head`; since 6.9 (commit 9cc4cc329d30, "ipv6: use
    /// xa_array iterator to implement inet6_dump_addr()"; cdb2f80f1c10 for IPv4, 3e41af90767d for
    /// links) they walk an array by index.
    pub fn links_by_hash(mut self, so: bool) -> Self {
        self.links_by_hash = so;
        self
    }

    /// Renames a link that is up, as Linux does since 6.2 (commit bd039b5ea2a9, "net/core: Allow
    /// live renaming when an interface is up"); before, `EBUSY`.
    pub fn renames_while_up(mut self, so: bool) -> Self {
        self.renames_while_up = so;
        self
    }

    /// The setting of a new link: whether a secondary address replaces its primary when that is
    /// deleted. The kernel's own default is no, systemd's is yes.
    #[doc(alias = "net.ipv4.conf.default.promote_secondaries")]
    pub fn promote_secondaries(mut self, so: bool) -> Self {
        self.promote_secondaries = so;
        self
    }
}
