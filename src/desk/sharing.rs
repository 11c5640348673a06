//! Giving others what one can read: a slot for each.
use std::time::Instant;

use futures_util::StreamExt;

use super::{
    Client, DeskError,
    open::Item,
    register::about,
    transfer::Pace,
    write::{failed, may_send},
};
use crate::{
    api_types::{CaseView, SentTo, SharedItem, Sharing, SlotSent},
    domain::{day::Day, id::ItemId, log::Deed, roster::Reader},
    seal::{Kind, desk::share},
};

/// An age header of one reader is shorter.
const HEADER: usize = 4 << 10;
/// The server takes so many slots at once.
const SLOTS: usize = 64;

/// Makes a slot of each of these items for each of these readers, as the server is told who they are. One who has it keeps it. The server refuses it
/// before its first day.
pub(super) async fn share_with(
    client: &Client,
    (case, items): (&CaseView, &[Item]),
    shared: &[ItemId],
    readers: &[(&Reader, SentTo)],
    not_before: Option<Day>,
) -> Result<(), DeskError> {
    may_send(Kind::HandOver, case.state)?;
    let mut slots = Vec::new();
    for item in shared {
        let own = own_slot(client, item).await?;
        for (reader, to) in readers {
            let slot = share(&client.me.seal, &own, reader).map_err(failed)?;
            slots.push(SharedItem { item: *item, slot: SlotSent::of(to.clone(), &slot.header) });
        }
    }
    while !slots.is_empty() {
        let rest = slots.split_off(slots.len().min(SLOTS));
        // What is said afterwards, in an item, names the act; this is what was done for it.
        let about = about(client, (case, items), None);
        let log = client.sealed_record(&case.org, Deed::Shared, about).await?;
        let sharing = Sharing { slots: std::mem::replace(&mut slots, rest), log, not_before };
        client.share(&case.case, &sharing).await?;
        client.logged(&case.org, sharing.log.as_deref()).await?;
    }
    Ok(())
}

/// One's own slot of an item: what stands before its payload.
async fn own_slot(client: &Client, item: &ItemId) -> Result<Vec<u8>, DeskError> {
    let mut chunks = client.item(item).await?.bytes_stream();
    let (mut bytes, mut pace) = (Vec::new(), Pace::new(Instant::now()));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        pace.arrived(chunk.len(), Instant::now())?;
        bytes.extend_from_slice(&chunk);
        // The header ends with the line of its MAC.
        let mac = bytes.windows(5).position(|w| w == b"\n--- ");
        let end = mac.and_then(|at| Some(at + 5 + bytes.get(at + 5..)?.iter().position(|b| *b == b'\n')? + 1));
        if let Some(end) = end {
            bytes.truncate(end);
            return Ok(bytes);
        }
        if bytes.len() > HEADER {
            break;
        }
    }
    Err(DeskError::new("an item has no slot of yours"))
}
