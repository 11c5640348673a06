//! Whom a desk and a mailbox believe to read a case: what one reader says with a program of their own changes nothing of it.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#[path = "support/hostile.rs"]
mod evil;
mod support;

use evil::{give, hostile, named, reporter, send, send_as};
use meldkluis::{
    api_types::SentTo,
    clock::Clock,
    desk::{Client, Identity},
    domain::{
        ground::Ground,
        guest::{Guest, GuestCard, VERSION},
        id::{CaseId, ItemId, ReaderId},
        roster::Text,
    },
    seal::{
        Author, Kind, Plaintext, Recipients,
        circle::{DutyApproval, DutyRequest},
        consent::{HandOver, Named, Request},
        guest::vouch,
    },
};
use serde_json::{Value, json};
use support::{Browser, Service};

const READER: &str = "bzk-functionaris-1";
const SECOND: &str = "bzk-functionaris-2";
const THIRD: &str = "bzk-functionaris-3";
const NEW: &str = "bzk-leidinggevende-1";
const FRIEND: &str = "bzk-vertrouwenspersoon-1";

/// A report with its reporter, and a reader who means ill.
struct Case {
    service: Service,
    reporter: Browser,
    code: String,
    id: CaseId,
    evil: Client,
}

impl Case {
    async fn filed() -> Self {
        let service = Service::start(None).await;
        let reporter = Browser::new(&service.base);
        let (code, _) = reporter.report("Het verhaal", &[]).await;
        let evil = hostile(&service, READER).await;
        let id = evil.inbox().await.unwrap()[0].case;
        Self { service, reporter, code, id, evil }
    }

    async fn opened() -> Self {
        let case = Self::filed().await;
        case.desk(READER, &["read"]).await.unwrap();
        case
    }

    /// A command about this case.
    async fn desk(&self, who: &str, words: &[&str]) -> Result<Value, String> {
        let id = self.id.to_string();
        let words: Vec<&str> =
            words[..1].iter().copied().chain([id.as_str()]).chain(words[1..].iter().copied()).collect();
        self.service.desk(who, &words).await
    }

    /// A command that takes a text; returns the item it made.
    async fn with_text(&self, who: &str, words: &[&str], text: &str) -> Result<ItemId, String> {
        let file = self.service.path("text.txt");
        std::fs::write(&file, text).unwrap();
        let words: Vec<&str> = words.iter().copied().chain(["--file", file.to_str().unwrap()]).collect();
        self.desk(who, &words).await.map(|sent| ItemId::parse(sent["item"].as_str().unwrap()).unwrap())
    }

    /// The readers the server names, and the reporter.
    async fn all(&self) -> Recipients {
        let view = self.evil.case(&self.id).await.unwrap();
        let readers = view.readers.iter().filter_map(|r| self.evil.roster.reader(&r.reader));
        let reply = reporter(&self.evil, &self.id).await.reply;
        Recipients::of(readers).unwrap().with_reporter(self.id, &reply).unwrap()
    }

    async fn first(&self) -> ItemId {
        self.evil.case(&self.id).await.unwrap().items[0]
    }

    /// A hand-over in the name of the evil reader, who says that these could read before.
    async fn hand_over(&self, (request, answer): (ItemId, ItemId), to: &str, before: &[&str]) {
        let before = before.iter().map(|name| named(&self.evil, name).keyed()).collect();
        let reporter = reporter(&self.evil, &self.id).await;
        let to = named(&self.evil, to).keyed();
        let done = HandOver::new((request, answer), to, reporter, (before, Vec::new()));
        send(&self.evil, &self.id, Kind::HandOver, done.into_body(), &self.all().await).await;
    }

    /// A slot of the first item, so that the server names them as a reader.
    async fn slip_in(&self, name: &str) {
        let reader = named(&self.evil, name);
        give(&self.evil, &self.id, &self.first().await, &reader, SentTo::Reader(reader.keyed())).await;
    }

    async fn says(&self, more: &[(&str, &str)]) -> String {
        self.reporter.mailbox(&self.code, None, more).await.html
    }

    /// The reporter's last answer.
    async fn answer(&self, request: &ItemId, act: &str) -> ItemId {
        let before = self.evil.case(&self.id).await.unwrap().items;
        self.says(&[("act", act), ("request", &request.to_string())]).await;
        let after = self.evil.case(&self.id).await.unwrap().items;
        *after.iter().find(|item| !before.contains(item)).unwrap()
    }

