//! What one officer of a case claims with a program of their own: that a legal duty says something else, that something was handed over, that
//! feedback was given. The other officer is honest, and the reporter is told what is so.
use meldkluis::{
    api_types::SentTo,
    clock::Clock,
    desk::Client,
    domain::{
        ground::Ground,
        id::{CaseId, ItemId},
    },
    seal::{
        Kind, Plaintext, Recipients,
        circle::{DutyApproval, DutyRequest},
        consent::{HandOver, Named, Request},
    },
};
use serde_json::Value;

use super::{
    Filed, NEW, READER, SECOND,
    evil::{give, hostile_on},
    head, hostile, named, put, reporter, send, send_torn,
};

const OTHER: &str = "buiten-functionaris-1";
const ASKED: &str = "bzk-omgangsvormen-1";

/// The dishonest officer, with what they seal to.
struct One {
    me: Client,
    case: CaseId,
    story: ItemId,
    /// The readers, and the reporter.
    all: Recipients,
    /// The reporter alone.
    alone: Recipients,
}

impl One {
    async fn new(filed: &Filed) -> Self {
        let (me, case) = (hostile(&filed.service, SECOND).await, CaseId::parse(&filed.case).unwrap());
        let view = me.case(&case).await.unwrap();
        let readers = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
        let reply = reporter(&me, &case).await.reply;
        let (all, alone) = (readers.with_reporter(case, &reply).unwrap(), Recipients::reporter(case, &reply).unwrap());
        Self { case, story: view.items[0], all, alone, me }
    }

    fn story(&self) -> Vec<Named> {
        vec![Named { item: self.story, kind: Kind::Report, day: self.me.today(), name: None }]
    }

    fn duty(&self, to: &str, reason: &str) -> DutyRequest {
        let text = |text: &str| Plaintext::from(text.to_owned());
        let to = (named(&self.me, to).keyed(), self.story());
        DutyRequest::new(to, (Ground::CourtOrder, text("C/13/1")), text(reason), true)
    }

    /// Tells the reporter alone of a duty.
    async fn tells(&self, request: &ItemId, duty: &DutyRequest) {
        let said = DutyApproval::telling(request, duty);
        put(&self.me, head(&self.me, &self.case, Kind::DutyApproval, &self.alone), said, &self.alone, false).await;
    }

    /// Says that a request was carried out for somebody.
    async fn says_done(&self, request: &ItemId, answer: &ItemId, to: &str) {
        let (keys, view) = (reporter(&self.me, &self.case).await, self.me.case(&self.case).await.unwrap());
        let done = HandOver::new((*request, *answer), named(&self.me, to).keyed(), keys, (view.readers, Vec::new()));
        send(&self.me, &self.case, Kind::HandOver, done.into_body(), &self.all).await;
    }
}

async fn asks(filed: &Filed, to: &str, reason: &str) -> ItemId {
    let file = filed.service.path("reason.txt");
    std::fs::write(&file, reason).unwrap();
    let words = ["ask-consent", &filed.case, "--to", to, "--file", file.to_str().unwrap()];
    let sent = filed.service.desk(READER, &words).await.unwrap();
    ItemId::parse(sent["item"].as_str().unwrap()).unwrap()
}

async fn says(filed: &Filed, act: &str, request: &ItemId) -> String {
    let request = request.to_string();
    filed.browser.mailbox(&filed.code, None, &[("act", act), ("request", &request)]).await.html
}

