//! Items as ordinary age files: one of any size, or the messages among several in one answer.
use std::future::ready;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Bytes, Data, Json, Path},
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    super::{App, mailbox::reads_story},
    SignedIn,
    document::{AgeFile, Anywhere, Bundle, ForReaders, TakesJson},
    failed, is_told, serves,
};
use crate::{
    api_types::Several,
    bundle,
    domain::{
        case::{Case, CaseState},
        id::ItemId,
    },
    store::{Opening, Payload, SlotRow, StoreError},
};

/// An item as an ordinary age file: this reader's slot, then the payload. Marks the case as opened, for who has a slot of its story.
#[utoipa::path(
    get,
    path = "/items/{item}",
    tag = "cases",
    params(("item" = ItemId, Path, description = "From a case.")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Sealed.", content_type = "application/octet-stream", body = AgeFile),
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn item(app: Data<App>, me: SignedIn, id: Path<String>) -> HttpResponse {
    let Some(item) = ItemId::parse(&id) else { return HttpResponse::NotFound().finish() };
    match mine(&app, &me, &item).await {
        Ok(Some((_, slot, payload))) => send(&app, &item, slot, payload).await,
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => failed(&error),
    }
}

/// Several items in one answer, for a desk that has much to open, each with whether the reporter has a slot of it. Marks their cases as opened.
///
/// Large files, and items that are not for this reader, are left out: the first are asked for one by one.
#[utoipa::path(
    post,
    path = "/items",
    tag = "cases",
    security(("bearer" = [])),
    request_body = Several,
    responses(
        (status = 200, description = "Those that are there, in the order asked.", content_type = "application/octet-stream",
            body = Bundle),
        TakesJson,
        ForReaders,
        Anywhere
    )
)]
pub(crate) async fn items(app: Data<App>, me: SignedIn, asked: Json<Several>) -> HttpResponse {
    let asked = asked.into_inner().items;
    if asked.len() > bundle::MOST {
        return HttpResponse::BadRequest().finish();
    }
    // One item in memory at a time: the next is asked for when this one was sent. An error ends the answer early, which shows.
    let pieces = stream::iter(asked).then(move |item| {
        let (app, me) = (app.clone(), me.clone());
        async move {
            let Some((case, slot, payload)) = mine(&app, &me, &item).await? else { return Ok(Bytes::new()) };
            let told = is_told(&app, &case, &item).await?;
            Ok::<_, StoreError>(bundled(&app, (&item, told), slot, payload).await.unwrap_or_default())
        }
    });
    let sent = pieces.map(|piece| piece.map_err(|_| actix_web::error::ErrorServiceUnavailable("the store is away")));
    HttpResponse::Ok().content_type("application/octet-stream").streaming(sent)
}

/// An item as it stands among others; nothing for a large file, or one that is away.
async fn bundled(app: &App, (item, told): (&ItemId, bool), slot: SlotRow, payload: Payload) -> Option<Bytes> {
    let payload = match payload {
        Payload::Inline(payload) => payload,
        Payload::Blob => {
            let small = app.blobs.size(item).await.is_ok_and(|bytes| bytes <= bundle::LARGEST as u64);
            let blob = if small { app.blobs.read(item).await.ok() } else { None };
            blob?.try_fold(Vec::new(), |all, piece| ready(Ok([all, piece.to_vec()].concat()))).await.ok()?
        }
    };
    let head = bundle::before_item(item, told, slot.header.len() + payload.len())?;
    Some(Bytes::from([head, slot.header, payload].concat()))
}

/// A reader's slot of an item that we wrote, with its case and payload. That has opened the case, if nobody had before; that they did is kept in the
/// tag of the slot, until the case is closed.
async fn mine(app: &App, me: &SignedIn, item: &ItemId) -> Result<Option<(Case, SlotRow, Payload)>, StoreError> {
    let Some((case, payload)) = app.store.item_with_case(item).await? else { return Ok(None) };
    let Some(by) = serves(app, me, &case).await? else { return Ok(None) };
    let mailbox = app.post.reader_mailbox(&me.keyed, case.filed);
    let slot = app.store.slot(item, &mailbox, by).await?;
    let Some(slot) = slot.filter(|slot| app.post.intact(&case, item, slot)) else { return Ok(None) };
    // Of who reads only what went along, or another part without the story, nothing is kept: they open no case.
    // Nor of a guest, who is let in for a while: they are no second reader who makes the reserve reader needless.
    let counts =
        me.guest.is_none() && !app.post.is_opened(&case, item, &slot) && !app.post.is_passed(&case, item, &slot);
    if !case.state.is_closed() && counts && reads_story(app, &case, (&mailbox, by)).await? {
        let tag = app.post.opened_tag(&case, item, &slot);
        let released = |item: &ItemId, row, day| app.post.released(&case, item, row, day);
        let opened = |item: &ItemId, row: &SlotRow| app.post.is_opened(&case, item, row);
        let opening = Opening { tag, served: by, released: &released, opened: &opened };
        let marked = app.store.mark_opened(&case.id, (item, &slot), &opening).await;
        // On a full disk what was opened before can still be read: this is kept the next time.
        marked.or_else(|error| if case.state == CaseState::Unopened { Err(error) } else { Ok(()) })?;
    }
    Ok(Some((case, slot, payload)))
}

async fn send(app: &App, item: &ItemId, slot: SlotRow, payload: Payload) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::OK);
    response.content_type("application/octet-stream");
    match payload {
        Payload::Inline(payload) => response.body([slot.header, payload].concat()),
        Payload::Blob => match (app.blobs.size(item).await, app.blobs.read(item).await) {
            (Ok(size), Ok(blob)) => {
                let length = size + slot.header.len() as u64;
                let header = stream::once(async { Ok(Bytes::from(slot.header)) });
                response.no_chunking(length).streaming(header.chain(blob).map(|c: Result<_, StoreError>| {
                    c.map_err(|_| actix_web::error::ErrorServiceUnavailable("the payload store is away"))
                }))
            }
            (Err(error), _) | (_, Err(error)) => failed(&error),
        },
    }
}
