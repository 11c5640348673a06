//! What commands name: cases and items by their number, whole or as many of its first characters as name one alone, and readers.
use std::fmt::Display;

use super::{Client, DeskError};
use crate::domain::id::{CaseId, ItemId, ReaderId};

/// What pages and lists show of a number.
pub(super) const SHOWN: usize = 8;

/// The case that a command names: one of the reader's, or of the coordinator's overview.
pub(super) async fn case_id(client: &Client, text: &str) -> Result<CaseId, DeskError> {
    if let Some(id) = CaseId::parse(text) {
        return Ok(id);
    }
    let text = beginning(text, "a case is named by its number, as `inbox` or `overview` shows it")?;
    let all: Vec<CaseId> = if client.reads().is_ok() {
        client.inbox().await?.iter().map(|case| case.case).collect()
    } else {
        client.overview().await?.cases.iter().map(|case| case.case).collect()
    };
    only(&all, &text, "case of yours")
}

/// The item of a case that a command names.
pub(super) async fn item_id(client: &Client, case: &CaseId, text: &str) -> Result<ItemId, DeskError> {
    if let Some(id) = ItemId::parse(text) {
        return Ok(id);
    }
    let text = beginning(text, "an item is named by its number, as `read` shows it")?;
    only(&client.case(case).await?.items, &text, "item of this case")
}

/// Several items of a case.
pub(super) async fn item_ids(client: &Client, case: &CaseId, texts: &[String]) -> Result<Vec<ItemId>, DeskError> {
    let mut all = Vec::new();
    for text in texts {
        all.push(item_id(client, case, text).await?);
    }
    Ok(all)
}

/// A reader's name in the roster, and what it was given for.
pub(super) fn reader_id(field: &str, text: &str) -> Result<ReaderId, DeskError> {
    let wrong = || DeskError::new(format!("{field}: “{text}” was given; {}", DeskError::known("desk-error-name")));
    ReaderId::parse(text).ok_or_else(wrong)
}

/// Whether this may be a number or the beginning of one.
pub(super) fn is_number(text: &str) -> bool {
    text.len() >= SHOWN && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

fn beginning(text: &str, how: &str) -> Result<String, DeskError> {
    if is_number(text) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(DeskError::new(format!("{how}: the whole number, or {SHOWN} or more of its first characters")))
}

/// The one of all that begins so.
fn only<Id: Display + Copy>(all: &[Id], text: &str, what: &str) -> Result<Id, DeskError> {
    let named: Vec<Id> = all.iter().filter(|id| id.to_string().starts_with(text)).copied().collect();
    match named.as_slice() {
        [one] => Ok(*one),
        [] => Err(DeskError::new(format!("no {what} begins with {text}"))),
        _ => {
            let all: Vec<String> = named.iter().map(ToString::to_string).collect();
            Err(DeskError::new(format!("more than one {what} begins with {text}; name one whole: {}", all.join(", "))))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_beginning_names_what_it_names_alone() {
        let id = |n: u128| CaseId::from_uuid(Uuid::from_u128(n));
        let all = [id(0x1234_5678_aaaa << 80), id(0x1234_5678_bbbb << 80), id(0xffff_5678_bbbb << 80)];
        let named = |text: &str| only(&all, text, "case of yours").map_err(|e| e.to_string());
        assert_eq!(named("ffff5678"), Ok(all[2]));
        assert_eq!(named("12345678-b"), Ok(all[1]));
        let two = named("12345678").unwrap_err();
        assert!(two.contains(&all[0].to_string()) && two.contains(&all[1].to_string()), "{two}");
        assert!(named("00000000").unwrap_err().contains("no case of yours begins with 00000000"));
        for text in ["1234567", "zzzzzzzz", "", "bzk-functionaris-2"] {
            assert!(beginning(text, "a case").is_err(), "{text}");
        }
        assert_eq!(beginning("FFFF5678", "").unwrap(), "ffff5678");
    }
}