/// The newest item of a kind, as an honest desk has it.
async fn newest(filed: &Filed, kind: &str) -> ItemId {
    let read = filed.read(READER).await;
    let all: Vec<&Value> = read["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).collect();
    ItemId::parse(all.last().unwrap()["item"].as_str().unwrap()).unwrap()
}

#[actix_web::test]
async fn what_an_honest_reader_approved_is_told_beside_what_the_first_says_of_it() {
    let filed = Filed::new().await;
    let one = One::new(&filed).await;
    let duty = one.duty(NEW, "ECHT: de directeur leest alles");
    let asked =
        send_torn(&one.me, &one.case, one.duty(NEW, "ECHT: de directeur leest alles").into_body(), &one.all).await;
    for n in 0..4 {
        one.tells(&asked, &one.duty(OTHER, &format!("NEP {n}"))).await;
    }
    filed.service.desk(READER, &["approve-duty", &filed.case, &asked.to_string()]).await.unwrap();
    for n in 4..8 {
        one.tells(&asked, &one.duty(OTHER, &format!("NEP {n}"))).await;
    }
    let page = filed.mailbox().await.html;
    assert!(page.contains("ECHT: de directeur leest alles") && page.contains("NEP "), "{page}");
    assert!(!page.contains("Twee lezers"), "one says the one, another the other: {page}");
    // A second who says the same is the second.
    one.tells(&asked, &duty).await;
    let page = filed.mailbox().await.html;
    assert_eq!(page.matches("Twee lezers").count(), 1, "{page}");
    let two = page.split("Twee lezers").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(two.contains("ECHT") && !two.contains("NEP"), "{two}");
}

#[actix_web::test]
async fn a_yes_is_taken_back_until_somebody_can_read_what_was_agreed() {
    let filed = Filed::new().await;
    let one = One::new(&filed).await;
    let request = asks(&filed, NEW, "Leidt het onderzoek").await;
    assert!(says(&filed, "consent-yes", &request).await.contains("U hebt ja gezegd"));
    one.says_done(&request, &newest(&filed, "consent_answer").await, NEW).await;
    let page = filed.mailbox().await.html;
    assert!(page.contains("consent-no") && !page.contains("Het is overgedragen."), "{page}");
    // Nor is it done with less than all of it.
    let reader = named(&one.me, NEW);
    one.me.item(&request).await.unwrap();
    give(&one.me, &one.case, &request, &reader, SentTo::Reader(reader.keyed())).await;
    assert!(says(&filed, "consent-no", &request).await.contains("U hebt nee gezegd"));
    let refused = filed.service.desk(READER, &["hand-over", &filed.case, &request.to_string()]).await.unwrap_err();
    assert!(refused.contains("has not agreed"), "{refused}");
}

#[actix_web::test]
async fn what_somebody_only_says_was_handed_over_an_honest_desk_hands_over() {
    let filed = Filed::new().await;
    let one = One::new(&filed).await;
    let request = asks(&filed, NEW, "Leidt het onderzoek").await;
    says(&filed, "consent-yes", &request).await;
    one.says_done(&request, &newest(&filed, "consent_answer").await, NEW).await;
    let words = format!("hand-over {} {request}", filed.case);
    assert!(filed.service.desk_words(READER, &["read", &filed.case]).await.unwrap().contains(&words), "{words}");
    let hands_over = ["hand-over", &filed.case, &request.to_string()].map(str::to_owned);
    let hands_over = hands_over.each_ref().map(String::as_str);
    filed.service.desk(READER, &hands_over).await.unwrap();
    assert!(filed.read(NEW).await.to_string().contains("Het verhaal"));
    let twice = filed.service.desk(READER, &hands_over).await.unwrap_err();
    assert!(twice.contains("handed over before"), "{twice}");
    let page = says(&filed, "consent-no", &request).await;
    assert!(page.contains("Hier kunt u niet meer op antwoorden") && page.contains("Het is overgedragen."), "{page}");
    // Who read it and left is not handed it again, and the reporter is told that it was done.
    filed.service.desk(NEW, &["leave", &filed.case]).await.unwrap();
    let again = filed.service.desk(READER, &hands_over).await.unwrap_err();
    assert!(again.contains("handed over before"), "{again}");
    let page = filed.mailbox().await.html;
    assert!(page.contains("Het is overgedragen.") && !page.contains("consent-no"), "{page}");
}

#[actix_web::test]
async fn what_can_be_taken_back_stays_on_the_page() {
    let filed = Filed::new().await;
    let one = One::new(&filed).await;
    let requests = [asks(&filed, NEW, "Leidt het").await, asks(&filed, OTHER, "Weet ervan").await];
    for request in &requests {
        says(&filed, "consent-yes", request).await;
    }
    let third = asks(&filed, "bzk-omgangsvormen-2", "Moet het weten").await;
    let to = named(&one.me, ASKED).keyed();
    for n in 0..4 {
        let request = Request::new(to.clone(), Plaintext::from(format!("Nog {n}")), one.story());
        send(&one.me, &one.case, Kind::ConsentRequest, request.into_body(), &one.alone).await;
    }
    let page = filed.mailbox().await.html;
    for request in requests.iter().chain([&third]) {
        assert!(page.contains(&request.to_string()), "{request}: {page}");
    }
    assert!(page.contains("Nog "), "{page}");

    // However long it all is, and whatever else there is.
    let long = |bytes| Plaintext::from("&".repeat(bytes));
    let named = Named { item: one.story, kind: Kind::File, day: one.me.today(), name: Some("&".repeat(300)) };
    let mut theirs = Vec::new();
    for _ in 0..6 {
        let request = Request::new(to.clone(), long(5000), vec![named.clone(); 40]).into_body();
        theirs.push(send(&one.me, &one.case, Kind::ConsentRequest, request, &one.alone).await);
        let (ground, items) = ((Ground::CourtOrder, long(5000)), vec![named.clone(); 40]);
        let duty = DutyRequest::new((to.clone(), items), ground, long(5000), true).into_body();
        send(&one.me, &one.case, Kind::DutyRequest, duty, &one.alone).await;
        send(&one.me, &one.case, Kind::Question, long(50_000), &one.alone).await;
    }
    for request in &theirs[..4] {
        says(&filed, "consent-yes", request).await;
    }
    let page = filed.mailbox().await.html;
    for request in requests.iter().chain([&third]) {
        assert!(page.contains(&request.to_string()), "{request}: {page}");
    }
    assert_eq!(page.matches("name=\"request\"").count(), 9, "{page}");
}

#[actix_web::test]
async fn feedback_that_the_clock_knows_nothing_of_is_a_letter() {
    let (filed, other) = (Filed::new().await, Filed::new().await);
    let (one, later) = (One::new(&filed).await, One::new(&other).await);
    let (today, waits) = (filed.service.clock.today(), "U hoort iets van ons");
    assert!(filed.mailbox().await.html.contains(waits));
    // Neither where nothing was acknowledged, nor of a day that has not come.
    for days in [0, 95] {
        if days > 0 {
            let file = filed.service.path("text.txt");
            std::fs::write(&file, "Ontvangen").unwrap();
            let words = ["acknowledge", &other.case, "--file", file.to_str().unwrap()];
            other.service.desk(READER, &words).await.unwrap();
        }
        let (filed, one) = if days > 0 { (&other, &later) } else { (&filed, &one) };
        let me = hostile_on(&filed.service, SECOND, Clock::Fixed(today.plus_days(days))).await;
        let text = Plaintext::from("We kijken ernaar".to_owned());
        send(&me, &one.case, Kind::Feedback, text, &one.all).await;
        for at in ["0", "1"] {
            let page = filed.browser.mailbox(&filed.code, None, &[("at", at)]).await.html;
            assert!(page.contains(waits) && !page.contains("Terugkoppeling"), "{days}: {page}");
            let letter = page.split("We kijken ernaar").next().unwrap().rsplit("<p>").next().unwrap();
            assert!(!page.contains("We kijken ernaar") || letter.starts_with("Antwoord, "), "{days}: {page}");
        }
    }
}
