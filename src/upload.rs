//! A form with a file, up to the file: the code, the room and what is typed stand before it. The file itself streams on.
use actix_multipart::{Field, Multipart};
use futures_util::StreamExt;

use crate::seal::Plaintext;

/// Bytes of a field other than the text and the file, more than any code has.
pub const SHORT: usize = 1 << 10;
/// Bytes of the text: 20,000 characters of three bytes are what a browser sends at most, and more would not stand on a page again.
pub const TEXT: usize = 64 << 10;
/// Bytes of a file's name; no file system takes a longer one.
pub const NAME: usize = 255;

/// Fields that may stand before the file. A browser sends three; of a million tiny ones the rest is not read.
const FIELDS: usize = 8;

/// What came before a file, and the file.
pub struct Upload {
    /// The code, as it was typed.
    pub code: Plaintext,
    /// The room, if one is named that a number of 8 bits can name.
    pub room: Option<u8>,
    /// What was typed in the same form and is not sent with the file: it goes back to the page.
    pub text: Plaintext,
    /// The file's name as its sender gave it, cut to [`NAME`] bytes; never trusted.
    pub name: String,
    /// Its bytes, still to be read.
    pub file: Field,
}

impl Upload {
    /// Reads on to the file. `None` when the form is not one, breaks off, or has fields that are many or
    /// longer than [`SHORT`], a text longer than [`TEXT`], and when no code stands before the file.
    pub async fn read(form: &mut Multipart) -> Option<Self> {
        let (mut code, mut room, mut text) = (None, None, Plaintext::default());
        for _ in 0..=FIELDS {
            let mut field = form.next().await?.ok()?;
            match (field.name().unwrap_or_default().to_owned().as_str(), code.take()) {
                ("file", Some(code)) => {
                    let named = field.content_disposition().and_then(|d| d.get_filename()).unwrap_or_default();
                    return Some(Self { code, room, text, name: shortened(named.to_owned()), file: field });
                }
                ("code", _) => code = Some(value(&mut field, SHORT).await?),
                (name, before) => {
                    let value = value(&mut field, if name == "text" { TEXT } else { SHORT }).await?;
                    code = before;
                    match name {
                        "text" => text = value,
                        "room" => room = value.choice().and_then(|n| n.parse().ok()),
                        _ => {}
                    }
                }
            }
        }
        None
    }
}

/// A field's bytes; `None` when they are more than so many, or break off.
async fn value(field: &mut Field, most: usize) -> Option<Plaintext> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.ok()?);
        if bytes.len() > most {
            return None;
        }
    }
    Some(Plaintext::from(bytes))
}

fn shortened(mut name: String) -> String {
    let fits = name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= NAME).last();
    name.truncate(fits.unwrap_or_default());
    name
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    /// The form of a browser, with so many fields more before the file.
    async fn read(text: &str, more: usize) -> Option<Upload> {
        let part =
            |head: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n");
        let body = [
            part("name=\"code\"", "woorden"),
            part("name=\"room\"", "1"),
            part("name=\"text\"", text),
            part("name=\"x\"", "").repeat(more),
            part("name=\"file\"; filename=\"a.txt\"", "inhoud"),
            String::from("--b--\r\n"),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
        let body = stream::iter([Ok(Bytes::from(body.concat()))]);
        Upload::read(&mut Multipart::new(&headers, body)).await
    }

    #[actix_web::test]
    async fn what_stands_before_a_file_is_read_and_the_file_is_not() {
        let upload = read("Nog \"iets\"", 0).await.map(|u| (u.code.echo().to_string(), u.room, u.name, u.text));
        let (code, room, name, text) = upload.unwrap_or_default();
        assert_eq!((code.as_str(), room, name.as_str()), ("woorden", Some(1), "a.txt"));
        assert_eq!(text.echo().to_string(), "Nog &#34;iets&#34;");
    }

    #[actix_web::test]
    async fn a_form_of_a_great_many_fields_is_not_read_to_its_end() {
        assert!(read("", 4).await.is_some());
        assert!(read("", 1000).await.is_none());
    }

    #[actix_web::test]
    async fn a_text_is_read_up_to_what_a_page_can_hold() {
        let long = |bytes| "x".repeat(bytes);
        assert_eq!(read(&long(TEXT), 0).await.map(|u| u.text.len()), Some(TEXT));
        assert!(read(&long(TEXT + 1), 0).await.is_none());
    }
}
