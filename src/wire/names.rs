//! Names as they are read: with `\xNN` in our own format; iproute2 prints any bytes as they are.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::json::Problem;
use super::listed::Collect;
use super::snapshot_json::read;
use crate::snapshot::{AltNames, LinkName, Name, ParseError};

/// A string whose bytes may be anything.
pub(super) struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct BytesVisitor;

        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }

        from.deserialize_bytes(BytesVisitor)
    }
}

/// The alternative names of a link, as iproute2 prints them.
#[derive(Default)]
pub(super) struct AltNamesOfIp(pub AltNames);

impl Collect for AltNamesOfIp {
    type Item = Bytes;

    fn add(&mut self, at: usize, Bytes(bytes): Bytes) -> Result<(), Problem> {
        let name = LinkName::from_bytes(&bytes);
        let name = name.map_err(|error| not_a_name(&bytes, format!("altnames[{at}]"), &error))?;
        self.0.push(&name);
        Ok(())
    }
}

/// The alternative names of a link, as a snapshot has them.
#[derive(Default)]
pub(super) struct AltNamesRead(pub AltNames);

impl Collect for AltNamesRead {
    type Item = String;

    fn add(&mut self, at: usize, name: String) -> Result<(), Problem> {
        self.0.push(&read(&name, || format!("altnames[{at}]"))?);
        Ok(())
    }
}

/// The name of a link, or a label.
pub(super) fn name(bytes: &[u8], path: impl Fn() -> String) -> Result<Name, Problem> {
    Name::from_bytes(bytes).map_err(|error| not_a_name(bytes, path(), &error))
}

fn not_a_name(bytes: &[u8], path: String, error: &ParseError) -> Problem {
    let text = String::from_utf8_lossy(bytes);
    Problem::value(path, format!("{text:?}: {error}"))
}
