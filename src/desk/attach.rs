//! A file that goes along with what is written: sealed while it is read, and sent while it is read again.
use std::{
    fs::File,
    io::{Read, Seek, Write},
};

use futures_util::StreamExt;

use super::{
    Client, DeskError,
    circle::Addressed,
    open::Item,
    register::{Doing, about, deed},
    transfer::bar,
    write::{failed, framed, head, may_send},
};
use crate::{
    api_types::CaseView,
    seal::{FileSealer, Kind},
};

/// A file that goes along.
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its bytes, from the start.
    pub file: File,
}

/// Seals a file into a private temporary file, then sends it.
pub(super) async fn attach(
    client: &Client,
    (case, items): (&CaseView, &[Item]),
    to: &Addressed,
    Attachment { name, mut file }: Attachment,
    seq: u32,
) -> Result<(), DeskError> {
    may_send(Kind::File, case.state)?;
    let head = head(client, case, &to.to, Kind::File, seq, Some(name));
    let id = head.item;
    let mut sealed = tempfile::tempfile()?;
    let bar = bar(file.metadata()?.len(), "sealing");
    let mut sealer = FileSealer::new(&to.to).map_err(failed)?;
    let mut chunk = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut chunk)?;
        if n == 0 {
            break;
        }
        sealer.write(chunk.get(..n).unwrap_or_default()).map_err(failed)?;
        sealed.write_all(&sealer.take())?;
        bar.inc(n as u64);
    }
    sealed.write_all(&sealer.take())?;
    let mut ending = sealer.ending(head, &client.me.signer).map_err(failed)?;
    while let Some(piece) = ending.next_piece().map_err(failed)? {
        sealed.write_all(&piece)?;
    }
    bar.finish_and_clear();
    let about = about(client, (case, items), Some(Doing::Kind(Kind::File)));
    let log = client.sealed_record(&case.org, deed(Kind::File), about).await?;
    let framed = framed(id, None, case.state, (&ending.into_slots(), Some(to)), log.clone())?;
    client.add(&case.case, stream(framed, sealed)?).await?;
    client.logged(&case.org, log.as_deref()).await?;
    Ok(())
}

/// A body of a head and a file, read in pieces.
fn stream(head: Vec<u8>, mut file: File) -> Result<reqwest::Body, DeskError> {
    file.rewind()?;
    let bar = bar(file.metadata()?.len(), "sending");
    let pieces = futures_util::stream::unfold((file, bar), |(mut file, bar)| async move {
        let mut piece = vec![0; 256 << 10];
        match file.read(&mut piece) {
            Ok(0) => {
                bar.finish_and_clear();
                None
            }
            Ok(n) => {
                piece.truncate(n);
                bar.inc(n as u64);
                Some((Ok(bytes::Bytes::from(piece)), (file, bar)))
            }
            Err(error) => Some((Err(error), (file, bar))),
        }
    });
    let first = futures_util::stream::once(async { Ok::<_, std::io::Error>(bytes::Bytes::from(head)) });
    Ok(reqwest::Body::wrap_stream(first.chain(pieces)))
}
