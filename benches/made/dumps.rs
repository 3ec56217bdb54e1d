//! Dumps of [`COUNT`] addresses, made without a kernel.

#[path = "../../tests/support/bytes/netlink.rs"]
#[allow(dead_code)]
mod build;

use build::*;

/// How many addresses a dump has.
pub const COUNT: u32 = 1_000;
/// `IFA_BROADCAST`, which is of no concern here and which every dump has.
const IFA_BROADCAST: u16 = 4;

/// As the kernel sends them: attributes and their order are those of inet_fill_ifaddr().
pub fn v4() -> Vec<u8> {
    let one = |at: u32| {
        let ip = (0x0a00_0000 + at).to_be_bytes();
        let attributes = [
            attribute(IFA_ADDRESS, &ip),
            attribute(IFA_LOCAL, &ip),
            attribute(IFA_BROADCAST, &[10, 0, 255, 255]),
            attribute(IFA_LABEL, &text("eth0")),
            attribute(IFA_FLAGS, &0x80u32.to_ne_bytes()),
            attribute(IFA_CACHEINFO, &[0xff; 16]),
        ];
        let body = address_body([AF_INET, 16, 0x80, 0], 2, &attributes);
        message(RTM_NEWADDR, NLM_F_MULTI, &body)
    };
    dump(one)
}

/// As inet6_fill_ifaddr() sends them.
pub fn v6() -> Vec<u8> {
    let one = |at: u32| {
        let ip = (0xfd00 << 112 | u128::from(at)).to_be_bytes();
        let attributes = [
            attribute(IFA_ADDRESS, &ip),
            attribute(IFA_CACHEINFO, &[0xff; 16]),
            attribute(IFA_FLAGS, &0x80u32.to_ne_bytes()),
        ];
        let body = address_body([AF_INET6, 64, 0x80, 0], 2, &attributes);
        message(RTM_NEWADDR, NLM_F_MULTI, &body)
    };
    dump(one)
}

fn dump(one: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..COUNT).flat_map(one).collect();
    bytes.extend(message(NLMSG_DONE, NLM_F_MULTI, &0i32.to_ne_bytes()));
    bytes
}
