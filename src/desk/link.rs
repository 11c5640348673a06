//! Cases that belong together, or say the same: told to those alone who read both.
use super::{
    Client, DeskError,
    circle::{Addressed, Circle},
    consent::identity,
    open::{Content, Item, Reach, State, open_case},
    write::{failed, send_with},
};
use crate::{
    api_types::CaseView,
    domain::id::{CaseId, KeyedReader},
    seal::{Author, Kind, Recipients, link::Link},
};

/// What is said of two cases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Linking {
    /// They belong together.
    Linked,
    /// The one says what the other says.
    Duplicate,
    /// Neither, or no longer.
    Over,
}

/// Says in both cases how they belong together, sealed to the readers of both. What was said otherwise before is taken back first: it is not
/// overwritten unseen.
pub async fn link(client: &Client, case: &CaseId, other: &CaseId, how: Linking) -> Result<(), DeskError> {
    if case == other {
        return Err(DeskError::known("desk-error-link-itself"));
    }
    let (one, its_circle, its_links) = circle(client, case).await?;
    let (two, other_circle, _) = circle(client, other).await?;
    let both = |r: &&KeyedReader| two.readers.contains(r) && other_circle.contains(r) && its_circle.contains(r);
    let readers: Vec<_> = one.readers.iter().filter(both).filter_map(|r| client.roster.keyed(r)).collect();
    if readers.iter().all(|r| r.id != client.me.reader) {
        return Err(DeskError::known("desk-error-not-yours"));
    }
    let to = Addressed { to: Recipients::of(readers).map_err(failed)?, cards: Vec::new(), aside: None };
    let (duplicate, over) = (how == Linking::Duplicate, how == Linking::Over);
    if !over && its_links.iter().any(|(to, said)| to == other && *said != duplicate) {
        return Err(DeskError::known("desk-error-linked"));
    }
    let (here, there) = (Link::new(*other, duplicate, over), Link::new(*case, duplicate, over));
    // The log says that it was done, and names no case: one after the other, two would say which.
    send_with(client, &one, (Kind::Link, None, None), here.into_body(), &to, (None, None)).await?;
    send_with(client, &two, (Kind::Link, None, None), there.into_body(), &to, (None, None)).await?;
    Ok(())
}

/// A case, who may read it by what the reporter signed, and what it is linked to.
async fn circle(client: &Client, id: &CaseId) -> Result<(CaseView, Vec<KeyedReader>, Links), DeskError> {
    let case = client.case(id).await?;
    let items = open_case(client, &case, Reach::Messages).await?;
    // Which case says who the reporter of another is stands nowhere.
    if identity(&items) {
        return Err(DeskError::known("desk-error-identity-case"));
    }
    let readers = Circle::of(client, &items)?.readers;
    let case = client.opened(case, &items).await?;
    Ok((case, readers, links(&items)))
}

/// The cases that one belongs with, each with whether it says the same.
type Links = Vec<(CaseId, bool)>;

/// The cases this one belongs with, and of which it is a duplicate: the last proven word on each.
pub fn links(items: &[Item]) -> Links {
    let mut links = Links::new();
    for item in items {
        let State::Opened(opened) = &item.state else { continue };
        let by_reader = opened.proven && matches!(opened.manifest.head.author, Author::Reader(_));
        if let (Content::Link(link), true) = (&opened.content, by_reader) {
            links.retain(|(other, _)| *other != link.other);
            if !link.over {
                links.push((link.other, link.duplicate));
            }
        }
    }
    links
}
