//! One person of a case, with a program of their own, against the rest: the mailbox opens, the reporter writes, readers act.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "oversight/bare.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod bare;
#[path = "support/hostile.rs"]
mod evil;
mod support;

use bare::{Bare, new_item};
use base64::{Engine, prelude::BASE64_STANDARD};
use evil::{RECORD, hostile, own_slot, reporter, send};
use meldkluis::{
    api_types::{Adding, Going, SentTo, SharedItem, Sharing, SlotSent},
    desk::{Client, Identity},
    domain::{
        case::{Act, CaseState},
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
use sqlx::SqlitePool;
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
        let sharing = Sharing { slots, log: Some(RECORD.to_owned()), not_before: None };
        self.evil.share(&self.id, &sharing).await.map(drop).map_err(|e| e.to_string())
    }
}

/// Whoever lets people in who go again does not keep out who comes after them; and that one of them read it is not forgotten.
#[actix_web::test]
async fn people_who_go_fill_no_item() {
    let siege = Siege::begun().await;
    let item = siege.first().await;
    let pool = SqlitePool::connect(&siege.service.database).await.unwrap();
    let rows = async || {
        let rows = sqlx::query_as("select mailbox, tag from slot where item = $1").bind(item.uuid());
        rows.fetch_all(&pool).await.unwrap() as Vec<(Vec<u8>, Vec<u8>)>
    };
    let there = siege.evil.case(&siege.id).await.unwrap().readers;
    let key = |r: &Reader| siege.service.path(&format!("readers/{}.key", r.id.as_str())).exists();
    let others: Vec<&Reader> = siege.evil.roster.readers().filter(|r| !there.contains(&r.keyed()) && key(r)).collect();
    let mut read = None;
    for reader in &others {
        siege.let_in(item, reader, SentTo::Reader(reader.keyed())).await.unwrap();
        let them = hostile(&siege.service, reader.id.as_str()).await;
        if read.is_none() {
            them.item(&item).await.unwrap();
        }
        let before = rows().await;
        them.leave(&siege.id, &Going { log: Some(RECORD.to_owned()) }).await.unwrap();
        read = read.or(rows().await.into_iter().find(|row| !before.contains(row)));
    }
    // Eight slots when it was filed, and sixteen at most: who comes last stands in the place of one who went.
    for reader in others.iter().skip(1).take(17 - rows().await.len()) {
        siege.let_in(item, reader, SentTo::Reader(reader.keyed())).await.unwrap();
    }
    assert_eq!(rows().await.len(), 16);
    assert!(rows().await.contains(&read.unwrap()), "who read it is gone, and it is known that somebody did");
    pool.close().await;
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

    fn many(&self, items: u128) -> Vec<Named> {
        let day = self.service.clock.today();
        (0..items)
            .map(|n| Named { item: ItemId::from_uuid(Uuid::from_u128(n)), kind: Kind::File, day, name: None })
            .collect()
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
        let request = Request::new(to.clone(), text(5000), siege.many(500));
        siege.signs(Kind::ConsentRequest, request.into_body()).await;
    }
    // The long list is cut, and said to be.
    opens(&siege.says(&[]).await, &["en nog 480", "consent-yes"]);
    for _ in 0..3 {
        let ground = (Ground::CourtOrder, text(5000));
        let duty = DutyRequest::new((to.clone(), siege.many(400)), ground, text(5000), true);
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
    siege.signs(Kind::ConsentRequest, Request::new(to.clone(), text(9), siege.many(2000)).into_body()).await;
    assert_eq!(siege.says(&[]).await.html.matches("Het gaat om precies deze stukken").count(), before);
    siege.signs(Kind::Account, Account::new(How::Phone, text(50_000)).into_body()).await;
    let account = siege.says(&[("act", "account")]).await;
    assert_eq!((account.status, account.html.len()), (200, support::PAGE));
}

impl Siege {
    /// Fills the case up to so many items, as whoever has patience does.
    async fn filled(&self, items: i64) {
        let pool = SqlitePool::connect(&self.service.database).await.unwrap();
        let case = self.id.uuid().as_bytes().to_vec();
        let count = r#"select count(*) from item where "case" = $1"#;
        let (there,): (i64,) = sqlx::query_as(count).bind(case.clone()).fetch_one(&pool).await.unwrap();
        for _ in there..items {
            let insert = r#"insert into item (id, "case", payload) values ($1, $2, $3)"#;
            let insert = sqlx::query(insert).bind(Uuid::new_v4().as_bytes().to_vec()).bind(case.clone());
            insert.bind(vec![0; 9]).execute(&pool).await.unwrap();
        }
    }

    async fn as_reader(&self) -> Bare {
        Bare::new(&self.service, SECOND).await
    }

    /// A guest who was let in.
    async fn as_guest(&self) -> Bare {
        let (_, card) = self.guest("gast");
        let to = SentTo::Guest(Box::new(card.clone()));
        self.let_in(self.first().await, &card.reader(), to).await.unwrap();
        let file = self.service.path("card.json");
        std::fs::write(&file, serde_json::to_string(&card).unwrap()).unwrap();
        Bare::with_card(&self.service, "gast", Some(file.to_str().unwrap())).await
    }

    /// The answer to something that is added.
    async fn adds(&self, who: &Bare) -> u16 {
        who.add(&self.id.to_string(), (new_item(), Act::Note, CaseState::Open), "AAAA").await
    }

    async fn reminds(&self, who: &Bare) -> u16 {
        let to = vec![SentTo::Reader(who.keyed(SECOND))];
        who.memo(&self.id.to_string(), new_item(), to, Some(RECORD)).await.0
    }
}

#[actix_web::test]
async fn who_is_farther_from_a_case_cannot_fill_it_for_who_is_nearer() {
    let siege = Siege::begun().await;
    let (coordinator, guest) = (Bare::new(&siege.service, "bzk-coordinator").await, siege.as_guest().await);
    let reader = siege.as_reader().await;
    siege.filled(199).await;
    assert_eq!([siege.reminds(&coordinator).await, siege.reminds(&coordinator).await], [200, 409]);
    siege.filled(249).await;
    assert_eq!([siege.adds(&guest).await, siege.adds(&guest).await], [200, 409]);
    siege.filled(299).await;
    assert_eq!([siege.adds(&reader).await, siege.adds(&reader).await], [200, 409]);
    // Of those who come at once, no more are taken than there is room for.
    siege.filled(398).await;
    let written = tokio::join!(siege.writes(), siege.writes(), siege.writes());
    let written = [written.0, written.1, written.2].map(|page| page.html.contains("Uw bericht is verstuurd"));
    assert_eq!(written.iter().filter(|written| **written).count(), 2, "{written:?}");
    let page = siege.reporter.upload(&siege.code, "a.txt", vec![1; 10]).await;
    assert!(page.status == 422 && page.html.contains("Uw zaak is vol"), "{}", page.title());
    // Nor can a reporter keep a reader from what the law asks, and from ending it.
    siege.desk(SECOND, &["acknowledge"], "Ontvangen").await.unwrap();
    siege.desk(SECOND, &["close"], "Afgesloten").await.unwrap();
    assert!(siege.says(&[]).await.html.contains("Uw zaak is afgesloten"));
}

#[actix_web::test]
async fn coordinators_and_guests_have_so_many_items_a_day_in_a_case() {
    let siege = Siege::begun().await;
    let (coordinator, guest) = (Bare::new(&siege.service, "bzk-coordinator").await, siege.as_guest().await);
    let before = siege.filled_to().await;
    let nobody = vec![SentTo::Nobody(1), SentTo::Reporter];
    assert_eq!(coordinator.memo(&siege.id.to_string(), new_item(), nobody, Some(RECORD)).await.0, 400);
    assert_eq!(siege.filled_to().await, before, "what nobody can read is not kept");
    let slots = vec![SlotSent { to: SentTo::Reader(coordinator.keyed(SECOND)), header: "AAAA".to_owned() }];
    let (item, log) = (new_item(), Some(RECORD.to_owned()));
    let large = Adding { item, act: None, expected: CaseState::Open, slots, log };
    let path = format!("{}/memos", siege.id);
    assert_eq!(coordinator.put_with(&path, &large, vec![0; 400 << 10]).await.0, 413, "a message is a text");
    assert_eq!(siege.filled_to().await, before);
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(siege.reminds(&coordinator).await);
    }
    assert_eq!(answers, [200, 200, 200, 200, 429, 429]);
    let mut answers = Vec::new();
    for _ in 0..52 {
        answers.push(siege.adds(&guest).await);
    }
    assert_eq!(answers, [vec![200; 50], vec![429; 2]].concat());
    assert_eq!(siege.adds(&siege.as_reader().await).await, 200);
    assert_eq!(siege.filled_to().await, before + 4 + 50 + 1);
}

impl Siege {
    async fn filled_to(&self) -> i64 {
        let pool = SqlitePool::connect(&self.service.database).await.unwrap();
        sqlx::query_scalar("select count(*) from item").fetch_one(&pool).await.unwrap()
    }
}
