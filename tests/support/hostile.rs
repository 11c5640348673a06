//! A reader with a program of their own: what our desk would not send.
use base64::{Engine, prelude::BASE64_STANDARD};
use meldkluis::{
    api_types::{Adding, SentTo, SharedItem, Sharing, SlotSent},
    clock::Clock,
    desk::{Client, Identity, Place},
    domain::{
        id::{CaseId, ItemId},
        order::Before,
        roster::Reader,
    },
    envelope::before_payload,
    seal::{Author, ItemHead, Kind, Origin, Plaintext, Recipients, ReporterPublic, Signer, Slot, desk, item},
};
use uuid::Uuid;

use crate::support::Service;

/// What the server takes for a sealed record: it cannot look into one.
pub(crate) const RECORD: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==";

/// Signed in, with an own place to remember what was seen.
pub(crate) async fn hostile(service: &Service, reader: &str) -> Client {
    hostile_on(service, reader, Clock::System).await
}

/// The same, with a clock of their own.
pub(crate) async fn hostile_on(service: &Service, reader: &str, clock: Clock) -> Client {
    let me = Identity::load(&service.path(&format!("readers/{reader}.key")), || unreachable!()).unwrap();
    let place = Place {
        server: service.base.clone(),
        proxy: None,
        anchor: service.path("anchor.toml"),
        state: service.path(&format!("hostile-{reader}.seen")),
        clock,
    };
    Client::sign_in(&place, me).await.unwrap()
}

/// The age header that stands before an item's payload.
pub(crate) async fn own_slot(client: &Client, item: &ItemId) -> Vec<u8> {
    let sealed = client.item(item).await.unwrap().bytes().await.unwrap();
    let mac = sealed.windows(5).position(|w| w == b"\n--- ").unwrap() + 5;
    let end = mac + sealed[mac..].iter().position(|b| *b == b'\n').unwrap() + 1;
    sealed[..end].to_vec()
}

/// Makes a slot of an item for somebody, whoever agreed to that or not.
pub(crate) async fn give(client: &Client, case: &CaseId, item: &ItemId, to: &Reader, sent: SentTo) {
    let slot = desk::share(&client.me.seal, &own_slot(client, item).await, to).unwrap();
    let slot = SlotSent { to: sent, header: BASE64_STANDARD.encode(&slot.header) };
    let sharing =
        Sharing { slots: vec![SharedItem { item: *item, slot }], log: Some(RECORD.to_owned()), not_before: None };
    client.share(case, &sharing).await.unwrap();
}

/// Sends an item that the desk would not make.
pub(crate) async fn send(client: &Client, case: &CaseId, kind: Kind, body: Plaintext, to: &Recipients) -> ItemId {
    let author = Author::Reader(client.me.reader.clone());
    send_as((author, &client.me.signer), client, case, kind, body, to).await
}

/// Sends an item that somebody else signed.
pub(crate) async fn send_as(
    (author, signer): (Author, &Signer),
    client: &Client,
    case: &CaseId,
    kind: Kind,
    body: Plaintext,
    to: &Recipients,
) -> ItemId {
    let head = head(client, case, (author, kind), to);
    send_head(signer, client, head, body, to).await
}

/// What an item says of itself, as if nothing stood in the case yet.
pub(crate) fn head(client: &Client, case: &CaseId, (author, kind): (Author, Kind), to: &Recipients) -> ItemHead {
    ItemHead {
        instance: client.roster.instance,
        case: *case,
        item: ItemId::from_uuid(Uuid::new_v4()),
        kind,
        author,
        seq: 9,
        seen: [0; 32],
        before: Before::default(),
        day: client.today(),
        name: None,
        to: to.readers(),
        reporter: None,
        proof: None,
        origin: Origin::default(),
        unread: Vec::new(),
    }
}

/// Sends an item with a head of its own.
pub(crate) async fn send_head(
    signer: &Signer,
    client: &Client,
    head: ItemHead,
    body: Plaintext,
    to: &Recipients,
) -> ItemId {
    let (id, case) = (head.item, head.case);
    let (slots, payload) = item(head, body, signer, to).unwrap().into_parts();
    let sent = |s: &Slot| SlotSent { to: SentTo::of(&s.to), header: BASE64_STANDARD.encode(&s.header) };
    let view = client.case(&case).await.unwrap();
    let state = view.state;
    // The server takes no slot for a reader who is not in the case; what the head says it cannot see.
    let there = |slot: &SlotSent| !matches!(&slot.to, SentTo::Reader(who) if !view.readers.contains(who));
    let slots = slots.iter().map(sent).filter(there).collect();
    let adding = Adding { item: id, act: None, expected: state, slots, log: Some(RECORD.to_owned()) };
    client.add(&case, [before_payload(&adding).unwrap(), payload].concat()).await.unwrap();
    id
}

/// The reporter's public halves, as the first item has them.
pub(crate) async fn reporter(client: &Client, case: &CaseId) -> ReporterPublic {
    for item in &client.case(case).await.unwrap().items {
        let sealed = client.item(item).await.unwrap().bytes().await.unwrap();
        let opened = desk::open_text(&client.me.seal, &sealed[..]).unwrap();
        if let Some(reporter) = opened.manifest.head.reporter {
            return reporter;
        }
    }
    unreachable!("a case has a first item")
}

/// A reader of the roster.
pub(crate) fn named(client: &Client, name: &str) -> Reader {
    client.roster.readers().find(|r| r.id.as_str() == name).unwrap().clone()
}
