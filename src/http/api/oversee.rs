//! What a coordinator sees and does: clocks, groups and states, and a message to the readers of a case. They read no item.
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data, Json, Path},
};

use super::{
    super::{Adds, App, absence, mailbox},
    add::{Refused, fit, head, logged, store},
    document::{Anywhere, Envelope, ForReaders, TakesJson},
    failed,
    log::record,
    session::Overseeing,
};
use crate::{
    api_types::{
        AddedView, Adding, SentTo, SlotSent,
        oversight::{Group, Hold, Overview, OverviewCase},
    },
    domain::{
        case::{Case, CaseState, held},
        id::CaseId,
        roster::{OrgFile, Role},
    },
    http::mailbox::CaseReader,
    seal::slot::{FILL_MORE, FILLERS},
    store::{Added, StoreError},
};

/// The cases of the coordinator's organisation: clocks and groups.
#[utoipa::path(
    get,
    path = "/overview",
    tag = "oversight",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Nothing that somebody wrote.", body = Overview, links(
            ("hold" = (operation_id = "hold", parameters(("case" = "$response.body#/cases/0/case")))),
            ("memo" = (operation_id = "memo", parameters(("case" = "$response.body#/cases/0/case"))))
        )),
        (status = 403, description = "An auditor has the log and the register."),
        ForReaders,
        Anywhere
    )
)]
pub(super) async fn overview(app: Data<App>, me: Overseeing) -> HttpResponse {
    if me.role != Role::Coordinator {
        return HttpResponse::Forbidden().finish();
    }
    let view = async {
        let mut overview = Overview { cases: Vec::new(), advice: 0 };
        for case in app.store.cases_of(&me.org).await? {
            if mailbox::advice(&app, &case).await? {
                overview.advice += 1;
            } else {
                overview.cases.push(seen(&app, &case, &mailbox::readers(&app, &case).await?));
            }
        }
        overview.cases.sort_by_key(|c| (c.due, c.case));
        Ok::<_, StoreError>(overview)
    };
    view.await.map_or_else(|e| failed(&e), |view| HttpResponse::Ok().json(view))
}

