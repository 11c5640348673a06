//! Adding a file: sealed while it streams in, one request each. What breaks off leaves nothing behind.
use actix_multipart::{Field, Multipart};
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use futures_util::{StreamExt, stream::Fuse};

use super::{
    Adds, App, Limits,
    absence::served_by,
    busy::{Act, allowed, busy_file},
    limits::{Key, Visitor},
    mailbox::{self, Notice, Opened},
    page::problem,
};
use crate::{
    domain::{
        day::Day,
        id::{CaseId, ItemId},
    },
    seal::{FileSealer, ItemHead, Kind, Plaintext, Recipients, code::Language},
    store::{BlobWriter, NewItem, Payload, StoreError},
    text::Texts,
    upload::Upload,
};

/// Sealed bytes that are handed on at once: a MiB, which is what the limit of a day counts.
const PIECE: usize = 1 << 20;
/// Bytes of a refused file that are still read: Firefox drops an answer that comes before its request was read.
const READ_ON: u64 = 64 << 20;

/// Why a file was not added.
enum Refused {
    TooLarge,
    DiskFull,
    CaseFull,
    CaseClosed,
    Busy,
    Today,
    NoFile,
    NoReader,
    BrokenOff,
    Failed,
}

/// Only a full disk is called one.
fn unwritten(error: StoreError) -> Refused {
    if error.is_full() { Refused::DiskFull } else { Refused::Failed }
}

/// Adds the one file of a form: the fields of the code and of the room stand before it.
pub(crate) async fn add(app: Data<App>, visitor: Visitor, lang: Path<String>, mut form: Multipart) -> HttpResponse {
    let Some(language) = Language::parse(&lang) else { return problem(Language::Nl, StatusCode::NOT_FOUND) };
    let t = Texts::of(language);
    let upload = Upload::read(&mut form).await;
    let Some(Upload { code, room, text, name, file }) = upload else {
        return problem(language, StatusCode::BAD_REQUEST);
    };
    let opened = match allowed(&app, visitor, Some(&code), Act::Look) {
        Ok(()) => mailbox::open(&app, t, &code, room).await,
        Err(wait) => Err(busy_file(t, (&code, room), &text, wait)),
    };
    // Asked for more after its end, a field panics.
    let mut file = file.fuse();
    match opened {
        Ok(opened) => {
            let added = store(&app, visitor, &opened, name, &mut file).await;
            if !matches!(added, Ok(()) | Err(Refused::BrokenOff)) {
                read_on(&mut file).await;
            }
            finish(&app, t, &opened, added, text).await
        }
        Err(answer) => {
            read_on(&mut file).await;
            answer
        }
    }
}

/// The mailbox again, with what was typed beside the file.
async fn finish(app: &App, t: Texts, opened: &Opened, added: Result<(), Refused>, text: Plaintext) -> HttpResponse {
    let notice = match added {
        Ok(()) => Notice::FileAdded,
        Err(Refused::BrokenOff) => return problem(t.language, StatusCode::BAD_REQUEST),
        Err(Refused::Failed) => Notice::FileFailed,
        Err(Refused::TooLarge) => Notice::FileTooLarge,
        Err(Refused::CaseFull) => Notice::Full,
        Err(Refused::CaseClosed) => Notice::Closed,
        Err(Refused::NoFile) => Notice::NoFile,
        Err(Refused::NoReader) => Notice::Nobody,
        Err(Refused::Busy) => Notice::FilesBusy,
        Err(Refused::Today) => Notice::FilesToday,
        Err(Refused::DiskFull) => Notice::FileRefused,
    };
    mailbox::show(app, t, opened, notice, 0, Some((text, None))).await
}

