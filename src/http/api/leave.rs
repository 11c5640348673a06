//! A reader leaves a case, or is taken out by two others. Filler comes in the place of their slots; nothing is listed or served to them, and
//! nothing later is sealed to them.
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};

use super::{
    super::{App, absence, mailbox::CaseReader},
    SignedIn,
    add::Refused,
    document::{Anywhere, ForReaders, TakesJson},
    log::record,
    mine,
};
use crate::{
    api_types::{Going, TakingOut},
    domain::{
        case::{Case, RESERVE_DAYS},
        id::{CaseId, KeyedReader},
        roster::Function,
        routing::{can_replace, must_be_replaced},
    },
    http::mailbox,
    seal::circle::took_out,
    store::{Leaving, StoreError},
};

/// Leaves a case: this reader has no slot in it any more.
#[utoipa::path(
    post,
    path = "/cases/{case}/leave",
    tag = "cases",
    params(("case" = CaseId, Path, description = "From the inbox.")),
    security(("bearer" = [])),
    request_body = Going,
    responses(
        (status = 204, description = "They have left."),
        (status = 409, description = "They are the last who reads it for the desk, or as an adviser: another comes first."),
        (status = 429, description = "This reader has written too much into the log."),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn leave(app: Data<App>, me: SignedIn, id: Path<String>, sent: Json<Going>) -> HttpResponse {
    let left = async {
        let case = case(&app, &me, &id).await?;
        let readers = mailbox::readers(&app, &case).await?;
        record(&app, me.writes(), &case.org, sent.log.as_deref()).await?;
        Ok(go(&app, &case, &readers, &me.keyed).await?)
    };
    left.await.map_or_else(|refused: Refused| refused.answer(), |()| HttpResponse::NoContent().finish())
}

/// Takes a reader out of a case. Two others want it: the one whose signature is sent, and the one who sends it.
#[utoipa::path(
    post,
    path = "/cases/{case}/take-out",
    tag = "cases",
    params(("case" = CaseId, Path, description = "From the inbox.")),
    security(("bearer" = [])),
    request_body = TakingOut,
    responses(
        (status = 204, description = "They have no slot in the case."),
        (status = 403, description = "The two are not two other readers of the case, or the signature is not the first one's; or one of them only reads what \
                                      went along with a report, and who would go reads more."),
        (status = 409, description = "Nobody would be left who reads it for the desk, or as an adviser."),
        (status = 429, description = "This reader has written too much into the log."),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn take_out(app: Data<App>, me: SignedIn, id: Path<String>, sent: Json<TakingOut>) -> HttpResponse {
    let taken = async {
        let case = case(&app, &me, &id).await?;
        let readers = mailbox::readers(&app, &case).await?;
        if !wanted(&app, &me, &case, &readers, &sent) {
            return Err(Refused::Sent(StatusCode::FORBIDDEN));
        }
        record(&app, me.writes(), &case.org, sent.log.as_deref()).await?;
        Ok(go(&app, &case, &readers, &sent.who).await?)
    };
    taken.await.map_or_else(|refused| refused.answer(), |()| HttpResponse::NoContent().finish())
}

/// A case of this reader.
async fn case(app: &App, me: &SignedIn, id: &str) -> Result<Case, Refused> {
    let nowhere = || Refused::Sent(StatusCode::NOT_FOUND);
    let id = CaseId::parse(id).ok_or_else(nowhere)?;
    mine(app, me, &id).await?.map(|(case, _)| case).ok_or_else(nowhere)
}

/// Whether two different readers of the case, who can read it now, want a third out.
fn wanted(app: &App, me: &SignedIn, case: &Case, readers: &[CaseReader<'_>], sent: &TakingOut) -> bool {
    let by = live(app, readers).find(|r| *r.keyed == sent.by).map(|r| r.reader);
    let two = me.guest.is_none() && sent.by != me.keyed && sent.who != me.keyed && sent.who != sent.by;
    let signed = |key: &str| took_out(key, &app.roster.instance, &case.id, &sent.who, &sent.signature);
    // Who reads no more than what went along takes out nobody but others who do.
    let passed = |who: &KeyedReader| mailbox::only_passed(readers, who);
    let two = two && (passed(&sent.who) || !(passed(&me.keyed) || passed(&sent.by)));
    two && by.is_some_and(|by| signed(&by.sign_key))
}

/// The readers of a case whose slots are served now.
fn live<'a>(app: &App, readers: &'a [CaseReader<'a>]) -> impl Iterator<Item = &'a CaseReader<'a>> {
    let by = absence::served_by(app, readers);
    readers.iter().filter(move |r| r.release.is_none_or(|day| day <= by))
}

/// Replaces somebody's slots by filler, if one stays who can do what they did.
async fn go(app: &App, case: &Case, readers: &[CaseReader<'_>], who: &KeyedReader) -> Result<(), StoreError> {
    let going = readers.iter().find(|r| r.keyed == who).map(|r| r.reader);
    let served = absence::served_by(app, readers);
    let others = readers.iter().filter(|r| r.keyed != who);
    // A guest, a manager whom the reporter chose, or who only reads a part, is not one the case must have.
    let needed = going.filter(|going| must_be_replaced(going) && !mailbox::only_passed(readers, who));
    // Advice cannot be without an adviser; officers may be there who read no more than what went along with a report.
    let advice = mailbox::advice(app, case).await?;
    let advises = |r: &CaseReader<'_>| r.reader.functions.contains(&Function::Adviser);
    let staying: Option<Vec<[u8; 32]>> = needed.map(|going| {
        // Who reads no more than a part does in nobody's place what the case needs.
        let able = others.filter(|r| !r.passed && if advice { advises(r) } else { can_replace(going, r.reader) });
        able.map(|r| app.post.reader_mailbox(r.keyed, case.filed)).collect()
    });
    // Whoever is held back, has other keys by now, or no slot of the story does not read it: that they once opened something helps nobody.
    let mut who_counts = Vec::new();
    for r in readers.iter().filter(|r| r.keyed == who || !r.waits(served)) {
        let mailbox = app.post.reader_mailbox(r.keyed, case.filed);
        if r.keyed == who || mailbox::reads_story(app, case, (&mailbox, served)).await? {
            who_counts.push(mailbox);
        }
    }
    let leaving = Leaving {
        mailbox: app.post.reader_mailbox(who, case.filed),
        staying: staying.as_deref(),
        served,
        filler: &|item, taken, gone| app.post.row_after(case, item, (taken, served), gone),
        opened: &|item, row| who_counts.contains(&row.mailbox) && app.post.is_opened(case, item, row),
        released: &|item, row, day| app.post.released(case, item, row, day),
        reserve: case.filed.plus_days(RESERVE_DAYS),
    };
    app.store.leave(&case.id, &leaving).await.map(drop)
}