fn seen(app: &App, case: &Case, readers: &[CaseReader<'_>]) -> OverviewCase {
    let own = app.roster.organisation(&case.org).map(|o| (true, o));
    let outside = app.roster.outside().map(|o| (false, o)).filter(|(_, o)| o.entry.id != case.org);
    let files = own.into_iter().chain(outside).filter_map(|(own, o)| Some((own, o.file.as_ref()?)));
    let groups = files.flat_map(|(own, file)| groups(own, file, readers)).collect();
    let released = mailbox::reserve(readers).is_some_and(|(_, day)| day <= app.clock.today());
    let reserve = case.state == CaseState::Unopened && released;
    let Case { id, state, filed, due, destroy_after, .. } = case.clone();
    OverviewCase { case: id, state, filed, due, destroy_after, groups, reserve }
}

/// The groups of a file that some of these readers are in.
fn groups(own: bool, file: &OrgFile, readers: &[CaseReader<'_>]) -> Vec<Group> {
    let some = |ids: &mut dyn Iterator<Item = &crate::domain::id::ReaderId>| {
        let ids: Vec<_> = ids.collect();
        readers.iter().any(|r| ids.contains(&&r.reader.id))
    };
    let mut found = Vec::new();
    for desk in &file.desks {
        if some(&mut desk.readers.iter().chain(&desk.reserve)) {
            let name = desk.name.clone();
            found.push(if own { Group::Desk(name) } else { Group::Outside(name) });
        }
    }
    if some(&mut file.advisers.iter().flat_map(|a| std::iter::once(&a.reader).chain(&a.deputy))) {
        found.push(Group::Advisers);
    }
    if some(&mut file.managers.iter()) {
        found.push(Group::Managers);
    }
    found
}

/// A case of the coordinator's organisation. Of advice they know the number alone.
async fn theirs(app: &App, me: &Overseeing, id: &str) -> Result<Option<Case>, StoreError> {
    let Some(id) = CaseId::parse(id).filter(|_| me.role == Role::Coordinator) else { return Ok(None) };
    let Some(case) = app.store.case(&id).await?.filter(|case| case.org == me.org) else { return Ok(None) };
    Ok((!mailbox::advice(app, &case).await?).then_some(case))
}

/// Keeps a closed case from destruction, or lets its term count again.
#[utoipa::path(
    post,
    path = "/cases/{case}/hold",
    tag = "oversight",
    params(("case" = CaseId, Path, description = "From the overview.")),
    security(("bearer" = [])),
    request_body = Hold,
    responses(
        (status = 200, description = "It is so now."),
        (status = 409, description = "The case is not closed: what is open is not destroyed."),
        (status = 429, description = "This coordinator has written too much into the log."),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(super) async fn hold(app: Data<App>, me: Overseeing, id: Path<String>, sent: Json<Hold>) -> HttpResponse {
    let done = async {
        let Some(case) = theirs(&app, &me, &id).await? else { return Err(Refused::Sent(StatusCode::NOT_FOUND)) };
        let to = held(case.state, sent.hold).map_err(|_| StoreError::Conflict)?;
        record(&app, me.writes(), &case.org, Some(&sent.record)).await?;
        Ok(app.store.set_state(&case.id, case.state, to).await?)
    };
    done.await.map_or_else(|refused: Refused| refused.answer(), |()| HttpResponse::Ok().finish())
}

/// A message of the coordinator to the readers of a case. Slots for people who do not read the case become filler.
///
/// The coordinator knows groups and does not learn who reads: no answer depends on whom the slots are for, also when nobody of them
/// reads the case.
#[utoipa::path(
    post,
    path = "/cases/{case}/memos",
    tag = "oversight",
    params(("case" = CaseId, Path, description = "From the overview.")),
    request_body(content = Envelope, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The message is in the case.", body = AddedView),
        (status = 400, description = "Not an envelope, no slots or too many or two for the same, none for an active reader of the roster, an act, no record for the log, or a body that ended early."),
        (status = 408, description = "The body came too slowly."),
        (status = 409, description = "The case is in another state than the message was made for: who tells of a hold says that they saw it held; or the \
                                      case is full, 200 items with this one; or the item is of another case."),
        (status = 413, description = "The payload is over 300 KiB."),
        (status = 429, description = "This coordinator has written too much into the log, or coordinators too much to this case: five messages a day."),
        ForReaders,
        Anywhere
    )
)]
pub(super) async fn memo(app: Data<App>, me: Overseeing, id: Path<String>, mut body: web::Payload) -> HttpResponse {
    let case = match theirs(&app, &me, &id).await {
        Ok(Some(case)) => case,
        Ok(None) => return HttpResponse::NotFound().finish(),
        Err(error) => return failed(&error),
    };
    let stored = async {
        let (adding, rest): (Adding, _) = head(&mut body).await?;
        let many = adding.slots.is_empty() || adding.slots.len() > FILL_MORE;
        let person = |to: &SentTo| matches!(to, SentTo::Reader(keyed) if app.keyed.contains(keyed));
        // Whom of them the case has decides nothing: it is stored for others too, or its place would be missed.
        let nobody = !adding.slots.iter().any(|slot| person(&slot.to));
        if adding.act.is_some() || many || nobody || twice(&adding) {
            return Err(Refused::Sent(StatusCode::BAD_REQUEST));
        }
        if !app.memos.take(&case.id) {
            return Err(Refused::Sent(StatusCode::TOO_MANY_REQUESTS));
        }
        let has = mailbox::readers(&app, &case).await?;
        let adding = for_readers_of(adding, &has);
        let fit = fit(&app, (&case, Adds::Memo), &adding).await?;
        logged(&app, me.writes(), &case, &adding).await?;
        let held = ((&*has, None), absence::served_by(&app, &has));
        store(&app, &case, fit, held, rest, body).await
    };
    match stored.await {
        Ok(added) => HttpResponse::Ok().json(AddedView { already: added == Added::Already }),
        Err(refused) => refused.answer(),
    }
}

/// Whether two slots are for the same: what becomes of them would depend on whether that is a reader of the case.
fn twice(adding: &Adding) -> bool {
    adding.slots.iter().enumerate().any(|(at, slot)| adding.slots.iter().take(at).any(|other| other.to == slot.to))
}

/// Only readers of the case keep their slots. There is more filler than an item has slots.
fn for_readers_of(mut adding: Adding, has: &[CaseReader<'_>]) -> Adding {
    let reads = |to: &SentTo| matches!(to, SentTo::Reader(keyed) if has.iter().any(|r| r.keyed == keyed));
    let nobody = |slot: &SlotSent| if let SentTo::Nobody(n) = slot.to { Some(n) } else { None };
    let used: Vec<u8> = adding.slots.iter().filter_map(nobody).collect();
    let unused = (0..FILLERS).filter(|n| !used.contains(n));
    let others = adding.slots.iter_mut().filter(|slot| !matches!(slot.to, SentTo::Nobody(_)) && !reads(&slot.to));
    for (slot, n) in others.zip(unused) {
        slot.to = SentTo::Nobody(n);
    }
    adding
}
