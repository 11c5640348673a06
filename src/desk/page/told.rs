//! Writing down anew what was told in an oral report.
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
    desk::{account::may_write_account, oral, summary::first_line, write_account},
    domain::id::CaseId,
    seal::{Plaintext, code::Language},
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/act.html")]
struct Writing<'a> {
    t: Texts,
    case: CaseId,
    title: String,
    act: &'static str,
    /// An account answers no request for a talk.
    talk: Option<String>,
    text: &'a Plaintext,
    /// The reporter answers an account; one that is there twice is the same.
    once: &'static str,
    /// An account begins with what stands, in no other language.
    letters: &'static [Language],
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
            let case = refresh(open, &id).await?;
            let items = open.cases.get(&id).map(Vec::as_slice).unwrap_or_default();
            may_write_account(&open.client, &case, items)?;
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
    let page = Writing { t, case, title, act: "account", talk: None, text, once: "", letters: &[], error };
    Ok(view::page(t, status, &t.get("desk-act-account"), &open.client, &page.render().unwrap_or_default()))
}
