//! Opening the messages of many cases: asked for together, opened on all cores.
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    sync::Arc,
    thread::available_parallelism,
};

use tokio::task::spawn_blocking;

use super::{
    Client, DeskError,
    open::{Item, State, prove},
    unseal::{Kept, unseal},
};
use crate::{
    api_types::CaseView,
    bundle::{self, Piece},
    domain::id::ItemId,
};

/// How many requests are under way at once: while some are opened, the next is on its way.
pub(super) fn at_once() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get) + 1
}

/// Divides cases so that the items of each part fit one answer; a case with more stands alone.
pub(super) fn parts<'a>(cases: &[&'a CaseView]) -> Vec<Vec<&'a CaseView>> {
    let (mut parts, mut room): (Vec<Vec<&CaseView>>, usize) = (Vec::new(), 0);
    for case in cases {
        if let Some(part) = parts.last_mut().filter(|_| room >= case.items.len()) {
            part.push(case);
        } else {
            parts.push(vec![case]);
            room = bundle::MOST;
        }
        room = room.saturating_sub(case.items.len());
    }
    parts
}

/// Opens the messages of some cases, and small files; what is larger, and what the server leaves out, is not among the items.
pub(super) async fn open_messages<'a>(
    client: &Client,
    cases: Vec<&'a CaseView>,
) -> Result<Vec<(&'a CaseView, Vec<Item>)>, DeskError> {
    let ids: Vec<ItemId> = cases.iter().flat_map(|case| &case.items).copied().collect();
    let case_of: HashMap<ItemId, _> =
        cases.iter().flat_map(|case| case.items.iter().map(|item| (*item, case.case))).collect();
    let (mut opened, mut told) = (HashMap::new(), HashSet::new());
    for some in ids.chunks(bundle::MOST) {
        let answer = client.items(some).await?;
        let (me, instance, case_of) = (Arc::clone(&client.me), client.roster.instance, case_of.clone());
        let work = spawn_blocking(move || {
            let pieces = bundle::parted(&answer).ok_or_else(|| DeskError::known("desk-error-length"))?;
            let known = pieces.into_iter().filter_map(|piece| Some((case_of.get(&piece.item)?, piece)));
            known
                .map(|(case, Piece { item: id, told, sealed })| {
                    let state = match unseal(&me.seal, (&instance, case, &id), sealed, Kept::Memory)? {
                        Ok(opened) => State::Opened(Box::new(opened)),
                        Err(error) => State::Failed(error),
                    };
                    Ok((told, Item { id, state }))
                })
                .collect::<Result<Vec<_>, DeskError>>()
        });
        for (is_told, item) in work.await.map_err(|e| DeskError::new(e.to_string()))?? {
            told.extend(is_told.then_some(item.id));
            opened.insert(item.id, item);
        }
    }
    let one = |case: &'a CaseView| {
        let mut items: Vec<Item> = case.items.iter().filter_map(|id| opened.remove(id)).collect();
        // Of the items the server says which go to the reporter; of a case an inbox does not.
        let told = case.items.iter().filter(|id| told.contains(id)).copied().collect();
        prove(client, &CaseView { told: Some(told), ..case.clone() }, &mut items);
        (case, items)
    };
    Ok(cases.into_iter().map(one).collect())
}
