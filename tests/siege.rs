//! One person of a case, with a program of their own, against the rest: the mailbox opens, the reporter writes, readers act.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "support/hostile.rs"]
mod evil;
mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use evil::{RECORD, hostile, own_slot};
use meldkluis::{
    api_types::{SentTo, SharedItem, Sharing, SlotSent},
    desk::{Client, Identity},
    domain::{
        guest::{Guest, GuestCard, VERSION},
        id::{CaseId, ItemId, ReaderId},
        roster::{Reader, Text},
    },
    seal::{desk, guest::vouch},
};
use support::{Browser, Page, Service};

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";

/// A report with its reporter, and a reader who means ill.
struct Siege {
    service: Service,
    reporter: Browser,
    code: String,
    id: CaseId,
    evil: Client,
}

impl Siege {
    async fn begun() -> Self {
        Self::over(Service::start(None).await).await
    }

    async fn over(service: Service) -> Self {
        let reporter = Browser::new(&service.base);
        let (code, _) = reporter.report("Het verhaal", &[]).await;
        let evil = hostile(&service, READER).await;
        let id = evil.inbox().await.unwrap()[0].case;
        let siege = Self { service, reporter, code, id, evil };
        siege.service.desk(READER, &["read", &siege.id.to_string()]).await.unwrap();
        siege
    }

    async fn says(&self, more: &[(&str, &str)]) -> Page {
        self.reporter.mailbox(&self.code, None, more).await
    }

    async fn writes(&self) -> Page {
        self.says(&[("act", "write"), ("text", "NOG-IETS")]).await
    }

    /// A command of a reader about this case, with a text.
    async fn desk(&self, who: &str, act: &[&str], text: &str) -> Result<serde_json::Value, String> {
        let (file, id) = (self.service.path("text.txt"), self.id.to_string());
        std::fs::write(&file, text).unwrap();
        let words = [&act[..1], &[id.as_str()], &act[1..], &["--file", file.to_str().unwrap()]].concat();
        self.service.desk(who, &words).await
    }

    async fn first(&self) -> ItemId {
        self.evil.case(&self.id).await.unwrap().items[0]
    }

    /// Keys that were made now, and a card for them that this reader signed.
    fn guest(&self, name: &str) -> (Identity, GuestCard) {
        let path = self.service.path(&format!("readers/{name}.key"));
        let me = Identity::create(&path, ReaderId::parse(name).unwrap(), None).unwrap();
        let keys: toml::Value = toml::from_str(&me.public()).unwrap();
        let key = |field: &str| keys["readers"][0][field].as_str().unwrap().to_owned();
        let shown_as = Text { nl: format!("Gast {name}"), en: format!("Guest {name}") };
        let (seal_key, sign_key) = (key("seal_key"), key("sign_key"));
        let guest = Guest { id: me.reader.clone(), shown_as, seal_key, sign_key };
        let until = self.service.clock.today().plus_days(20);
        let by = self.evil.me.reader.clone();
        let card = GuestCard { v: VERSION, guest, case: self.id, until, by, signature: String::new() };
        (me, vouch(card, &self.evil.roster.instance, &self.evil.me.signer))
    }

    /// Gives somebody a slot of an item; an error says what the desk says.
    async fn let_in(&self, item: ItemId, reader: &Reader, to: SentTo) -> Result<(), String> {
        let slot = desk::share(&self.evil.me.seal, &own_slot(&self.evil, &item).await, reader).unwrap();
        let slots = vec![SharedItem { item, slot: SlotSent { to, header: BASE64_STANDARD.encode(&slot.header) } }];
        let sharing = Sharing { slots, log: Some(RECORD.to_owned()) };
        self.evil.share(&self.id, &sharing).await.map(drop).map_err(|e| e.to_string())
    }
}

#[actix_web::test]
async fn nobody_is_let_in_whom_the_reporter_could_not_write_to() {
    let siege = Siege::begun().await;
    siege.writes().await;
    let items = siege.evil.case(&siege.id).await.unwrap().items;
    let (_, card) = siege.guest("gast");
    siege.let_in(items[0], &card.reader(), SentTo::Guest(Box::new(card.clone()))).await.unwrap();
    // Three read the report and one reserve; with its reporter, sixteen fit an item, whichever item somebody has.
    let there: Vec<_> = ["1", "2", "3"].iter().map(|n| format!("bzk-functionaris-{n}")).collect();
    let roster = siege.evil.roster.readers().filter(|r| !there.contains(&r.id.to_string()));
    let mut refused = Vec::new();
    for (n, reader) in roster.take(15).enumerate() {
        let let_in = siege.let_in(items[n % 2], reader, SentTo::Reader(reader.keyed())).await;
        refused.extend(let_in.err().map(|why| (n, why)));
    }
    assert_eq!(refused.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [11, 12, 13, 14], "{refused:?}");
    assert!(refused[0].1.contains("as many people as can read it"), "{refused:?}");
    let page = siege.writes().await;
    assert!(page.status == 200 && page.html.contains("Uw bericht is verstuurd"), "{}", page.title());
    let page = siege.reporter.upload(&siege.code, "a.txt", vec![1; 10]).await;
    assert!(page.html.contains("Uw bestand is toegevoegd"), "{}", page.title());
    // Whoever is in already is not refused another item.
    siege.let_in(items[1], &card.reader(), SentTo::Guest(Box::new(card))).await.unwrap();
    siege.desk(SECOND, &["acknowledge"], "Ontvangen").await.unwrap();
}
