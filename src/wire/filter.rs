//! Packet filters for the kernel (classic BPF: linux/filter.h, and Documentation/networking/filter
//! of the kernel).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ndisc::{NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NEXT_HEADER_ICMPV6};

/// An instruction (`struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub code: u16,
    /// How many instructions to skip if the condition holds.
    pub jt: u8,
    /// How many if not.
    pub jf: u8,
    pub k: u32,
}

// linux/bpf_common.h
const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const LOAD_BYTE: u16 = 0x30; // BPF_LD | BPF_B | BPF_ABS
const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_IF_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

// linux/filter.h: SKF_AD_OFF + SKF_AD_PKTTYPE, the packet type.
const PACKET_TYPE: u32 = -0x1000_i32 as u32 + 4;
// linux/if_packet.h: greater types are frames for other hosts, those of other VLANs among them, and our
// own outgoing ones.
const PACKET_MULTICAST: u32 = 2;

// Offsets of fields: see `arp` and `ndisc`.
const ARP_SENDER: u32 = 14;
const ARP_TARGET: u32 = 24;
const IPV6_NEXT_HEADER: u32 = 6;
const IPV6_SOURCE: u32 = 8;
const ICMPV6_TYPE: u32 = 40;
const ND_TARGET: u32 = 48;

/// A filter that accepts the packets that may concern an address: whole, without their Ethernet header.
pub(crate) fn about(ip: IpAddr) -> Vec<Instruction> {
    let mut program = Program::default();
    program.step(LOAD_BYTE, PACKET_TYPE);
    program.refuse_if(JUMP_IF_GREATER, PACKET_MULTICAST);
    match ip {
        IpAddr::V4(ip) => program.arp(ip),
        IpAddr::V6(ip) => program.ndisc(ip),
    }
    program.finish()
}

/// A program whose jumps to its end are not counted yet.
#[derive(Default)]
struct Program(Vec<Step>);

struct Step {
    code: u16,
    k: u32,
    holds: Then,
    fails: Then,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Skip so many.
    Skip(u8),
    Accept,
    Refuse,
}

const NEXT: Then = Then::Skip(0);

impl Program {
    fn step(&mut self, code: u16, k: u32) {
        self.jump(code, k, NEXT, NEXT);
    }

    fn jump(&mut self, code: u16, k: u32, holds: Then, fails: Then) {
        self.0.push(Step {
            code,
            k,
            holds,
            fails,
        });
    }

    fn refuse_if(&mut self, code: u16, k: u32) {
        self.jump(code, k, Then::Refuse, NEXT);
    }

    /// From the address; or from 0.0.0.0, about it.
    fn arp(&mut self, ip: Ipv4Addr) {
        let ip = ip.to_bits();
        self.step(LOAD_WORD, ARP_SENDER);
        self.jump(JUMP_IF_EQUAL, ip, Then::Accept, NEXT);
        self.jump(JUMP_IF_EQUAL, 0, NEXT, Then::Refuse);
        self.step(LOAD_WORD, ARP_TARGET);
        self.jump(JUMP_IF_EQUAL, ip, Then::Accept, Then::Refuse);
    }

    /// A solicitation or an advertisement that is about the address; or a solicitation from it.
    fn ndisc(&mut self, ip: Ipv6Addr) {
        self.step(LOAD_BYTE, IPV6_NEXT_HEADER);
        self.jump(JUMP_IF_EQUAL, NEXT_HEADER_ICMPV6.into(), NEXT, Then::Refuse);
        self.step(LOAD_BYTE, ICMPV6_TYPE);
        self.jump(
            JUMP_IF_EQUAL,
            NEIGHBOR_ADVERTISEMENT.into(),
            Then::Skip(9),
            NEXT,
        );
        self.jump(
            JUMP_IF_EQUAL,
            NEIGHBOR_SOLICITATION.into(),
            NEXT,
            Then::Refuse,
        );
        // Up to eight steps. If a word of the source differs, the target is compared.
        self.words_at(IPV6_SOURCE, ip, |left| Then::Skip(2 * left));
        self.words_at(ND_TARGET, ip, |_| Then::Refuse);
    }

    /// Accepts if the address is there; `fails` gets the number of words that remain to compare.
    fn words_at(&mut self, at: u32, ip: Ipv6Addr, fails: impl Fn(u8) -> Then) {
        let bits = ip.to_bits();
        for word in 0..4u8 {
            let left = 3 - word;
            self.step(LOAD_WORD, at + 4 * u32::from(word));
            let holds = if left == 0 { Then::Accept } else { NEXT };
            let k = (bits >> (32 * u32::from(left))) as u32;
            self.jump(JUMP_IF_EQUAL, k, holds, fails(left));
        }
    }

    /// The instructions, with the two returns behind them.
    fn finish(self) -> Vec<Instruction> {
        let len = self.0.len();
        let mut program: Vec<_> = self
            .0
            .into_iter()
            .enumerate()
            .map(|(at, step)| {
                // The longest program has some 25 steps.
                let left = (len - at - 1) as u8;
                let count = |then| match then {
                    Then::Skip(skip) => skip,
                    Then::Accept => left,
                    Then::Refuse => left + 1,
                };
                Instruction {
                    code: step.code,
                    jt: count(step.holds),
                    jf: count(step.fails),
                    k: step.k,
                }
            })
            .collect();
        for k in [u32::MAX, 0] {
            program.push(Instruction {
                code: RETURN,
                jt: 0,
                jf: 0,
                k,
            });
        }
        program
    }
}

#[cfg(all(test, feature = "proptest"))]
#[path = "filter_tests.rs"]
mod tests;
