//! A reader shares items: one more slot of each, made on the desk of somebody who can open it.
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    super::{App, mailbox},
    SignedIn,
    add::Refused,
    document::{Anywhere, ForReaders},
    log::record,
    mine,
};
use crate::{
    api_types::{AddedView, SentTo, SharedItem, Sharing, SlotSent},
    domain::{
        case::{Case, CaseState},
        id::{CaseId, ItemId},
    },
    seal::{Slot, SlotTo, guest::vouched, slot::FILL_MORE},
    store::{ASIDE, Added, Room, SlotRow, StoreError},
};

/// Bytes of the largest age header of one reader.
const HEADER: usize = 4 << 10;
/// Slots of a request.
const MOST: usize = 64;
/// Bytes of a request.
pub(super) const BYTES: usize = 512 << 10;

/// Shares items of a case with more readers: their slots, made by somebody who can open them. One act, and one record of it.
///
/// Whether the reporter agreed is sealed, and for desks to check: the server knows only that each item is one this
/// reader can open, and that the other is an active reader of the roster. A slot that is there already stays. Why something is shared, and
/// of what the reporter is told before, is sealed too: a desk says the first day of it, and here the server's calendar counts.
#[utoipa::path(
    post,
    path = "/cases/{case}/slots",
    tag = "cases",
    params(("case" = CaseId, Path, description = "From the inbox.")),
    security(("bearer" = [])),
    request_body = Sharing,
    responses(
        (status = 200, description = "They have the slots; whether all were there before.", body = AddedView),
        (status = 400, description = "The body is not what it should be, no slots or too many, or no record for the log."),
        (status = 403, description = "No active reader has this name and these keys, and no card that counts is a guest's; or a guest would share, or who only reads what went along with \
                                      a report."),
        (status = 409, description = "The case is not open, or the first day of it has not come, or there is no room for one more in the item, or in the case: who can read it and its \
                                      reporter fit one item together. What was shared before stays."),
        (status = 413, description = "The body is over 512 KiB."),
        (status = 429, description = "This reader has written too much into the log."),
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn share(app: Data<App>, me: SignedIn, id: Path<String>, sent: Json<Sharing>) -> HttpResponse {
    let shared = async {
        let Sharing { slots, log, not_before } = sent.into_inner();
        if slots.is_empty() || slots.len() > MOST {
            return Err(Refused::Sent(StatusCode::BAD_REQUEST));
        }
        let nowhere = || Refused::Sent(StatusCode::NOT_FOUND);
        let id = CaseId::parse(&id).ok_or_else(nowhere)?;
        let (case, items) = mine(&app, &me, &id).await?.ok_or_else(nowhere)?;
        if mailbox::only_passed(&mailbox::readers(&app, &case).await?, &me.keyed) {
            return Err(Refused::Sent(StatusCode::FORBIDDEN));
        }
        // Advice alone goes along with something.
        let along = slots.iter().any(|one| matches!(one.slot.to, SentTo::Passed(_)));
        if along && !mailbox::advice(&app, &case).await? {
            return Err(Refused::Sent(StatusCode::FORBIDDEN));
        }
        let mut rows = Vec::new();
        for one in slots {
            rows.push(row(&app, &me, (&case, &items), one).await?);
        }
        let early = not_before.is_some_and(|day| app.clock.today() < day);
        if case.state != CaseState::Open || early {
            return Err(StoreError::Conflict.into());
        }
        record(&app, me.writes(), &case.org, log.as_deref()).await?;
        let mut filler = app.post.filler(&case);
        let reporter = app.post.mailbox(&SlotTo::Reporter(case.id), &case);
        // Who went is nobody there is room to be made for.
        let mut kept = mailbox::left(&app, &case).await?;
        filler.extend(spare(&app, &case, &rows, (&filler, &kept)).await?);
        kept.extend([reporter, app.post.mark(&case, true), app.post.mark(&case, false)]);
        let room = Room { filler: &filler, kept: &kept, slots: FILL_MORE };
        let mut already = true;
        for (item, row) in rows {
            already &= app.store.add_slot(&item, &row, &room).await? == Added::Already;
        }
        Ok(already)
    };
    shared.await.map_or_else(|refused| refused.answer(), |already| HttpResponse::Ok().json(AddedView { already }))
}

/// What else can be replaced where no filler is left, so that nobody fills an item for good with people who go: what stands in the place of
/// who went and had not opened it, then the rest of it.
async fn spare(
    app: &App,
    case: &Case,
    rows: &[(ItemId, SlotRow)],
    (filler, left): (&[[u8; 32]], &[[u8; 32]]),
) -> Result<Vec<[u8; 32]>, StoreError> {
    let mut spare = Vec::new();
    for (item, _) in rows {
        let there = app.store.slots(item).await?;
        if there.len() < FILL_MORE || there.iter().any(|row| filler.contains(&row.mailbox)) {
            continue;
        }
        let gone = || there.iter().filter(|row| left.contains(&row.mailbox));
        let unread: Vec<_> =
            gone().filter(|row| !app.post.was_opened(case, item, row)).map(|row| row.mailbox).collect();
        // One that was read stays, for the reporter to be told so.
        let rest = gone().skip(1).map(|row| row.mailbox);
        spare.extend(if unread.is_empty() { rest.collect() } else { unread });
    }
    Ok(spare)
}

/// The row of one slot, if it may be shared. For a reader whose own was set aside that comes back, as the reporter made it: nothing stands in its
/// place.
async fn row(
    app: &App,
    me: &SignedIn,
    (case, items): (&Case, &[ItemId]),
    SharedItem { item, slot: SlotSent { to, header } }: SharedItem,
) -> Result<(ItemId, SlotRow), Refused> {
    let refused = |status| Refused::Sent(status);
    let header = BASE64_STANDARD.decode(header).ok().filter(|h| h.len() <= HEADER);
    let header = header.filter(|_| matches!(to, SentTo::Reader(_) | SentTo::Guest(_) | SentTo::Passed(_)));
    let header = header.ok_or(refused(StatusCode::BAD_REQUEST))?;
    if !items.contains(&item) {
        return Err(refused(StatusCode::NOT_FOUND));
    }
    if me.guest.is_some() || !welcome(app, case, &to) {
        return Err(refused(StatusCode::FORBIDDEN));
    }
    let passed = matches!(to, SentTo::Passed(_));
    let mut slot = Slot { to: to.in_case(case.id), header };
    let (there, mailbox) = (app.store.slots(&item).await?, app.post.mailbox(&slot.to, case));
    let aside =
        |row: &&SlotRow| row.mailbox == mailbox && row.release == Some(ASIDE) && app.post.intact(case, &item, row);
    if let Some(aside) = there.iter().find(aside) {
        slot.header.clone_from(&aside.header);
    }
    let row = app.post.rows(case, &item, vec![slot], None).pop().ok_or(StoreError::Conflict)?;
    let row = if passed { app.post.passed(case, &item, row) } else { row };
    Ok((item, row))
}

/// Whether somebody can be let into a case: an active reader of the roster, or a guest whose card counts. Nobody into the canary's,
/// whose key may lie on a machine that watches: it reaches no person's inbox.
fn welcome(app: &App, case: &Case, to: &SentTo) -> bool {
    if app.roster.is_canary(&case.org) {
        return false;
    }
    match to {
        SentTo::Reader(reader) | SentTo::Passed(reader) => app.keyed.contains(reader),
        SentTo::Guest(card) => vouched(card, &app.roster, &case.id) && card.counts_on(app.clock.today()),
        SentTo::Reporter | SentTo::Nobody(_) | SentTo::Aside(_) => false,
    }
}
