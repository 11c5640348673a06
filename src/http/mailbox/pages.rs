//! What a code opens besides answers: the proof of filing; and letting the reserve reader read before their day.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use zeroize::Zeroizing;

use super::{Notice, Opened, again, hidden, letters::letters, show};
use crate::{
    domain::id::{CaseId, ItemId},
    http::{
        App,
        page::{page, problem},
        rooms::ADVICE,
    },
    seal::Kind,
    store::{SlotRow, StoreError},
    text::Texts,
};

#[derive(Template)]
#[template(path = "proof.html")]
struct Proof {
    t: Texts,
    hidden: String,
    /// It is advice, and no report.
    advice: bool,
    case: CaseId,
    filed: String,
    proof: Zeroizing<String>,
    /// The day on which a reader confirmed it.
    confirmed: Option<String>,
    /// Nobody did, and what is said of that.
    unconfirmed: &'static str,
}

/// The page with which a reporter can later prove that they filed.
pub(super) async fn proof(app: &App, t: Texts, opened: &Opened) -> HttpResponse {
    let Ok(all) = letters(app, opened).await else { return problem(t.language, StatusCode::SERVICE_UNAVAILABLE) };
    let (case, proof) = (&opened.case, &opened.keys.proof);
    let commitment = proof.commitment(&app.roster.instance, &case.id);
    let confirms = all
        .iter()
        .map(|text| &text.manifest.head)
        .find(|head| head.kind == Kind::Acknowledgement && head.proof.as_ref() == Some(&commitment));
    let body = Proof {
        t,
        hidden: hidden(app, opened),
        advice: opened.room == ADVICE,
        case: case.id,
        filed: t.day(case.filed),
        proof: proof.groups(),
        confirmed: confirms.map(|head| t.day(head.day)),
        unconfirmed: match (opened.room == ADVICE, case.state.is_closed()) {
            (true, false) => "proof-not-confirmed-advice",
            (true, true) => "proof-never-confirmed-advice",
            (false, false) => "proof-not-confirmed",
            (false, true) => "proof-never-confirmed",
        },
    };
    page(t, StatusCode::OK, &t.get("proof-title"), &[], &body.render().unwrap_or_default())
}

/// Lets the reserve reader read now. They have keys since the report was filed; only the day is changed.
pub(super) async fn release(app: &App, t: Texts, opened: &Opened) -> HttpResponse {
    let released = async {
        let held = held(app, opened).await?;
        app.store.release(&opened.case.id, &held).await
    };
    let notice = match released.await {
        Ok(()) => Notice::Released,
        Err(StoreError::Conflict) => Notice::NotReleased,
        Err(_) => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    };
    match again(app, t, &opened.code, Some(opened.room)).await {
        Ok(now) => show(app, t, &now, notice, 0, None).await,
        Err(answer) => answer,
    }
}

/// The slots of a case that wait for their day, as they are when they do not.
async fn held(app: &App, opened: &Opened) -> Result<Vec<(ItemId, SlotRow)>, StoreError> {
    let (case, today) = (&opened.case, app.clock.today());
    let mut held = Vec::new();
    for item in app.store.items(&case.id).await? {
        let rows = app.store.slots(&item).await?.into_iter();
        let waits = rows.filter(|row| row.release.is_some_and(|day| day > today) && app.post.intact(case, &item, row));
        held.extend(waits.map(|row| (item, app.post.released(case, &item, row, today))));
    }
    Ok(held)
}
