//! One person of a case, with a program of their own, against the rest: the mailbox opens, the reporter writes, readers act.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "support/hostile.rs"]
mod evil;
mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use evil::{RECORD, hostile, own_slot, reporter, send};
use meldkluis::{
    api_types::{SentTo, SharedItem, Sharing, SlotSent},
    desk::{Client, Identity},
    domain::{
        ground::Ground,
        guest::{Guest, GuestCard, VERSION},
        id::{CaseId, ItemId, ReaderId},
        oral::How,
        roster::{Reader, Text},
    },
    seal::{
        Kind, Plaintext, Recipients,
        account::Account,
        circle::DutyRequest,
        consent::{Named, Request},
        desk,
        guest::vouch,
    },
};
use support::{Browser, Page, Service};
use uuid::Uuid;

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

impl Siege {
    /// What this reader signs to the reporter, whatever it is.
    async fn signs(&self, kind: Kind, body: Plaintext) -> ItemId {
        let view = self.evil.case(&self.id).await.unwrap();
        let readers = view.readers.iter().filter_map(|r| self.evil.roster.reader(&r.reader));
        let reply = reporter(&self.evil, &self.id).await.reply;
        let to = Recipients::of(readers).unwrap().with_reporter(self.id, &reply).unwrap();
        send(&self.evil, &self.id, kind, body, &to).await
    }

    async fn many(&self, items: u128) -> Vec<Named> {
        let day = self.service.clock.today();
        (0..items).map(|n| Named { item: ItemId::from_uuid(Uuid::from_u128(n)), kind: Kind::File, day }).collect()
    }
}

/// Shown whole, with the size of every page and what a reporter needs on it.
fn opens(page: &Page, with: &[&str]) {
    assert_eq!((page.status, page.html.len()), (200, support::PAGE), "{}", page.title());
    for text in [&["Uw brievenbus", "act\" value=\"write", "act\" value=\"sure"], with].concat() {
        assert!(page.html.contains(text), "{text} is not on the page");
    }
}

#[actix_web::test]
async fn whatever_a_reader_sends_the_mailbox_opens() {
    let siege = Siege::begun().await;
    let text = |bytes: usize| Plaintext::from("<".repeat(bytes));
    let to = evil::named(&siege.evil, "bzk-leidinggevende-1").keyed();
    for _ in 0..3 {
        let request = Request::new(to.clone(), text(5000), siege.many(500).await);
        siege.signs(Kind::ConsentRequest, request.into_body()).await;
    }
    // The long list is cut, and said to be.
    opens(&siege.says(&[]).await, &["en nog 480", "consent-yes"]);
    for _ in 0..3 {
        let ground = (Ground::CourtOrder, text(5000));
        let duty = DutyRequest::new((to.clone(), siege.many(400).await), ground, text(5000), true);
        siege.signs(Kind::DutyRequest, duty.into_body()).await;
    }
    // What is no text takes three bytes on a page for each.
    siege.signs(Kind::Reply, Plaintext::from(vec![0xff; 100_000])).await;
    let page = siege.says(&[]).await;
    opens(&page, &["consent-yes", "Niet alles past", "U ziet alleen het begin", "\u{fffd}"]);
    let request = page.html.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let yes = siege.says(&[("act", "consent-yes"), ("request", request)]).await;
    opens(&yes, &["U hebt ja gezegd. Dat is verstuurd"]);
    opens(&siege.writes().await, &["Uw bericht is verstuurd"]);
    // More of it than a consent ever has is not looked at.
    let before = siege.says(&[]).await.html.matches("Het gaat om precies deze stukken").count();
    siege.signs(Kind::ConsentRequest, Request::new(to.clone(), text(9), siege.many(2000).await).into_body()).await;
    assert_eq!(siege.says(&[]).await.html.matches("Het gaat om precies deze stukken").count(), before);
    siege.signs(Kind::Account, Account::new(How::Phone, text(50_000)).into_body()).await;
    let account = siege.says(&[("act", "account")]).await;
    assert_eq!((account.status, account.html.len()), (200, support::PAGE));
}
