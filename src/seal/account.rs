//! What the items of an oral report hold, as JSON version 1: that it was told, the account that an officer wrote down, and that the
//! reporter agreed (Wbk art. 2a and 2b; Directive 2019/1937 art. 18).
//!
//! An account is signed by the reader who wrote it, the agreement with the reporter's key. Whoever entered the report has had the code:
//! a signature with that key cannot show that it was not them.
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Kind, Plaintext, code::RoomKeys, consent::ConsentBody};
use crate::domain::{
    id::{CaseId, ItemId, ReaderId},
    oral::How,
};

const VERSION: u8 = 1;
/// Escaped bytes of an account: it stands once on a page.
pub const ACCOUNT_BYTES: usize = 40 << 10;
/// No item's signature begins like this.
const LABEL: &[u8] = b"meldkluis/oral/item/v1\0";

/// That a report was told, not written by the reporter.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Oral {
    /// Who entered it, and has had the code.
    pub by: ReaderId,
    /// How it was told.
    pub how: How,
}

/// What was told, as it was written down.
#[derive(Deserialize)]
pub struct Account {
    v: u8,
    /// How it was told.
    pub how: How,
    /// The account.
    pub text: Plaintext,
}

#[derive(Serialize)]
struct AccountBody<'a> {
    v: u8,
    how: How,
    text: &'a str,
}

impl Account {
    /// An account of a report that was told like this.
    pub fn new(how: How, text: Plaintext) -> Self {
        Self { v: VERSION, how, text }
    }

    /// The body of its item. Text that is not UTF-8 loses the bytes that are not.
    pub fn into_body(self) -> Plaintext {
        let text = Zeroizing::new(String::from_utf8_lossy(self.text.bytes()).into_owned());
        Plaintext::of_json(&AccountBody { v: self.v, how: self.how, text: &text })
    }
}

/// The reporter agrees with an account. A later one counts before an earlier one.
#[derive(Deserialize)]
pub struct Agreed {
    v: u8,
    /// The item of the account.
    pub account: ItemId,
    /// Whether the reporter changed it first.
    pub changed: bool,
    /// The text they agree with.
    pub text: Plaintext,
}

#[derive(Serialize)]
struct AgreedBody<'a> {
    v: u8,
    account: ItemId,
    changed: bool,
    text: &'a str,
}

impl Agreed {
    /// Agrees with an account in this form of it.
    pub fn new(account: ItemId, told: &Account, text: Plaintext) -> Self {
        Self { v: VERSION, account, changed: !same_text(&told.text, &text), text }
    }

    /// The body of its item. Text that is not UTF-8 loses the bytes that are not.
    pub fn into_body(self) -> Plaintext {
        let text = Zeroizing::new(String::from_utf8_lossy(self.text.bytes()).into_owned());
        Plaintext::of_json(&AgreedBody { v: self.v, account: self.account, changed: self.changed, text: &text })
    }
}

impl ConsentBody for Account {
    fn version(&self) -> u8 {
        self.v
    }
}

impl ConsentBody for Agreed {
    fn version(&self) -> u8 {
        self.v
    }
}

/// Whether two texts are the same but for line ends and what surrounds them: a browser changes those.
pub fn same_text(one: &Plaintext, other: &Plaintext) -> bool {
    let plain = |text: &Plaintext| -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.bytes().trim_ascii().iter().copied().filter(|b| *b != b'\r').collect())
    };
    plain(one) == plain(other)
}

