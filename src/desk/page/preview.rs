//! What is shown of a file: its picture, a page or its text, made anew here. The file itself never reaches the browser unasked.
use std::io::Cursor;

use actix_web::rt::task::spawn_blocking;
use image::{ImageFormat, ImageReader, Limits};

use super::{Desk, file::bytes_of};
use crate::{
    desk::{
        DeskError, Opened,
        pdf::{Drawn, LARGEST, MOST_PAGES, draw_apart, is_pdf},
        safe_text,
    },
    domain::id::ItemId,
    text::Texts,
};

/// Bytes of a text that are shown.
const SHOWN: usize = 200 << 10;
/// Pixels on a side, and bytes in memory, that a picture may take.
const SIDE: u32 = 20_000;
const PICTURE: u64 = 512 << 20;
const WIDEST: u32 = 1600;

/// What is shown of a file.
pub(super) enum Shown {
    /// A picture, at this address.
    Picture(String),
    /// A page of a document.
    Page(Page),
    /// A text.
    Text(String),
    /// A document that cannot be drawn.
    Failed,
    /// Another kind of file.
    Nothing,
}

/// A page of a document, and the ones beside it.
pub(super) struct Page {
    /// Where its picture is.
    pub(super) picture: String,
    /// Which, from 1.
    pub(super) number: usize,
    /// Of how many that are shown.
    pub(super) pages: usize,
    /// Whether the document may have more.
    pub(super) more: bool,
    /// The pages beside it.
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The page that was drawn last, kept until its picture is fetched.
pub(super) struct Last {
    item: ItemId,
    number: usize,
    drawn: Drawn,
}

/// What a file is, by its first bytes.
enum Looks {
    Picture,
    Pdf,
    Other,
}

fn looks(file: &Opened) -> Result<Looks, DeskError> {
    let head = bytes_of(file, 64)?;
    Ok(match () {
        () if image::guess_format(&head).is_ok_and(known) => Looks::Picture,
        () if is_pdf(&head) => Looks::Pdf,
        () => Looks::Other,
    })
}

/// What is shown of a file; of a document, the page of this number.
pub(super) async fn preview(
    desk: &Desk,
    t: Texts,
    (path, item): (&str, &ItemId),
    file: &Opened,
    number: usize,
    last: &mut Option<Last>,
) -> Result<Shown, DeskError> {
    match looks(file)? {
        Looks::Picture => Ok(Shown::Picture(format!("/{}/{path}/picture", t.lang()))),
        Looks::Pdf => {
            let Some(drawn) = page_of(desk, item, file, number, last).await? else { return Ok(Shown::Failed) };
            let link = |number: usize| format!("/{}/{path}?page={number}", t.lang());
            Ok(Shown::Page(Page {
                picture: format!("/{}/{path}/picture?page={number}", t.lang()),
                number,
                pages: drawn.pages,
                more: drawn.pages == MOST_PAGES,
                before: (number > 1).then(|| link(number - 1)),
                after: (number < drawn.pages).then(|| link(number + 1)),
            }))
        }
        Looks::Other => {
            let bytes = bytes_of(file, SHOWN)?;
            let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
            Ok(text.map_or(Shown::Nothing, |text| Shown::Text(safe_text(text))))
        }
    }
}

/// The picture of a file, or of a page of it, encoded anew.
pub(super) async fn picture(
    desk: &Desk,
    item: &ItemId,
    file: &Opened,
    number: usize,
    last: &mut Option<Last>,
) -> Result<Option<Vec<u8>>, DeskError> {
    match looks(file)? {
        Looks::Pdf => Ok(page_of(desk, item, file, number, last).await?.map(|drawn| drawn.png.clone())),
        _ if file.manifest.length > LARGEST => Ok(None),
        _ => {
            let bytes = bytes_of(file, usize::MAX)?;
            spawn_blocking(move || encoded_anew(&bytes)).await.map_err(|e| DeskError::new(e.to_string()))
        }
    }
}

/// A page of a document: the one that was drawn last, or drawn now.
async fn page_of<'a>(
    desk: &Desk,
    item: &ItemId,
    file: &Opened,
    number: usize,
    last: &'a mut Option<Last>,
) -> Result<Option<&'a Drawn>, DeskError> {
    if last.as_ref().is_none_or(|last| last.item != *item || last.number != number) {
        *last = None;
        if file.manifest.length > LARGEST {
            return Ok(None);
        }
        let (program, bytes) = (desk.program.clone(), bytes_of(file, usize::MAX)?);
        let drawing = spawn_blocking(move || draw_apart(&program, bytes, number));
        let drawn = drawing.await.map_err(|e| DeskError::new(e.to_string()))?;
        *last = drawn.map(|drawn| Last { item: *item, number, drawn });
    }
    Ok(last.as_ref().map(|last| &last.drawn))
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
