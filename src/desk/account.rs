//! The account of an oral report: what a reader wrote down, and whether the reporter agreed. From what is proven alone.
use serde_json::{Value, json};

use super::{
    Client, DeskError, Item, Opened, Sent,
    circle::{proven, story},
    guest,
    open::{Content, entered},
    write::{may_reach, may_send, recipients, send},
};
use crate::{
    api_types::CaseView,
    domain::{
        day::Day,
        id::{CaseId, ItemId, ReaderId},
    },
    seal::{
        Author, Kind, Plaintext,
        account::{ACCOUNT_BYTES, Account, Agreed, Oral, Standing, standing},
    },
};

/// What a desk knows of an oral report.
pub struct OralReport<'a> {
    /// Who entered it, and how it was told. They have had the code.
    pub oral: &'a Oral,
    /// The newest account.
    pub account: Option<Written<'a>>,
}

/// An account, and where it stands.
pub struct Written<'a> {
    /// Its item.
    pub item: ItemId,
    /// The day it was written.
    pub day: Day,
    /// By whom.
    pub by: &'a ReaderId,
    /// Where it stands.
    pub standing: Standing,
    /// The day on which the reporter agreed.
    pub agreed: Option<Day>,
    /// The day on which they agreed last with one that was written before it.
    pub before: Option<Day>,
    /// The text that counts: as the reporter has it, if they changed it.
    pub text: &'a Plaintext,
}

/// What is known of an oral report; `None` when a case is none, or its first item is not this reader's to open.
pub fn oral(items: &[Item]) -> Option<OralReport<'_>> {
    let oral = story(items)?.oral.as_ref()?;
    let newest = proven(items).filter_map(account).last();
    Some(OralReport { oral, account: newest.map(|newest| written(items, newest)) })
}

/// The accounts that are by somebody who did not hear the reporter, and with which the reporter never agreed behind the code.
pub(super) fn unheard(items: &[Item]) -> Vec<ItemId> {
    let Some(oral) = story(items).and_then(|story| story.oral.as_ref()) else { return Vec::new() };
    let counts = |account: &ItemId, by: &ReaderId| {
        *by == oral.by || proven(items).filter_map(agreed).any(|(_, _, agreed)| agreed.account == *account)
    };
    proven(items).filter_map(account).filter(|(item, _, by, _)| !counts(item, by)).map(|(item, ..)| item).collect()
}

/// An account counts by a reader only.
fn account((item, opened): (ItemId, &Opened)) -> Option<(ItemId, Day, &ReaderId, &Account)> {
    let head = &opened.manifest.head;
    match (&head.author, &opened.content) {
        (Author::Reader(by), Content::Account(told)) => Some((item, head.day, by, told)),
        _ => None,
    }
}

/// An agreement counts by the reporter only.
fn agreed((item, opened): (ItemId, &Opened)) -> Option<(ItemId, Day, &Agreed)> {
    let head = &opened.manifest.head;
    let own = head.author == Author::Reporter;
    if let Content::Agreed(agreed) = &opened.content { own.then_some((item, head.day, agreed)) } else { None }
}

fn written<'a>(items: &'a [Item], (item, day, by, told): (ItemId, Day, &'a ReaderId, &'a Account)) -> Written<'a> {
    let said: Vec<(ItemId, Day, &Agreed)> = proven(items).filter_map(agreed).collect();
    let standing = standing(&item, told, said.iter().map(|(item, _, agreed)| (*item, *agreed)));
    let last = match standing {
        Standing::Waiting => None,
        Standing::Agreed(last) | Standing::Changed(last) => said.iter().find(|(item, _, _)| *item == last),
    };
    let changed = last.filter(|_| matches!(standing, Standing::Changed(_)));
    let text = changed.map_or(&told.text, |(_, _, agreed)| &agreed.text);
    let before = said.iter().rfind(|(_, _, agreed)| agreed.account != item).map(|(_, day, _)| *day);
    Written { item, day, by, standing, agreed: last.map(|(_, day, _)| *day), before, text }
}

impl OralReport<'_> {
    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let standing = self.account.as_ref().map(|written| match written.standing {
            Standing::Waiting => "waiting",
            Standing::Agreed(_) => "agreed",
            Standing::Changed(_) => "changed",
        });
        let account = self.account.as_ref();
        json!({ "by": self.oral.by, "how": self.oral.how, "account": account.map(|a| a.item), "standing": standing,
            "agreed_on": account.and_then(|a| a.agreed), "text": account.map(|a| String::from_utf8_lossy(a.text.reveal())) })
    }
}

/// Why a text cannot be an account.
pub(super) fn fits(text: &Plaintext) -> Result<(), DeskError> {
    if text.is_blank() {
        return Err(DeskError::known("desk-error-empty"));
    }
    if text.escaped_len() > ACCOUNT_BYTES { Err(DeskError::known("desk-error-account-long")) } else { Ok(()) }
}

/// Says why this reader can send no account, before anything is typed: only whoever heard the reporter knows what they told.
pub(super) fn may_write_account(client: &Client, case: &CaseView, items: &[Item]) -> Result<(), DeskError> {
    guest::may(client, Kind::Account)?;
    may_send(Kind::Account, case.state)?;
    may_reach(items)?;
    let told = oral(items).ok_or_else(|| DeskError::known("desk-error-not-oral"))?;
    if told.oral.by == client.me.reader { Ok(()) } else { Err(DeskError::known("desk-error-account-unheard")) }
}

/// Writes down anew what was told, for the reporter to read and agree to: after a correction, or when they told more.
pub async fn write_account(client: &Client, id: &CaseId, text: Plaintext) -> Result<Sent, DeskError> {
    fits(&text)?;
    let (case, items) = entered(client, id).await?;
    may_write_account(client, &case, &items)?;
    let how = oral(&items).ok_or_else(|| DeskError::known("desk-error-not-oral"))?.oral.how;
    let to = recipients(client, &case, &items, true)?;
    let body = Account::new(how, text).into_body();
    send(client, (&case, &items), (Kind::Account, None), body, &to).await
}