/// The id of an item of an oral report: the same whenever the same is sent again with the same code, random to whoever lacks the code.
pub fn item_id(keys: &RoomKeys, case: &CaseId, kind: Kind, body: &Plaintext) -> ItemId {
    let kind = serde_json::to_vec(&kind).unwrap_or_default();
    let signature = keys.signer.sign(&[LABEL, case.as_bytes(), &Sha256::digest(body.bytes()), &kind].concat());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(Sha256::digest(signature)).for_each(|(byte, hash)| *byte = hash);
    ItemId::from_uuid(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// Who entered an oral report: the author of the account whose id only the code and its text give. `None` when that account is missing.
pub fn heard_by<'a>(
    keys: &RoomKeys,
    case: &CaseId,
    accounts: impl IntoIterator<Item = (&'a ItemId, &'a ReaderId, &'a Plaintext)>,
) -> Option<&'a ReaderId> {
    let mut accounts = accounts.into_iter();
    accounts.find(|(item, _, body)| **item == item_id(keys, case, Kind::Account, body)).map(|(_, by, _)| by)
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The reporter has not agreed yet.
    Waiting,
    /// Agreed in this item, as it was written down.
    Agreed(ItemId),
    /// Agreed in this item, with changes.
    Changed(ItemId),
}

/// Where an account stands, from what the reporter said, the oldest first.
pub fn standing<'a>(
    account: &ItemId,
    told: &Account,
    agreed: impl IntoIterator<Item = (ItemId, &'a Agreed)>,
) -> Standing {
    let last = agreed.into_iter().filter(|(_, agreed)| agreed.account == *account).last();
    match last {
        None => Standing::Waiting,
        Some((item, agreed)) if agreed.changed || !same_text(&told.text, &agreed.text) => Standing::Changed(item),
        Some((item, _)) => Standing::Agreed(item),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::id::InstanceId,
        seal::{
            code::Code,
            consent::{Answer, consent},
        },
    };

    fn id(n: u128) -> ItemId {
        ItemId::from_uuid(Uuid::from_u128(n))
    }

    fn text(text: &str) -> Plaintext {
        Plaintext::from(text.to_owned())
    }

    #[test]
    fn the_last_word_of_the_reporter_on_this_account_counts() {
        let told = Account::new(How::Phone, text("Regel een\nregel twee"));
        let same = Agreed::new(id(1), &told, text("Regel een\r\nregel twee\r\n"));
        let changed = Agreed::new(id(1), &told, text("Regel een, maar anders"));
        let other = Agreed::new(id(2), &told, text("Regel een\nregel twee"));
        assert_eq!(standing(&id(1), &told, []), Standing::Waiting);
        assert_eq!(standing(&id(1), &told, [(id(9), &other)]), Standing::Waiting);
        assert_eq!(standing(&id(1), &told, [(id(8), &changed), (id(9), &same)]), Standing::Agreed(id(9)));
        assert_eq!(standing(&id(1), &told, [(id(8), &same), (id(9), &changed)]), Standing::Changed(id(9)));
        // Who says that nothing was changed is not believed.
        let lie = Agreed { changed: false, ..changed };
        assert_eq!(standing(&id(1), &told, [(id(9), &lie)]), Standing::Changed(id(9)));
    }

    #[test]
    fn bodies_come_back_and_pass_for_nothing_else() {
        let told = Account::new(How::InPerson, text("Zij zei: \"nee\""));
        let agreed = Agreed::new(id(1), &told, text("Zij zei: \"ja\"")).into_body();
        let told = told.into_body();
        let read: Option<Account> = consent(&told);
        assert!(read.is_some_and(|a| a.how == How::InPerson && a.text.bytes() == b"Zij zei: \"nee\""));
        let read: Option<Agreed> = consent(&agreed);
        assert!(read.is_some_and(|a| a.changed && a.account == id(1)));
        assert!(consent::<Answer>(&agreed).is_none() && consent::<Agreed>(&told).is_none());
    }

    #[test]
    fn an_item_has_the_same_id_with_the_same_code_and_text_only() {
        let instance = InstanceId::from_uuid(Uuid::from_u128(7));
        let of = |code: u8, kind, said: &str| {
            let keys = Code::from_bits([code; 16]).keys(&instance, 1);
            item_id(&keys, &keys.public().case(&instance), kind, &text(said))
        };
        assert_eq!(of(1, Kind::Report, "a"), of(1, Kind::Report, "a"));
        let others = [of(2, Kind::Report, "a"), of(1, Kind::Account, "a"), of(1, Kind::Report, "b")];
        assert!(others.iter().all(|other| *other != of(1, Kind::Report, "a")));
    }
}