    async fn strangers(&self, who: &str) -> Value {
        self.desk(who, &["read"]).await.unwrap()["strangers"].clone()
    }

    /// Nothing that this reader writes now can be read by that one.
    async fn keeps_from(&self, who: &str, other: &str) {
        self.with_text(who, &["note"], "NIET-VOOR-ANDEREN").await.unwrap();
        let theirs = self.desk(other, &["read"]).await.unwrap_or_default();
        assert!(!theirs.to_string().contains("NIET-VOOR-ANDEREN"), "{theirs}");
    }
}

#[actix_web::test]
async fn who_came_in_later_believes_no_second_hand_over_of_the_same_yes() {
    let case = Case::opened().await;
    let asked = case.with_text(READER, &["ask-consent", "--to", NEW], "Zij leidt het").await.unwrap();
    let yes = case.answer(&asked, "consent-yes").await;
    case.desk(SECOND, &["hand-over", &asked.to_string()]).await.unwrap();
    case.slip_in(FRIEND).await;
    case.hand_over((asked, yes), NEW, &[READER, SECOND, THIRD, FRIEND]).await;
    assert_eq!(case.strangers(NEW).await, json!([FRIEND]));
    case.keeps_from(NEW, FRIEND).await;
    case.with_text(NEW, &["note"], "VOOR-ALLEN").await.unwrap();
    assert!(case.desk(THIRD, &["read"]).await.unwrap().to_string().contains("VOOR-ALLEN"));
}

#[actix_web::test]
async fn who_was_there_from_the_start_believes_no_hand_over_to_themselves() {
    let case = Case::opened().await;
    let named = Named { item: case.first().await, kind: Kind::Report, day: case.evil.today(), name: None };
    let request = Request::new(named_as(&case, SECOND), Plaintext::from("Nog eens".to_owned()), vec![named]);
    let asked = send(&case.evil, &case.id, Kind::ConsentRequest, request.into_body(), &case.all().await).await;
    let yes = case.answer(&asked, "consent-yes").await;
    case.slip_in(FRIEND).await;
    case.hand_over((asked, yes), SECOND, &[READER, SECOND, FRIEND]).await;
    assert_eq!(case.strangers(SECOND).await, json!([FRIEND]));
    case.keeps_from(SECOND, FRIEND).await;
}

fn named_as(case: &Case, name: &str) -> meldkluis::domain::id::KeyedReader {
    named(&case.evil, name).keyed()
}

#[actix_web::test]
async fn a_yes_that_was_taken_back_lets_nobody_in() {
    let case = Case::opened().await;
    let asked = case.with_text(READER, &["ask-consent", "--to", NEW], "Zij leidt het").await.unwrap();
    let yes = case.answer(&asked, "consent-yes").await;
    case.answer(&asked, "consent-no").await;
    case.slip_in(NEW).await;
    case.hand_over((asked, yes), NEW, &[READER, SECOND, THIRD]).await;
    assert_eq!(case.strangers(THIRD).await, json!([NEW]));
    case.keeps_from(THIRD, NEW).await;
    // The reporter still sees a no, and may say yes.
    let page = case.says(&[]).await;
    assert!(page.contains("U hebt nee gezegd") && page.contains("consent-yes"), "{page}");
}

#[actix_web::test]
async fn saying_that_it_was_done_ends_no_request() {
    let case = Case::opened().await;
    let asked = case.with_text(READER, &["ask-consent", "--to", NEW], "Zij leidt het").await.unwrap();
    case.hand_over((asked, asked), NEW, &[READER, SECOND, THIRD]).await;
    let page = case.says(&[]).await;
    assert!(page.contains("consent-yes") && page.contains("consent-no"), "{page}");
    case.answer(&asked, "consent-yes").await;
    case.desk(SECOND, &["hand-over", &asked.to_string()]).await.unwrap();
    assert_eq!(case.strangers(THIRD).await, json!([]));

    // Nor a duty.
    let duty = ["ask-duty", "--to", FRIEND, "--ground", "court_order", "--reference", "C/13/1", "--no-notice"];
    let duty = case.with_text(SECOND, &duty, "Op bevel").await.unwrap();
    case.hand_over((duty, duty), FRIEND, &[READER, SECOND, THIRD]).await;
    case.desk(THIRD, &["approve-duty", &duty.to_string()]).await.unwrap();
    case.desk(SECOND, &["hand-over", &duty.to_string()]).await.unwrap();
    assert_eq!(case.strangers(THIRD).await, json!([]));
}

