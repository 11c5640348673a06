//! What is shown of a file: its picture, a page or its text, made anew here. The file itself never reaches the browser unasked.
use super::{Desk, file::bytes_of};
use crate::{
    desk::{
        Content, DeskError, Opened,
        draw::{Drawn, LARGEST, MOST_PAGES, draw_apart},
        pdf::is_pdf,
        picture::is_picture,
        safe_text,
    },
    domain::id::ItemId,
    text::Texts,
};

/// Bytes of a text that are shown.
const SHOWN: usize = 200 << 10;

/// Ends of the names of documents that people write in.
const OFFICE: [&str; 11] = ["doc", "docx", "docm", "odt", "xls", "xlsx", "xlsm", "ods", "ppt", "pptx", "odp"];

/// What is shown of a file.
pub(super) enum Shown {
    /// A picture, at this address.
    Picture(String),
    /// A page of a document.
    Page(Page),
    /// A text.
    Text(String),
    /// A document or a picture that cannot be drawn.
    Failed,
    /// A document of an office program, which is a container of others.
    Office,
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

/// The page or picture that was drawn last, kept until its picture is fetched.
pub(super) struct Last {
    item: ItemId,
    number: usize,
    drawn: Drawn,
}

/// What a file is, by its first bytes.
enum Looks {
    Picture,
    Pdf,
    Office,
    Other,
}

fn looks(file: &Opened) -> Result<Looks, DeskError> {
    let head = bytes_of(file, 64)?;
    Ok(match () {
        () if is_picture(&head) => Looks::Picture,
        () if is_pdf(&head) => Looks::Pdf,
        () if is_office(&file.content, &head) => Looks::Office,
        () => Looks::Other,
    })
}

/// Whether a file is one of Word and its like: by how they begin, a zip or what came before that, and by their name.
fn is_office(file: &Content, head: &[u8]) -> bool {
    let Content::File { name, .. } = file else { return false };
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let begins = head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    begins && OFFICE.contains(&&*ending)
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
        Looks::Picture => {
            let drawn = page_of(desk, item, file, 1, last).await?;
            Ok(drawn.map_or(Shown::Failed, |_| Shown::Picture(format!("/{}/{path}/picture", t.lang()))))
        }
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
        Looks::Office => Ok(Shown::Office),
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
    Ok(page_of(desk, item, file, number, last).await?.map(|drawn| drawn.png.clone()))
}

/// A page of a document, or a picture: the one that was drawn last, or drawn now.
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
        let drawn = draw_apart(&desk.program, bytes_of(file, usize::MAX)?, number).await?;
        *last = drawn.map(|drawn| Last { item: *item, number, drawn });
    }
    Ok(last.as_ref().map(|last| &last.drawn))
}
