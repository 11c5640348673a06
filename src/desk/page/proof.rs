//! Passing on what goes with a report that advice became, and checking a proof of filing.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{MaybeForm, answer, case_of, fields},
    case::refresh,
    language::only_shown,
    readers::{chosen, typed},
    view,
};
use crate::{
    desk::{Filing, check_proof, pass_on},
    domain::id::CaseId,
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/proof.html")]
struct Proof {
    t: Texts,
    case: CaseId,
    proof: String,
    /// What a proof that fits says.
    said: Vec<String>,
    error: Option<String>,
}

/// Passes on.
pub(super) async fn pass_on_now(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        let id = case_of(&path.1)?;
        if chosen(&sent, "do").is_some() {
            pass_on::pass_on(&open.client, &id).await?;
        } else {
            // A page that is only looked at does nothing.
            let case = refresh(open, &id).await?;
            pass_on::possible(&open.client, &case, open.cases.get(&id).map(Vec::as_slice).unwrap_or_default())?;
        }
        Ok(view::see_other(&format!("/{}/case/{id}", t.lang())))
    })
    .await
}

/// A field for the proof, and what it comes to.
pub(super) async fn check(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        let (id, proof) = (case_of(&path.1)?, typed(&sent, "proof"));
        let (said, error) = if sent.is_empty() || only_shown(&sent) {
            (Vec::new(), None)
        } else {
            match check_proof(&open.client, &id, &proof).await {
                Ok(filing) => (fits(t, &filing, |by| open.words(t, &id).person(by)), None),
                Err(error) => (Vec::new(), Some(error.in_words(t))),
            }
        };
        let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let page = Proof { t, case: id, proof, said, error };
        Ok(view::page(t, status, &t.get("desk-act-proof"), &open.client, &page.render().unwrap_or_default()))
    })
    .await
}

fn fits(t: Texts, filing: &Filing, name: impl Fn(&crate::domain::id::ReaderId) -> String) -> Vec<String> {
    let mut said = vec![t.with("desk-proof-fits", &[("day", t.day(filing.filed))])];
    let confirmed = filing.acknowledged.iter();
    said.extend(confirmed.map(|(day, by)| t.with("desk-proof-confirmed", &[("name", name(by)), ("day", t.day(*day))])));
    if filing.acknowledged.is_empty() {
        said.push(t.get("desk-proof-unconfirmed"));
    }
    said.extend(filing.heard.iter().map(|by| t.with("desk-proof-heard", &[("name", name(by))])));
    said
}
