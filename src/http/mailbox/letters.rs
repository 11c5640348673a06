//! What stands in a mailbox: opened with the keys of the code, and believed only when its author signed it.
use super::Opened;
use crate::{
    domain::id::ItemId,
    http::App,
    seal::{Author, Kind, OpenedText, SlotTo, open_reply},
    store::{Payload, StoreError},
};

/// What was written to the reporter, and their own answers to requests, oldest first; what does not open or verify is left out.
pub(super) async fn letters(app: &App, opened: &Opened) -> Result<Vec<OpenedText>, StoreError> {
    let mine = app.post.mailbox(&SlotTo::Reporter(opened.case.id), &opened.case);
    let mut letters = Vec::new();
    for (_, item, row) in app.store.inbox(&[mine], app.clock.today()).await? {
        let Some(Payload::Inline(payload)) = app.store.payload(&item).await? else { continue };
        let intact = app.post.intact(&opened.case, &item, &row);
        let text = open_reply(&opened.keys.reply, &row.header, &payload).ok().filter(|_| intact);
        letters.extend(text.filter(|text| proven(app, opened, &item, text)));
    }
    // A day that has not come is its author's mistake, or worse: it does not put an answer before the others for ever.
    let today = app.clock.today();
    letters.sort_by_key(|text| (text.manifest.head.day.min(today), text.manifest.head.seq));
    Ok(letters)
}

/// Whether a letter is of this case and item, by a reader of the roster or by the reporter, who signed it.
fn proven(app: &App, opened: &Opened, item: &ItemId, text: &OpenedText) -> bool {
    let head = &text.manifest.head;
    let by = match &head.author {
        // A file is for the readers; on a page it would be noise.
        Author::Reader(_) if head.kind == Kind::File => return false,
        Author::Reader(author) => app.roster.reader(author).map(|r| r.sign_key.to_lowercase()),
        Author::Reporter => Some(hex::encode(opened.keys.signer.public())),
    };
    head.instance == app.roster.instance
        && head.case == opened.case.id
        && head.item == *item
        && by == Some(hex::encode(text.signed_by))
}