async fn store(
    app: &Data<App>,
    visitor: Visitor,
    opened: &Opened,
    name: String,
    field: &mut Fuse<Field>,
) -> Result<(), Refused> {
    if opened.case.state.is_closed() {
        return Err(Refused::CaseClosed);
    }
    if app.disk_nearly_full() {
        return Err(Refused::DiskFull);
    }
    // Held until the file is there: so many at once, and no more.
    let _place = app.places.take(visitor, opened.case.id).ok_or(Refused::Busy)?;
    let share = Share { limits: &app.limits, visitor, case: app.limits.key(opened.case.id) };
    let (readers, aside) = mailbox::sealed_to(app, opened).await.map_err(|_| Refused::Failed)?;
    if readers.is_empty() {
        return Err(Refused::NoReader);
    }
    let guests = mailbox::guests_now(app, opened).await.map_err(|_| Refused::Failed)?;
    let all = readers.iter().map(|r| r.reader).chain(aside.map(|(reader, _)| reader)).chain(&guests);
    let to = Recipients::of(all).map_err(|_| Refused::Failed)?;
    let stands = app.store.items(&opened.case.id).await.map_err(|_| Refused::Failed)?;
    if stands.len() >= Adds::Reporter.most() {
        return Err(Refused::CaseFull);
    }
    let unread = mailbox::unread(app, opened).await.map_err(|_| Refused::Failed)?;
    let head = ItemHead { unread, ..mailbox::head(app, opened, Kind::File, &to, &stands, Some(name)) };
    let item = head.item;
    app.store.announce_blob(&item).await.map_err(|_| Refused::Failed)?;
    let unfinished = Unfinished { app: app.clone(), case: opened.case.id, item, armed: true };
    let mut writer = app.blobs.writer(&item).await.map_err(|_| Refused::Failed)?;
    let slots = stream(app, opened, (head, &to), &share, field, &mut writer).await?;
    let who = app.post.of_readers(&opened.case, &slots);
    let (slots, aside) = mailbox::rows(app, &opened.case, &item, slots, (&readers, aside));
    let most = Adds::Reporter.most();
    let item = NewItem { id: item, slots, aside, readers: who, payload: Payload::Blob, most };
    let by = served_by(app, &readers);
    // In a task of its own: a browser that goes away now must not stop a commit half-way.
    let committing = actix_web::rt::spawn(commit(app.clone(), opened.case.id, (item, by), writer, unfinished));
    committing.await.map_err(|_| Refused::Failed)??;
    mailbox::say_sent(app, opened, Kind::File, &stands).await;
    Ok(())
}

/// A blob that no row has taken over yet. Dropped, it is removed: also when the browser went away and nobody is left to do it.
struct Unfinished {
    app: Data<App>,
    case: CaseId,
    item: ItemId,
    armed: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.app.uploads.ended(self.case, self.item);
        if self.armed {
            let (app, item) = (self.app.clone(), self.item);
            actix_web::rt::spawn(async move { App::drop_blob(&app, item).await });
        }
    }
}

/// What a visitor, a case and the service may still send today.
struct Share<'a> {
    limits: &'a Limits,
    visitor: Visitor,
    case: Key,
}

impl Share<'_> {
    /// One MiB of it: with each piece, and for what is left at the end.
    fn take(&self) -> Result<(), Refused> {
        self.limits.mebibytes.take(self.visitor, Some(self.case)).map_err(|_| Refused::Today)
    }
}

async fn stream(
    app: &App,
    opened: &Opened,
    (head, to): (ItemHead, &Recipients),
    share: &Share<'_>,
    field: &mut Fuse<Field>,
    writer: &mut BlobWriter,
) -> Result<Vec<crate::seal::Slot>, Refused> {
    let item = head.item;
    let mut sealer = FileSealer::new(to).map_err(|_| Refused::Failed)?;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|_| Refused::BrokenOff)?;
        sealer.write(&chunk).map_err(|_| Refused::Failed)?;
        if sealer.length() > app.config.max_file_bytes {
            return Err(Refused::TooLarge);
        }
        if sealer.ready() >= PIECE {
            share.take()?;
            if app.disk_nearly_full() {
                return Err(Refused::DiskFull);
            }
            app.uploads.arrived(opened.case.id, item, sealer.length());
            writer.write(sealer.take()).await.map_err(unwritten)?;
        }
    }
    // A browser sends an empty file without a name when none was chosen.
    if sealer.length() == 0 {
        return Err(Refused::NoFile);
    }
    // What is left is less than a MiB. An empty file has cost nobody anything.
    share.take()?;
    writer.write(sealer.take()).await.map_err(unwritten)?;
    let mut ending = sealer.ending(head, &opened.keys.signer).map_err(|_| Refused::Failed)?;
    while let Some(piece) = ending.next_piece().map_err(|_| Refused::Failed)? {
        if app.disk_nearly_full() {
            return Err(Refused::DiskFull);
        }
        writer.write(piece).await.map_err(unwritten)?;
    }
    Ok(ending.into_slots())
}

async fn commit(
    app: Data<App>,
    case: CaseId,
    (item, by): (NewItem, Day),
    writer: BlobWriter,
    mut unfinished: Unfinished,
) -> Result<(), Refused> {
    writer.finish().await.map_err(unwritten)?;
    let added = app.store.add_item(&case, &item, None, by).await;
    added.map_err(|error| if matches!(error, StoreError::Conflict) { Refused::CaseFull } else { Refused::Failed })?;
    unfinished.armed = false;
    Ok(())
}

async fn read_on(field: &mut Fuse<Field>) {
    let mut read = 0;
    while let Some(Ok(chunk)) = field.next().await {
        read += chunk.len() as u64;
        if read > READ_ON {
            return;
        }
    }
}
