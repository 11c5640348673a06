//! What a reporter told and a reader wrote down: it is read here, corrected, and agreed to.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{Notice, Opened, add, hidden, letters::letters, parts::parted, show, written_to};
use crate::{
    domain::{
        day::Day,
        id::{ItemId, ReaderId},
    },
    http::{
        App,
        page::{FieldError, page, problem},
    },
    seal::{
        Author, Kind, OpenedText, Plaintext,
        account::{ACCOUNT_BYTES, Account, Agreed, Standing, standing},
        consent::consent,
    },
    store::StoreError,
    text::Texts,
};

/// The accounts of a case, and what the reporter said of them, oldest first.
#[derive(Default)]
pub(super) struct Accounts {
    told: Vec<Told>,
    agreed: Vec<(ItemId, Day, Agreed)>,
}

/// An account, by whom and when.
struct Told {
    item: ItemId,
    day: Day,
    by: ReaderId,
    account: Account,
}

/// That there is one, as the mailbox shows it.
pub(super) struct Shown {
    pub(super) told: String,
    pub(super) standing: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    t: Texts,
    hidden: String,
    told: String,
    standing: String,
    item: ItemId,
    text: Plaintext,
    error: Option<String>,
    /// It can be read, and not corrected any more.
    closed: bool,
}

impl Accounts {
    /// A reader wrote one.
    pub(super) fn told(&mut self, text: &OpenedText) {
        let head = &text.manifest.head;
        // A longer one than a desk makes would not fit its page.
        let account = consent(&text.body).filter(|account: &Account| account.text.escaped_len() <= ACCOUNT_BYTES);
        if let (Author::Reader(by), Some(account)) = (&head.author, account) {
            self.told.push(Told { item: head.item, day: head.day, by: by.clone(), account });
        }
    }

    /// The reporter agreed with one.
    pub(super) fn agreed(&mut self, text: &OpenedText) {
        let head = &text.manifest.head;
        self.agreed.extend(consent(&text.body).map(|agreed| (head.item, head.day, agreed)));
    }

    /// Whether the newest waits for the reporter's word.
    pub(super) fn waits(&self) -> bool {
        self.told.last().is_some_and(|told| matches!(self.of(told), Standing::Waiting))
    }

    /// As the mailbox shows it.
    pub(super) fn shown(&self, app: &App, t: Texts, opened: &Opened) -> Option<Shown> {
        let newest = self.told.last()?;
        Some(Shown { told: newest.in_words(app, t), standing: self.standing(t, newest, opened.case.state.is_closed()) })
    }

    fn of(&self, told: &Told) -> Standing {
        standing(&told.item, &told.account, self.agreed.iter().map(|(item, _, agreed)| (*item, agreed)))
    }

    fn standing(&self, t: Texts, told: &Told, closed: bool) -> String {
        let (id, item) = match self.of(told) {
            Standing::Waiting => return self.waiting(t, told, closed),
            Standing::Agreed(item) => ("account-agreed", item),
            Standing::Changed(item) => ("account-changed", item),
        };
        let day = self.agreed.iter().find(|(said, _, _)| *said == item).map(|(_, day, _)| t.day(*day));
        t.with(id, &[("day", day.unwrap_or_default())])
    }

    /// That the reporter did not say of an account whether it is right, and of the one before they did.
    fn waiting(&self, t: Texts, told: &Told, closed: bool) -> String {
        let waiting = t.get(if closed { "account-over" } else { "account-waiting" });
        match self.agreed.last() {
            Some((_, agreed, _)) => {
                let days = [("agreed", t.day(*agreed)), ("day", t.day(told.day))];
                format!("{} {waiting}", t.with("account-anew", &days))
            }
            None => waiting,
        }
    }

