//! What every page says of an oral report: how it was told, where the account stands, and that the officer has had the code.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{Answer, MaybeForm, answer, case_of, fields},
    case::refresh,
    language::only_shown,
    lock::{Unlocked, take},
    view,
};
use crate::{
    desk::{Item, oral, summary::first_line, write_account},
    domain::id::{CaseId, ReaderId},
    seal::{
        Plaintext,
        account::{Agreed, Standing},
    },
    text::Texts,
};

/// What is said of it.
pub(super) struct Told {
    /// By whom it was entered, and how it was told.
    pub(super) told: String,
    /// Whether the reporter agreed.
    pub(super) standing: String,
    /// That the officer has had the code.
    pub(super) code: String,
    /// The same, beside what the reporter wrote.
    pub(super) doubt: String,
    /// The same, where consent is asked for.
    pub(super) consent: String,
}

/// What is said of an oral report; nothing of any other.
pub(super) fn told(open: &Unlocked, t: Texts, items: &[Item]) -> Option<Told> {
    let report = oral(items)?;
    let by = [("name", named(open, t, &report.oral.by))];
    let standing = match &report.account {
        None => t.get("told-no-account"),
        Some(account) => {
            let id = match account.standing {
                Standing::Waiting => "told-waiting",
                Standing::Agreed(_) => "told-agreed",
                Standing::Changed(_) => "told-changed",
            };
            let agreed = account.agreed.map(|day| t.day(day)).unwrap_or_default();
            let name = named(open, t, account.by);
            t.with(id, &[("name", name), ("day", t.day(account.day)), ("agreed", agreed)])
        }
    };
    Some(Told {
        told: t.with(&format!("told-{}", report.oral.how.name()), &by),
        standing,
        code: t.with("told-code", &by),
        doubt: t.with("told-doubt", &by),
        consent: t.with("told-consent", &by),
    })
}

fn named(open: &Unlocked, t: Texts, id: &ReaderId) -> String {
    open.client.roster.reader(id).map_or_else(|| id.to_string(), |r| t.pick(&r.shown_as).to_owned())
}

/// A text that was opened, to be escaped by its template.
pub(super) fn words(text: &Plaintext) -> String {
    String::from_utf8_lossy(text.reveal()).into_owned()
}

/// What stands above a text that the reporter agreed with.
pub(super) fn agreed_text(t: Texts, agreed: &Agreed) -> String {
    t.get(if agreed.changed { "told-with-changes" } else { "told-unchanged" })
}

#[derive(Template)]
#[template(path = "desk/act.html")]
struct Writing<'a> {
    t: Texts,
    case: CaseId,
    title: String,
    act: &'static str,
    text: &'a Plaintext,
    error: Option<String>,
}

/// The page on which an account is written anew, beginning with the text that stands.
pub(super) async fn account(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let id = case_of(&path.1)?;
        let Some(text) = take(&mut sent, "text") else {
            refresh(open, &id).await?;
            let items = open.cases.get(&id).map(Vec::as_slice).unwrap_or_default();
            let stands = oral(items).and_then(|report| report.account);
            let text = stands.map(|account| Plaintext::from(account.text.reveal().to_vec())).unwrap_or_default();
            return writing(open, t, id, &text, None);
        };
        let kept = Plaintext::from(text.reveal().to_vec());
        if only_shown(&sent) {
            return writing(open, t, id, &kept, None);
        }
        match write_account(&open.client, &id, text).await {
            Ok(_) => Ok(view::see_other(&format!("/{}/case/{id}", t.lang()))),
            Err(error) => writing(open, t, id, &kept, Some(error.in_words(t))),
        }
    })
    .await
}

fn writing(open: &Unlocked, t: Texts, case: CaseId, text: &Plaintext, error: Option<String>) -> Answer {
    let items = open.cases.get(&case).map(Vec::as_slice).unwrap_or_default();
    let title = first_line(items).unwrap_or_else(|| t.get("desk-to-case"));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Writing { t, case, title, act: "account", text, error };
    Ok(view::page(t, status, &t.get("desk-act-account"), &open.client, &page.render().unwrap_or_default()))
}
