//! Files as text: reading, parsing, and the line a mistake stands in.
use std::{fmt::Display, fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

use super::Files;
use crate::domain::{
    roster::RosterError,
    roster_check::{Finding, VERSION},
};

/// A mistake in a file.
pub(super) fn wrong(file: &str, problem: impl Display) -> RosterError {
    RosterError { file: file.to_owned(), problem: problem.to_string() }
}

/// A file and its signatures; no signatures are an empty text.
pub(super) fn read_signed(folder: &Path, name: &str) -> Result<(Vec<u8>, String), RosterError> {
    let read = |name: &str| fs::read(folder.join(name));
    let bytes = read(name).map_err(|e| wrong(&folder.join(name).display().to_string(), e))?;
    let sig_name = format!("{name}.sig");
    match read(&sig_name) {
        Ok(sigs) => Ok((bytes, String::from_utf8_lossy(&sigs).into_owned())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok((bytes, String::new())),
        Err(e) => Err(wrong(&folder.join(sig_name).display().to_string(), e)),
    }
}

#[derive(Deserialize)]
struct Versioned {
    head: Option<VersionedHead>,
}

#[derive(Deserialize)]
struct VersionedHead {
    version: Option<i64>,
}

/// Parses a file strictly. Its version is looked at first: a later one may have fields that this program does not know.
pub(super) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, RosterError> {
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(name, "is not UTF-8 text; save it as UTF-8"))?;
    let version = toml::from_str::<Versioned>(text).ok().and_then(|v| v.head).and_then(|h| h.version);
    match version {
        Some(v) if v != i64::from(VERSION) => {
            Err(wrong(name, format!("has format version {v}, which this program does not know; use a newer program")))
        }
        _ => toml::from_str(text).map_err(|e| located(name, text, &e)),
    }
}

/// A TOML mistake with its line.
pub(super) fn located(name: &str, text: &str, error: &toml::de::Error) -> RosterError {
    let line = error.span().map(|span| 1 + text.bytes().take(span.start).filter(|b| *b == b'\n').count());
    let message = error.message().replace('\n', " ");
    match line {
        Some(line) => wrong(name, format!("line {line}: {message}")),
        None => wrong(name, message),
    }
}

/// The line a finding is about: the last one that holds what it names, without spaces.
pub(super) fn line_of(files: &Files, finding: &Finding) -> Option<usize> {
    let text = std::str::from_utf8(files.bytes(&finding.file)?).ok()?;
    let holds = |line: &str| line.split_whitespace().collect::<String>().contains(&finding.about);
    let last = text.lines().enumerate().filter(|(_, line)| holds(line)).last();
    last.filter(|_| !finding.about.is_empty()).map(|(n, _)| n + 1)
}

/// A finding's problem, with its line in front.
pub(super) fn placed(files: &Files, finding: &Finding) -> String {
    match line_of(files, finding) {
        Some(line) => format!("line {line}: {}", finding.problem),
        None => finding.problem.clone(),
    }
}

/// Bytes that are text, exactly: a hash is taken over them.
pub(super) mod exact {
    use serde::{Deserialize, Deserializer, Serializer, ser::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(std::str::from_utf8(bytes).map_err(S::Error::custom)?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(from).map(String::into_bytes)
    }
}

/// Pairs of such bytes and their signatures.
pub(super) mod exact_pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer, ser::Error};

    use crate::domain::id::OrgId;

    type Pairs = BTreeMap<OrgId, (Vec<u8>, String)>;

    pub(crate) fn serialize<S: Serializer>(pairs: &Pairs, to: S) -> Result<S::Ok, S::Error> {
        let text = |bytes| std::str::from_utf8(bytes).map_err(S::Error::custom);
        let all: Result<Vec<_>, _> = pairs.iter().map(|(id, (b, sigs))| Ok((id, (text(b)?, sigs)))).collect();
        to.collect_map(all?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pairs, D::Error> {
        let all = BTreeMap::<OrgId, (String, String)>::deserialize(from)?;
        Ok(all.into_iter().map(|(id, (text, sigs))| (id, (text.into_bytes(), sigs))).collect())
    }
}
