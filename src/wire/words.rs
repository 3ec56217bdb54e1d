//! Flags as words.

use std::net::IpAddr;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::json::Problem;
use crate::snapshot::AddressFlags;

pub(super) type Words = [(u32, &'static str)];

/// The words for the flags of an address: bit 0x01 is `temporary` on IPv6.
pub(super) fn address_words(ip: IpAddr) -> &'static Words {
    const V6: [(u32, &str); AddressFlags::WORDS.len()] = {
        let mut words = [(0, ""); AddressFlags::WORDS.len()];
        words.copy_from_slice(AddressFlags::WORDS);
        words[0].1 = "temporary";
        words
    };
    if ip.is_ipv6() {
        &V6
    } else {
        AddressFlags::WORDS
    }
}

/// The words for bits, in ascending order; an unknown bit is `0x…`.
pub(super) fn words(bits: u32, words: &Words) -> Vec<String> {
    (0..u32::BITS)
        .map(|shift| bits & 1 << shift)
        .filter(|bit| *bit != 0)
        .map(|bit| match words.iter().find(|(known, _)| *known == bit) {
            Some((_, word)) => (*word).to_owned(),
            None => format!("{bit:#x}"),
        })
        .collect()
}

/// The bits for words.
pub(super) fn bits(
    flags: &[String],
    words: &Words,
    path: impl Fn() -> String,
) -> Result<u32, Problem> {
    let mut bits = 0;
    for (at, flag) in flags.iter().enumerate() {
        let known = words
            .iter()
            .find(|(_, word)| word == flag)
            .map(|(bit, _)| *bit);
        let hex = || u32::from_str_radix(flag.strip_prefix("0x")?, 16).ok();
        bits |= known.or_else(hex).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(_, word)| *word).collect();
            let problem = format!(
                "{flag:?}: no such flag; known are {} and 0x…",
                known.join(", ")
            );
            Problem::value(format!("{}[{at}]", path()), problem)
        })?;
    }
    Ok(bits)
}

/// Words of a set of 32 bits: there are no more, and no more are read.
pub(super) fn few<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    struct FewVisitor;

    impl<'de> Visitor<'de> for FewVisitor {
        type Value = Option<Vec<String>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of flags")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut words = Vec::new();
            while let Some(word) = seq.next_element()? {
                if words.len() == 64 {
                    return Err(A::Error::custom("more flags than there are"));
                }
                words.push(word);
            }
            Ok(Some(words))
        }
    }

    from.deserialize_any(FewVisitor)
}
