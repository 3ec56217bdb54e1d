//! What differs between kernels, and between their settings.

/// What differs between kernels, and between the settings that a distribution gives them.
///
/// ```
/// use bindnet::testing::model::Kernel;
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
    /// Linux 6.9 or later, with the settings that it comes with.
    fn default() -> Self {
        Self {
            links_by_hash: false,
            renames_while_up: true,
            promote_secondaries: false,
        }
    }
}

impl Kernel {
    /// Lists links by `index & 255`, the latest first where that is the same, and not by their
    /// index, as kernels before 6.9 do (`dev_index_head` in net/core/dev.c).
    pub fn links_by_hash(mut self, so: bool) -> Self {
        self.links_by_hash = so;
        self
    }

    /// Renames a link that is up, as Linux does since 6.2 (`dev_change_name` in net/core/dev.c).
    pub fn renames_while_up(mut self, so: bool) -> Self {
        self.renames_while_up = so;
        self
    }

    /// What a link begins with: whether a secondary address takes the place of its primary when
    /// that is deleted. The kernel's own default is no, systemd's is yes.
    #[doc(alias = "net.ipv4.conf.default.promote_secondaries")]
    pub fn promote_secondaries(mut self, so: bool) -> Self {
        self.promote_secondaries = so;
        self
    }
}