    /// The newest account: its item, how it was told, and the text that stands now, as the reporter has it if they changed it.
    fn newest(mut self, app: &App, t: Texts) -> Option<(ItemId, String, Plaintext)> {
        let told = self.told.pop()?;
        let said = match self.of(&told) {
            Standing::Changed(item) => self.agreed.into_iter().find(|(said, _, _)| *said == item),
            Standing::Waiting | Standing::Agreed(_) => None,
        };
        let text = said.map(|(_, _, agreed)| agreed.text);
        Some((told.item, told.in_words(app, t), text.unwrap_or(told.account.text)))
    }
}

impl Told {
    fn in_words(&self, app: &App, t: Texts) -> String {
        let reader = app.roster.known(&self.by);
        let name = reader.map_or_else(|| self.by.to_string(), |r| t.pick(&r.shown_as).to_owned());
        let id = format!("account-told-{}", self.account.how.name());
        t.with(&id, &[("name", name), ("day", t.day(self.day))])
    }
}

async fn accounts(app: &App, opened: &Opened) -> Result<Accounts, StoreError> {
    Ok(parted(letters(app, opened).await?).accounts)
}

/// The page on which an account is read, with what was typed on it in the other language.
pub(super) async fn read(app: &App, t: Texts, opened: &Opened, which: Option<ItemId>, text: Plaintext) -> HttpResponse {
    let Ok(accounts) = accounts(app, opened).await else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    let anew = accounts.told.last().is_none_or(|told| Some(told.item) != which);
    let typed = (!text.is_blank()).then(|| (text, anew.then(|| t.get("error-account-new"))));
    asking(app, t, opened, accounts, typed).await
}

/// The page, with the text that stands, or what was typed and perhaps is not right.
async fn asking(
    app: &App,
    t: Texts,
    opened: &Opened,
    accounts: Accounts,
    typed: Option<(Plaintext, Option<String>)>,
) -> HttpResponse {
    let closed = opened.case.state.is_closed();
    let standing = accounts.told.last().map(|told| accounts.standing(t, told, closed)).unwrap_or_default();
    let Some((item, told, text)) = accounts.newest(app, t) else {
        return show(app, t, opened, Notice::NoAccount, 0, None).await;
    };
    let (text, error) = typed.unwrap_or((text, None));
    let errors: Vec<FieldError> = error.iter().map(|text| FieldError { field: "text", text: text.clone() }).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = Page { t, hidden: hidden(app, opened), told, standing, item, text, error, closed };
    page(t, status, &t.get("account-title"), &errors, &body.render().unwrap_or_default())
}

/// The reporter agrees, with the text as it stands on the page.
pub(super) async fn agree(
    app: &App,
    t: Texts,
    opened: &Opened,
    which: Option<ItemId>,
    text: Plaintext,
) -> HttpResponse {
    let (accounts, readers) = match (accounts(app, opened).await, written_to(app, opened).await) {
        (Ok(accounts), Ok(readers)) => (accounts, readers),
        _ => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    };
    let long = text.escaped_len();
    let newest = accounts.told.last().filter(|told| Some(told.item) == which);
    let wrong = if text.is_blank() {
        Some(t.get("error-account"))
    } else if long > ACCOUNT_BYTES {
        Some(t.with("error-long", &[("bytes", long.to_string())]))
    } else if readers.is_empty() {
        Some(t.get("error-no-readers"))
    } else {
        // Somebody wrote it anew while this page was open: what was typed stays, and is looked at again.
        newest.is_none().then(|| t.get("error-account-new"))
    };
    if opened.case.state.is_closed() {
        return show(app, t, opened, Notice::Closed, 0, None).await;
    }
    let (Some(told), None) = (newest, &wrong) else {
        return asking(app, t, opened, accounts, wrong.map(|wrong| (text, Some(wrong)))).await;
    };
    let agreed = Agreed::new(told.item, &told.account, text);
    match add(app, opened, Kind::Agreed, agreed.into_body()).await {
        Ok(()) => show(app, t, opened, Notice::AccountAgreed, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}
