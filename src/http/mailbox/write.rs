//! What a reporter does in their mailbox: write, and withdraw.
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use uuid::Uuid;

use super::{
    ANSWER_BYTES, Notice, Opened, again, guests_now, hidden,
    letters::{Closed, letters, read},
    parts::parted,
    readers, rows, sealed_to, show,
    waits::say_sent,
    was_read, written_to,
};
use crate::{
    domain::{
        id::{ItemId, KeyedReader},
        order::Before,
    },
    http::{
        Adds, App,
        absence::served_by,
        page::{page, problem},
        rooms::REPORT,
    },
    seal::{
        Author, ItemHead, Kind, MOST_UNREAD, Origin, Plaintext, Recipients,
        consent::{Along, ToReport},
        item, seen,
    },
    store::{NewItem, Payload, SlotRow, StoreError},
    text::Texts,
};

/// Sends a message. A file that was chosen in the same form does not go along, and the page says so.
pub(super) async fn write(app: &App, t: Texts, opened: &Opened, text: Plaintext, file: bool) -> HttpResponse {
    if opened.case.state.is_closed() {
        return show(app, t, opened, Notice::Closed, 0, Some((text, None))).await;
    }
    let wrong = if text.is_blank() {
        Some(t.get("error-answer"))
    } else if text.escaped_len() > ANSWER_BYTES {
        Some(t.with("error-answer-long", &[("bytes", text.escaped_len().to_string())]))
    } else {
        None
    };
    let wrong = match (wrong, written_to(app, opened).await) {
        (None, Ok(readers)) if readers.is_empty() => Some(t.get("error-no-readers")),
        (wrong, _) => wrong,
    };
    if let Some(wrong) = wrong {
        return show(app, t, opened, Notice::None, 0, Some((text, Some(wrong)))).await;
    }
    match add(app, opened, Kind::Message, text).await {
        Ok(()) if file => show(app, t, opened, Notice::WrittenWithoutFile, 0, None).await,
        Ok(()) => show(app, t, opened, Notice::Written, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// The head of what a reporter adds, after what stands in the case.
pub(crate) fn head(
    app: &App,
    opened: &Opened,
    kind: Kind,
    to: &Recipients,
    stands: &[ItemId],
    name: Option<String>,
) -> ItemHead {
    ItemHead {
        instance: app.roster.instance,
        case: opened.case.id,
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author: Author::Reporter,
        seq: u32::try_from(stands.len()).unwrap_or(u32::MAX),
        seen: seen(stands),
        before: Before::of(stands),
        day: app.clock.today(),
        name,
        to: to.readers(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

/// Seals a message to the readers the case has now. [`StoreError::Conflict`] when no more fit the case.
pub(super) async fn add(app: &App, opened: &Opened, kind: Kind, text: Plaintext) -> Result<(), StoreError> {
    let failed = |e: crate::seal::SealError| StoreError::Unavailable(Box::new(e));
    let (readers, aside) = sealed_to(app, opened).await?;
    let guests = guests_now(app, opened).await?;
    let all = readers.iter().map(|r| r.reader).chain(aside.map(|(reader, _)| reader)).chain(&guests);
    let to = Recipients::of(all).map_err(failed)?;
    // What the reporter said about who reads is shown again behind the code; what they wrote is not.
    let to = match kind {
        Kind::ConsentAnswer | Kind::ToReport | Kind::Agreed | Kind::Withdrawal => {
            to.with_reporter(opened.case.id, &opened.keys.public().reply).map_err(failed)?
        }
        _ => to,
    };
    let stands = app.store.items(&opened.case.id).await?;
    let head = ItemHead { unread: unread(app, opened).await?, ..head(app, opened, kind, &to, &stands, None) };
    let id = head.item;
    let (slots, payload) = item(head, text, &opened.keys.signer, &to).map_err(failed)?.into_parts();
    let who = app.post.of_readers(&opened.case, &slots);
    let (slots, aside) = rows(app, &opened.case, &id, slots, (&readers, aside));
    let most = Adds::Reporter.most();
    let item = NewItem { id, slots, aside, readers: who, payload: Payload::Inline(payload), most };
    app.store.add_item(&opened.case.id, &item, None, served_by(app, &readers)).await?;
    if matches!(kind, Kind::Message | Kind::Talk) {
        say_sent(app, opened, kind, &stands).await;
    }
    Ok(())
}

/// What did not open for the reporter, for their readers: nobody else can try. All of it, so that who sends much hides nothing.
pub(crate) async fn unread(app: &App, opened: &Opened) -> Result<Vec<ItemId>, StoreError> {
    let (letters, Closed { mut unread, .. }) = read(app, &opened.keys, &opened.case).await?;
    unread.retain(|item| letters.iter().all(|letter| letter.manifest.head.item != *item));
    unread.truncate(MOST_UNREAD);
    Ok(unread)
}

/// Says in the advice room what of it goes with the report that was made of it. Sent again, it is said once.
///
/// The reserve reader of the report is left out: whoever reads only if nobody else does gets no more than the report.
pub(crate) async fn lets_along(app: &App, opened: &Opened, along: Along) -> Result<(), StoreError> {
    let keys = opened.code.keys(&app.roster.instance, REPORT);
    let report = app.store.case_by_lookup(&keys.lookup).await?.ok_or(StoreError::Conflict)?;
    if parted(letters(app, opened).await?).said(&report.id) {
        return Ok(());
    }
    let here = readers(app, &opened.case).await?;
    let there = readers(app, &report).await?;
    let new = there.iter().filter(|r| r.release.is_none() && here.iter().all(|h| h.keyed != r.keyed));
    let to: Vec<KeyedReader> = new.map(|r| r.keyed.clone()).collect();
    if to.is_empty() {
        return Ok(());
    }
    add(app, opened, Kind::ToReport, ToReport::new(report.id, to, along).into_body()).await
}

#[derive(Template)]
#[template(path = "withdraw.html")]
struct Withdraw {
    t: Texts,
    hidden: String,
    opened: bool,
    canary: bool,
    others: bool,
}

/// Whether the code opens other rooms besides.
fn others(opened: &Opened) -> bool {
    opened.rooms.len() > 1
}

/// Whether what is withdrawn stays until its retention ends: somebody opened it, or did something in it. Of a synthetic report nothing has to stay.
pub(super) async fn stays(app: &App, opened: &Opened) -> Result<bool, StoreError> {
    Ok(!app.roster.is_canary(&opened.case.org) && was_read(app, &opened.case).await?)
}

/// Says to the readers that the reporter wants no more contact. In a closed case nobody writes to them, and once is enough.
pub(super) async fn withdraw(app: &App, t: Texts, opened: &Opened) -> HttpResponse {
    if opened.case.state.is_closed() {
        return show(app, t, opened, Notice::Closed, 0, None).await;
    }
    let Ok(all) = letters(app, opened).await else { return problem(t.language, StatusCode::SERVICE_UNAVAILABLE) };
    if parted(all).withdrawn().is_some() {
        return show(app, t, opened, Notice::None, 0, None).await;
    }
    match written_to(app, opened).await {
        Ok(readers) if readers.is_empty() => return show(app, t, opened, Notice::Nobody, 0, None).await,
        Ok(_) => {}
        Err(_) => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
    match add(app, opened, Kind::Withdrawal, Plaintext::from(t.get("withdraw-words"))).await {
        Ok(()) => show(app, t, opened, Notice::Withdrawn, 0, None).await,
        Err(StoreError::Conflict) => show(app, t, opened, Notice::Full, 0, None).await,
        Err(_) => problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// Asks again, and says what withdrawing does in this case.
pub(super) async fn sure(app: &App, t: Texts, opened: &Opened) -> HttpResponse {
    let (Ok(all), Ok(stays)) = (letters(app, opened).await, stays(app, opened).await) else {
        return problem(t.language, StatusCode::SERVICE_UNAVAILABLE);
    };
    if stays && (opened.case.state.is_closed() || parted(all).withdrawn().is_some()) {
        return show(app, t, opened, Notice::None, 0, None).await;
    }
    let body = Withdraw {
        t,
        hidden: hidden(app, opened),
        opened: stays,
        canary: app.roster.is_canary(&opened.case.org),
        others: others(opened),
    };
    page(t, StatusCode::OK, &t.get("withdraw-title"), &[], &body.render().unwrap_or_default())
}

async fn reopened(app: &App, t: Texts, opened: &Opened) -> HttpResponse {
    match again(app, t, &opened.code, Some(opened.room)).await {
        Ok(now) => sure(app, t, &now).await,
        Err(answer) => answer,
    }
}

/// Nobody has opened it, or it is the canary's: nothing stays.
pub(super) async fn destroy(app: &App, t: Texts, opened: &Opened) -> HttpResponse {
    let id = &opened.case.id;
    let canary = app.roster.is_canary(&opened.case.org);
    let read = |item: &ItemId, row: &SlotRow| app.post.was_opened(&opened.case, item, row);
    let removed = if canary { app.store.destroy(id).await } else { app.store.withdraw(id, &read).await };
    let blobs = match removed {
        Ok(blobs) => blobs,
        // Somebody opened it while the question was on the screen: it is asked again, in the words for that.
        Err(StoreError::Conflict) => return reopened(app, t, opened).await,
        Err(_) => return problem(t.language, StatusCode::SERVICE_UNAVAILABLE),
    };
    for blob in blobs {
        if app.blobs.delete(&blob).await.is_ok() {
            drop(app.store.forget_blob(&blob).await);
        }
    }
    let text = if others(opened) { "withdrawn-room" } else { "withdrawn-text" };
    let body = format!("<h1>{}</h1><p>{}</p>", t.get("withdrawn-title"), t.get(text));
    page(t, StatusCode::OK, &t.get("withdrawn-title"), &[], &body)
}
