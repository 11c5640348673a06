//! What is said of an oral report: how it was told, where the account stands, and that the officer has had the code.
use super::CaseWords;
use crate::{
    desk::oral,
    domain::case::CaseState,
    seal::{
        Plaintext,
        account::{Agreed, Standing},
    },
    text::Texts,
};

/// What is said of it.
pub(in crate::desk) struct Told {
    /// By whom it was entered, and how it was told.
    pub(in crate::desk) told: String,
    /// Whether the signed-in reader heard the reporter, and may write the account anew.
    pub(in crate::desk) mine: bool,
    /// Whether the reporter agreed.
    pub(in crate::desk) standing: String,
    /// That the officer has had the code.
    pub(in crate::desk) code: String,
    /// The same, beside what the reporter wrote.
    pub(in crate::desk) doubt: String,
    /// The same, where consent is asked for.
    pub(in crate::desk) consent: String,
}

impl CaseWords<'_> {
    /// What is said of an oral report; nothing of any other.
    pub(in crate::desk) fn told(&self, state: CaseState) -> Option<Told> {
        let (report, t) = (oral(self.items)?, self.t);
        let by = [("name", self.named(&report.oral.by))];
        let standing = match &report.account {
            None => t.with("told-no-account", &by),
            Some(account) => {
                let id = match account.standing {
                    Standing::Waiting if state.is_closed() => "told-over",
                    Standing::Waiting => "told-waiting",
                    Standing::Agreed(_) => "told-agreed",
                    Standing::Changed(_) => "told-changed",
                };
                let agreed = account.agreed.map(|day| t.day(day)).unwrap_or_default();
                let name = self.named(account.by);
                let stands = t.with(id, &[("name", name), ("day", t.day(account.day)), ("agreed", agreed)]);
                match account.before.filter(|_| account.standing == Standing::Waiting) {
                    Some(day) => format!("{stands} {}", t.with("told-anew", &[("day", t.day(day))])),
                    None => stands,
                }
            }
        };
        Some(Told {
            mine: report.oral.by == self.client.me.reader,
            told: t.with(&format!("told-{}", report.oral.how.name()), &by),
            standing,
            code: t.with("told-code", &by),
            doubt: t.with("told-doubt", &by),
            consent: t.with("told-consent", &by),
        })
    }
}

/// A text that was opened, to be escaped by its template.
pub(in crate::desk) fn words(text: &Plaintext) -> String {
    String::from_utf8_lossy(text.reveal()).into_owned()
}

/// What stands above a text that the reporter agreed with.
pub(in crate::desk) fn agreed_text(t: Texts, agreed: &Agreed) -> String {
    t.get(if agreed.changed { "told-with-changes" } else { "told-unchanged" })
}
