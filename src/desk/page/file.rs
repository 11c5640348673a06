//! Files: shown re-encoded, so that what they carry besides the picture or text stays out; saved as they are only on purpose.
use std::io::{Cursor, Read, Seek, Write};

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path},
};
use askama::Template;
use futures_util::StreamExt;
use image::{ImageFormat, ImageReader, Limits};

use super::{
    Desk, Fields,
    answer::{Answer, Fault, MaybeForm, answer, case_of, fields, item_of},
    case::{refresh, size},
    lock::{Unlocked, take},
    view,
};
use crate::{
    desk::{Attachment, Body, Content, DeskError, Opened, Reach, State, attach_file, open_item, safe_name, safe_text},
    domain::id::{CaseId, ItemId},
    text::Texts,
};

/// Bytes of a text that are shown.
const SHOWN: usize = 200 << 10;
/// Pixels on a side, and bytes in memory, that a picture may take.
const SIDE: u32 = 20_000;
const PICTURE: u64 = 512 << 20;
const WIDEST: u32 = 1600;

/// What is shown of a file.
enum Shown {
    Picture(String),
    Text(String),
    Nothing,
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
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, mut sent| {
        let save = take(&mut sent, "save").is_some();
        page(open, t, &case_of(&path.1)?, &item_of(&path.2)?, save).await
    })
    .await
}

/// The picture of a file, encoded anew.
pub(super) async fn picture(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
) -> HttpResponse {
    answer(&desk, &request, &path.0, Fields::new(), async |open, _, _| {
        let file = opened(open, &case_of(&path.1)?, &item_of(&path.2)?).await?.ok_or(Fault::NotFound)?;
        let png = encoded_anew(&bytes_of(file, usize::MAX)?).ok_or(Fault::NotFound)?;
        Ok(HttpResponse::Ok().content_type("image/png").body(png))
    })
    .await
}

/// An item of a case that opened; fetched when it was too large before.
async fn opened<'a>(open: &'a mut Unlocked, case: &CaseId, item: &ItemId) -> Result<Option<&'a Opened>, DeskError> {
    let view = refresh(open, case).await?;
    let items = open.cases.entry(*case).or_default();
    if let Some(known) = items.iter_mut().find(|known| known.id == *item && matches!(known.state, State::Large(_))) {
        // In a private folder of the system's, gone when the desk locks.
        *known = open_item(&open.client, &view, item, Reach::All(&std::env::temp_dir())).await?;
        crate::desk::open::prove(&open.client, items);
    }
    Ok(items.iter().find(|known| known.id == *item).and_then(|known| match &known.state {
        State::Opened(opened) => Some(&**opened),
        _ => None,
    }))
}

async fn page(open: &mut Unlocked, t: Texts, case: &CaseId, item: &ItemId, save: bool) -> Answer {
    let file = opened(open, case, item).await?.ok_or(Fault::NotFound)?;
    let Content::File { name, body } = &file.content else { return Err(Fault::NotFound) };
    if save {
        return Ok(download(name, body)?);
    }
    let shown = preview(t, case, item, file)?;
    let page = FilePage { t, case: *case, item: *item, name: name.clone(), size: size(file.manifest.length), shown };
    let (title, body) = (name.clone(), page.render().unwrap_or_default());
    Ok(view::page(t, StatusCode::OK, &title, Some(open.client.me.reader.as_str()), &body))
}

fn preview(t: Texts, case: &CaseId, item: &ItemId, file: &Opened) -> Result<Shown, DeskError> {
    let head = bytes_of(file, 64)?;
    if image::guess_format(&head).is_ok_and(known) {
        return Ok(Shown::Picture(format!("/{}/file/{case}/{item}/picture", t.lang())));
    }
    let bytes = bytes_of(file, SHOWN)?;
    let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
    Ok(text.map_or(Shown::Nothing, |text| Shown::Text(safe_text(text))))
}

fn known(format: ImageFormat) -> bool {
    matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Gif | ImageFormat::WebP)
}

/// A picture's pixels and nothing else, no wider than a page needs; `None` when it does not decode.
fn encoded_anew(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE), Some(SIDE), Some(PICTURE));
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    reader.format().filter(|format| known(*format))?;
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let picture = if picture.width() > WIDEST { picture.thumbnail(WIDEST, SIDE) } else { picture };
    let mut png = Cursor::new(Vec::new());
    picture.to_rgba8().write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

/// The first bytes of a file.
fn bytes_of(file: &Opened, most: usize) -> Result<Vec<u8>, DeskError> {
    let Content::File { body, .. } = &file.content else { return Ok(Vec::new()) };
    match body {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_pixels_and_loses_what_it_carries() {
        let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let mut jpeg = Cursor::new(Vec::new());
        picture.write_to(&mut jpeg, ImageFormat::Jpeg).ok();
        // An EXIF segment, as a camera writes one.
        let mut bytes = jpeg.into_inner();
        let exif = b"\xff\xe1\x00\x1bExif\0\0CANARY-CAMERA-1234\0";
        bytes.splice(2..2, exif.iter().copied());
        let png = encoded_anew(&bytes).unwrap_or_default();
        assert!(png.starts_with(b"\x89PNG"));
        assert!(!png.windows(13).any(|w| w == b"CANARY-CAMERA"));
        assert!(encoded_anew(b"\x89PNG\r\n\x1a\nbroken").is_none());
    }
}