#[actix_web::test]
async fn a_guest_to_whom_the_reporter_did_not_agree_gets_nothing_of_theirs() {
    let case = Case::opened().await;
    let name = ReaderId::parse("ad-onderzoeker").unwrap();
    let guest = Identity::create(&case.service.path("readers/ad-onderzoeker.key"), name.clone(), None).unwrap();
    let keys: toml::Value = toml::from_str(&guest.public()).unwrap();
    let key = |field: &str| keys["readers"][0][field].as_str().unwrap().to_owned();
    let shown_as = Text { nl: "Auditdienst".to_owned(), en: "Audit service".to_owned() };
    let guest = Guest { id: name, shown_as, seal_key: key("seal_key"), sign_key: key("sign_key") };
    let until = Clock::System.today().plus_days(20);
    let by = case.evil.me.reader.clone();
    let card = GuestCard { v: VERSION, guest, case: case.id, until, by, signature: String::new() };
    let card = vouch(card, &case.evil.roster.instance, &case.evil.me.signer);
    let item = case.first().await;
    let wanted = Named { item, kind: Kind::Report, day: case.evil.today(), name: None };
    let request = Request::for_guest(card.clone(), Plaintext::from("Stil".to_owned()), vec![wanted]);
    let asked = send(&case.evil, &case.id, Kind::ConsentRequest, request.into_body(), &case.all().await).await;
    let public = reporter(&case.evil, &case.id).await;
    let done = HandOver::new((asked, asked), card.keyed(), public, (Vec::new(), Vec::new()));
    send(&case.evil, &case.id, Kind::HandOver, done.into_body(), &case.all().await).await;
    give(&case.evil, &case.id, &item, &card.reader(), SentTo::Guest(Box::new(card.clone()))).await;
    case.says(&[("act", "write"), ("text", "NIET-VOOR-DE-GAST")]).await;
    let file = case.service.path("card.json");
    std::fs::write(&file, serde_json::to_string(&card).unwrap()).unwrap();
    let words = ["--card", file.to_str().unwrap(), "read", &case.id.to_string()].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let theirs = case.service.desk("ad-onderzoeker", &words).await.unwrap_or_default();
    assert!(!theirs.to_string().contains("NIET-VOOR-DE-GAST"), "{theirs}");
    assert!(case.desk(THIRD, &["read"]).await.unwrap().to_string().contains("NIET-VOOR-DE-GAST"));
}

#[actix_web::test]
async fn who_left_is_none_of_two_and_what_they_did_before_stays() {
    let case = Case::opened().await;
    // Before they left.
    let duty = ["ask-duty", "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--no-notice"];
    let duty = case.with_text(THIRD, &duty, "Op bevel").await.unwrap();
    case.desk(SECOND, &["approve-duty", &duty.to_string()]).await.unwrap();
    case.desk(THIRD, &["hand-over", &duty.to_string()]).await.unwrap();
    let left = hostile(&case.service, SECOND).await;
    case.desk(SECOND, &["leave", "--conflict"]).await.unwrap();
    assert_eq!(case.strangers(THIRD).await, json!([]));
    // After: one who stayed sends what they signed.
    let wanted = Named { item: case.first().await, kind: Kind::Report, day: case.evil.today(), name: None };
    let ground = (Ground::CourtOrder, Plaintext::default());
    let asked = DutyRequest::new((named_as(&case, FRIEND), vec![wanted]), ground, Plaintext::default(), false);
    let asked = send(&case.evil, &case.id, Kind::DutyRequest, asked.into_body(), &case.all().await).await;
    let by = (Author::Reader(left.me.reader.clone()), &left.me.signer);
    let body = DutyApproval::new(asked).into_body();
    let approval = send_as(by, &case.evil, &case.id, Kind::DutyApproval, body, &case.all().await).await;
    case.slip_in(FRIEND).await;
    case.hand_over((asked, approval), FRIEND, &[READER, THIRD, NEW]).await;
    assert_eq!(case.strangers(THIRD).await, json!([FRIEND]));
    case.keeps_from(THIRD, FRIEND).await;
    let refused = case.desk(THIRD, &["hand-over", &asked.to_string()]).await.unwrap_err();
    assert!(refused.contains("has not approved"), "{refused}");
}

