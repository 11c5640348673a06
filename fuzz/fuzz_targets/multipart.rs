//! A form with a file: what a browser sends arrives whole, however it is cut into pieces, and whatever else is sent ends.
#![no_main]
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use actix_multipart::Multipart;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use libfuzzer_sys::fuzz_target;
use meldkluis::{
    fuzzing,
    upload::{NAME, SHORT, TEXT, Upload},
};
use meldkluis_fuzz::Input;

/// Code, room, text, name and file.
type Read = (Vec<u8>, Option<u8>, Vec<u8>, String, Vec<u8>);

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let (kind, piece) = (input.byte(), 1 + usize::from(input.byte()));
    if kind % 2 == 0 {
        let body = input.rest();
        let whole = read(body, body.len().max(1));
        assert_eq!(read(body, piece), whole, "pieces of {piece} bytes");
        if let Some((code, _, text, name, file)) = whole {
            assert!(code.len() <= SHORT && text.len() <= TEXT && name.len() <= NAME && file.len() <= body.len());
        }
    } else {
        sent(&mut input, piece);
    }
});

/// As a browser sends it.
fn sent(input: &mut Input<'_>, piece: usize) {
    let (code, room, name, text) = (input.text(), input.byte(), input.text(), input.text());
    let file = input.rest();
    let name: String = name.chars().filter(|c| !c.is_control() && !['"', '\\'].contains(c)).collect();
    let inside = |bytes: &[u8]| bytes.windows(3).any(|window| window == b"--b");
    if inside(code.as_bytes()) || inside(text.as_bytes()) || inside(file) || inside(name.as_bytes()) {
        return;
    }
    let part = |head: &str| format!("--b\r\nContent-Disposition: form-data; {head}\r\n");
    let before = [
        part("name=\"code\""),
        format!("\r\n{code}\r\n"),
        part("name=\"room\""),
        format!("\r\n{room}\r\n"),
        part("name=\"text\""),
        format!("\r\n{text}\r\n"),
        part(&format!("name=\"file\"; filename=\"{name}\"")),
        String::from("Content-Type: application/octet-stream\r\n\r\n"),
    ];
    let body = [before.concat().as_bytes(), file, b"\r\n--b--\r\n"].concat();
    let found = read(&body, piece);
    if code.len() > SHORT || text.len() > TEXT {
        assert!(found.is_none());
        return;
    }
    let (found_code, found_room, found_text, found_name, found_file) = found.expect("a browser's form is read");
    assert_eq!((found_code.as_slice(), found_room, found_file.as_slice()), (code.as_bytes(), Some(room), file));
    assert_eq!(found_text, text.as_bytes());
    assert!(name.starts_with(&found_name) && name.len() - found_name.len() <= name.len().saturating_sub(NAME) + 3);
}

/// What is read of a body that comes in pieces of so many bytes; `None` when it is refused or breaks off.
fn read(body: &[u8], piece: usize) -> Option<Read> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
    let pieces: Vec<_> = body.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let polls = 1000 + 4 * pieces.len();
    let mut form = Multipart::new(&headers, stream::iter(pieces));
    ended(polls, async {
        let Upload { code, room, text, name, file } = Upload::read(&mut form).await?;
        let mut bytes = Vec::new();
        let mut file = file.fuse();
        while let Some(chunk) = file.next().await {
            bytes.extend_from_slice(&chunk.ok()?);
        }
        Some((fuzzing::bytes(&code).to_vec(), room, fuzzing::bytes(&text).to_vec(), name, bytes))
    })
}

/// The end of a future that nothing outside of it holds up.
fn ended<T>(polls: usize, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(found) = future.as_mut().poll(&mut context) {
            return found;
        }
    }
    panic!("it did not end after {polls} polls");
}
