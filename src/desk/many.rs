//! Opening the messages of many cases: asked for together, opened on all cores.
use std::{collections::HashMap, num::NonZeroUsize, sync::Arc, thread::available_parallelism};

use tokio::task::spawn_blocking;

use super::{
    Client, DeskError,
    circle::done,
    open::{Item, State, prove},
    unseal::{Kept, unseal},
};
use crate::{
    api_types::CaseView,
    bundle,
    domain::{case::CaseState, id::ItemId},
    seal::Kind,
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

/// Opens the messages of some cases, and small files; what is larger, and what the server leaves out, is not among the items, and a
/// case that is gone by now is not among the cases.
pub(super) async fn open_messages<'a>(
    client: &Client,
    cases: Vec<&'a CaseView>,
) -> Result<Vec<(&'a CaseView, Vec<Item>)>, DeskError> {
    let ids: Vec<ItemId> = cases.iter().flat_map(|case| &case.items).copied().collect();
    let case_of: HashMap<ItemId, _> =
        cases.iter().flat_map(|case| case.items.iter().map(|item| (*item, case.case))).collect();
    let mut opened: HashMap<ItemId, Item> = HashMap::new();
    for some in ids.chunks(bundle::MOST) {
        let answer = client.items(some).await?;
        let (me, instance, case_of) = (Arc::clone(&client.me), client.roster.instance, case_of.clone());
        let work = spawn_blocking(move || {
            let sealed = bundle::parted(&answer).ok_or_else(|| DeskError::known("desk-error-length"))?;
            let known = sealed.into_iter().filter_map(|(id, sealed)| Some((id, case_of.get(&id)?, sealed)));
            known
                .map(|(id, case, sealed)| {
                    let state = match unseal(&me.seal, (&instance, case, &id), sealed, Kept::Memory)? {
                        Ok(opened) => State::Opened(Box::new(opened)),
                        Err(error) => State::Failed(error),
                    };
                    Ok((id, Item { id, state }))
                })
                .collect::<Result<Vec<_>, DeskError>>()
        });
        opened.extend(work.await.map_err(|e| DeskError::new(e.to_string()))??);
    }
    let mut all = Vec::new();
    for case in cases {
        let mut items: Vec<Item> = case.items.iter().filter_map(|id| opened.remove(id)).collect();
        prove(client, case, &mut items);
        // What cannot be asked now is asked the next time.
        if ask_told(client, case, &mut items).await.is_ok() {
            all.push((case, items));
        }
    }
    Ok(all)
}

/// Marks what goes to the reporter, of which an inbox says nothing: it is asked of an open case in which something would count.
async fn ask_told(client: &Client, case: &CaseView, items: &mut Vec<Item>) -> Result<(), DeskError> {
    let owed = |kind| matches!(kind, Kind::Acknowledgement | Kind::Feedback);
    let asks = case.told.is_none() && case.state == CaseState::Open;
    if asks && done(items).any(|(_, opened)| owed(opened.manifest.head.kind)) {
        let told = client.case(&case.case).await?.told;
        prove(client, &CaseView { told, ..case.clone() }, items);
    }
    Ok(())
}
