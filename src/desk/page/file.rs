//! Files: shown re-encoded, so that what they carry besides the picture or text stays out; saved as they are only on purpose.
use std::io::{Read, Seek, Write};

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};
use askama::Template;
use futures_util::StreamExt;
use serde::Deserialize;

use super::{
    Desk, Fields,
    answer::{Answer, Fault, MaybeForm, answer, case_of, fields, item_of},
    case::refresh,
    lock::{Unlocked, take},
    preview::{self, Shown},
    view,
};
use crate::{
    desk::{
        Attachment, Body, Content, DeskError, Item, Opened, Reach, State, attach_file, case_words::size, open_item,
        safe_name,
    },
    domain::id::{CaseId, ItemId},
    text::Texts,
};

/// Which page of a document is asked for, from 1.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default = "first")]
    page: usize,
}

fn first() -> usize {
    1
}

#[derive(Template)]
#[template(path = "desk/file.html")]
struct FilePage {
    t: Texts,
    case: CaseId,
    item: ItemId,
    name: String,
    size: String,
    shown: Shown,
}

/// A file's page; with `save`, the file itself.
pub(super) async fn show(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    asked: Query<Asked>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let (case, item) = (case_of(&path.1)?, item_of(&path.2)?);
        if take(&mut sent, "save").is_some() {
            let file = opened(open, &case, &item).await?.ok_or(Fault::NotFound)?;
            let Content::File { name, body } = &file.content else { return Err(Fault::NotFound) };
            return Ok(download(name, body)?);
        }
        page(&desk, open, t, (&case, &item), asked.page).await
    })
    .await
}

/// The picture of a file, encoded anew.
pub(super) async fn picture(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    asked: Query<Asked>,
) -> HttpResponse {
    answer(&desk, &request, &path.0, Fields::new(), async |open, _, _| {
        let item = item_of(&path.2)?;
        let mut last = open.drawn.take();
        let file = opened(open, &case_of(&path.1)?, &item).await?.ok_or(Fault::NotFound)?;
        let png = preview::picture(&desk, &item, file, asked.page, &mut last).await?;
        open.drawn = last;
        Ok(HttpResponse::Ok().content_type("image/png").body(png.ok_or(Fault::NotFound)?))
    })
    .await
}

/// An item of a case that opened; a file is fetched when it is looked at. The one before is let go: one is kept, of all cases.
async fn opened<'a>(open: &'a mut Unlocked, case: &CaseId, item: &ItemId) -> Result<Option<&'a Opened>, DeskError> {
    let view = refresh(open, case).await?;
    open.cases.values_mut().flatten().filter(|known| known.id != *item).for_each(Item::leave_body);
    let items = open.cases.entry(*case).or_default();
    if let Some(known) = items.iter_mut().find(|known| known.id == *item && known.is_left()) {
        // In a private folder of the system's, gone when the desk locks.
        *known = open_item(&open.client, &view, item, Reach::All(&std::env::temp_dir())).await?;
        crate::desk::open::prove(&open.client, &view, items);
    }
    Ok(items.iter().find(|known| known.id == *item).and_then(|known| match &known.state {
        State::Opened(opened) => Some(&**opened),
        _ => None,
    }))
}

async fn page(desk: &Desk, open: &mut Unlocked, t: Texts, (case, item): (&CaseId, &ItemId), number: usize) -> Answer {
    let mut last = open.drawn.take();
    let file = opened(open, case, item).await?.ok_or(Fault::NotFound)?;
    let Content::File { name, .. } = &file.content else { return Err(Fault::NotFound) };
    let path = format!("file/{case}/{item}");
    let shown = preview::preview(desk, t, (&path, item), file, number, &mut last).await?;
    let page = FilePage { t, case: *case, item: *item, name: name.clone(), size: size(file.manifest.length), shown };
    let (title, body) = (name.clone(), page.render().unwrap_or_default());
    open.drawn = last;
    Ok(view::page(t, StatusCode::OK, &title, &open.client, &body))
}

/// The first bytes of a file.
pub(super) fn bytes_of(file: &Opened, most: usize) -> Result<Vec<u8>, DeskError> {
    let Content::File { body, .. } = &file.content else { return Ok(Vec::new()) };
    match body {
        Body::Left => Ok(Vec::new()),
        Body::Memory(bytes) => Ok(bytes.iter().copied().take(most).collect()),
        Body::Disk(file) => {
            let mut bytes = Vec::new();
            file.reopen()?.take(most as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        }
    }
}

/// The file as it was sent, for the browser to save.
fn download(name: &str, body: &Body) -> Result<HttpResponse, DeskError> {
    // A name in a header: ASCII, and the rest as RFC 8187 writes it.
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    let full = view::percent(name);
    let mut answer = HttpResponse::Ok();
    answer.content_type("application/octet-stream");
    answer.insert_header((
        header::CONTENT_DISPOSITION,
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"),
    ));
    match body {
        Body::Left => Err(DeskError::known("desk-error-length")),
        Body::Memory(bytes) => Ok(answer.body(bytes.to_vec())),
        Body::Disk(file) => {
            let file = file.reopen()?;
            let length = file.metadata()?.len();
            let pieces = futures_util::stream::unfold(file, |mut file| async move {
                let mut piece = vec![0; 256 << 10];
                match file.read(&mut piece) {
                    Ok(0) => None,
                    Ok(n) => {
                        piece.truncate(n);
                        Some((Ok::<_, std::io::Error>(Bytes::from(piece)), file))
                    }
                    Err(error) => Some((Err(error), file)),
                }
            });
            Ok(answer.no_chunking(length).streaming(pieces))
        }
    }
}

/// Adds a file to a case, for its readers.
pub(super) async fn attach(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: Multipart,
) -> HttpResponse {
    let case = path.1.clone();
    if desk.is_locked().await {
        // A file does not wait for a passphrase: the case does.
        return view::see_other(&format!("/{}/case/{case}", view::texts(&path.0).lang()));
    }
    answer(&desk, &request, &path.0, Fields::new(), async |open, t, _| {
        let id = case_of(&case)?;
        let attachment = received(form).await?.ok_or_else(|| DeskError::known("desk-no-file"))?;
        attach_file(&open.client, &id, attachment).await?;
        Ok(view::see_other(&format!("/{}/case/{id}", t.lang())))
    })
    .await
}

/// The one file of a form, in a file without a name.
async fn received(mut form: Multipart) -> Result<Option<Attachment>, DeskError> {
    let broken = |e: actix_multipart::MultipartError| DeskError::new(format!("the file did not arrive whole: {e}"));
    while let Some(field) = form.next().await {
        let mut field = field.map_err(broken)?;
        let name = field.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default().to_owned();
        if field.name() != Some("file") || name.is_empty() {
            continue;
        }
        let mut file = tempfile::tempfile()?;
        while let Some(chunk) = field.next().await {
            file.write_all(&chunk.map_err(broken)?)?;
        }
        file.rewind()?;
        return Ok(Some(Attachment { name: safe_name(&name), file }));
    }
    Ok(None)
}