#[actix_web::test]
async fn why_somebody_leaves_unread_is_told_to_nobody_and_they_are_not_asked_for_again() {
    let case = Case::filed().await;
    case.desk(SECOND, &["leave", "--conflict"]).await.unwrap();
    let inbox = case.service.desk(READER, &["inbox"]).await.unwrap();
    assert_eq!(inbox[0]["state"], "unopened", "leaving is not reading");
    let seen = case.desk(READER, &["read"]).await.unwrap().to_string();
    assert!(seen.contains("\"left\":\"unread\"") && !seen.contains("conflict"), "{seen}");
    let again = case.with_text(READER, &["ask-consent", "--to", SECOND], "Handig").await.unwrap_err();
    assert!(again.contains("not a reader who can be added"), "{again}");
}

#[actix_web::test]
async fn what_a_reader_calls_advice_or_an_identity_is_none() {
    let case = Case::opened().await;
    for kind in [Kind::Identity, Kind::Advice, Kind::ToReport] {
        let body = Plaintext::from("VALS".to_owned());
        send(&case.evil, &case.id, kind, body, &case.all().await).await;
    }
    let story = r#"{"v":1,"topic":"other","story":"VALSE-TITEL","who":"","when":"","place":"","known":""}"#;
    send(&case.evil, &case.id, Kind::Report, Plaintext::from(story.to_owned()), &case.all().await).await;
    // It can be handed over as before, has its title and its clock.
    let asked = case.with_text(SECOND, &["ask-consent", "--to", NEW], "Zij leidt het").await.unwrap();
    case.answer(&asked, "consent-yes").await;
    case.desk(SECOND, &["hand-over", &asked.to_string()]).await.unwrap();
    let inbox = case.service.desk(SECOND, &["inbox"]).await.unwrap();
    assert_eq!(inbox[0]["title"], "Het verhaal", "{inbox}");
    let register = case.service.desk("bzk-coordinator", &["register"]).await.unwrap();
    let row = register.as_array().unwrap().iter().find(|row| row["case"] == case.id.to_string().as_str()).unwrap();
    assert!(row["row"]["kind"] == "report" && row["row"]["topic"] == "money", "{register}");
}

#[actix_web::test]
async fn a_yes_to_a_message_does_not_share_the_story_under_its_name() {
    let case = Case::opened().await;
    let called = Named { item: case.first().await, kind: Kind::Message, day: case.evil.today(), name: None };
    let request = Request::new(named_as(&case, NEW), Plaintext::from("Alleen dat".to_owned()), vec![called.clone()]);
    let asked = send(&case.evil, &case.id, Kind::ConsentRequest, request.into_body(), &case.all().await).await;
    case.answer(&asked, "consent-yes").await;
    let refused = case.desk(SECOND, &["hand-over", &asked.to_string()]).await.unwrap_err();
    assert!(refused.contains("not what the request said"), "{refused}");
    assert_eq!(case.service.desk(NEW, &["inbox"]).await.unwrap(), json!([]));
    let ground = (Ground::CourtOrder, Plaintext::default());
    let duty = DutyRequest::new((named_as(&case, NEW), vec![called]), ground, Plaintext::default(), false);
    let duty = send(&case.evil, &case.id, Kind::DutyRequest, duty.into_body(), &case.all().await).await;
    let refused = case.desk(THIRD, &["approve-duty", &duty.to_string()]).await.unwrap_err();
    assert!(refused.contains("not what the request said"), "{refused}");
}

/// What goes along goes along from advice: nobody passes for that in a report.
#[actix_web::test]
async fn nobody_is_hidden_from_who_came_in_later_as_one_who_reads_what_went_along() {
    let case = Case::opened().await;
    let asked = case.with_text(READER, &["ask-consent", "--to", NEW], "Zij leidt het").await.unwrap();
    let yes = case.answer(&asked, "consent-yes").await;
    let keyed = |name: &str| named(&case.evil, name).keyed();
    let new = named(&case.evil, NEW);
    for item in case.evil.case(&case.id).await.unwrap().items {
        give(&case.evil, &case.id, &item, &new, SentTo::Reader(new.keyed())).await;
    }
    case.slip_in(FRIEND).await;
    let before = [READER, SECOND, THIRD].map(keyed).to_vec();
    let public = reporter(&case.evil, &case.id).await;
    let done = HandOver::new((asked, yes), new.keyed(), public, (before, Vec::new()));
    let body = done.with_passed(vec![keyed(FRIEND)]).into_body();
    send(&case.evil, &case.id, Kind::HandOver, body, &case.all().await).await;
    assert_eq!(case.strangers(NEW).await, json!([FRIEND]));
}
