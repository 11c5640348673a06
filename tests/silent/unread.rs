//! What was sent to the reporter and does not open for them is not done: with what they write next, every desk knows it.
use meldkluis::{
    api_types::SentTo,
    domain::id::{CaseId, ItemId},
    seal::{Author, ItemHead, Kind, Plaintext, Recipients},
};
use serde_json::{Value, json};

use super::{Filed, Local, READER, SECOND, bare::Bare, head, hostile, put, reporter};

impl Filed {
    /// An act of an altered desk, of which the reporter's slot does not open.
    async fn torn(&self, kind: Kind) -> ItemId {
        let (me, id) = (hostile(&self.service, READER).await, CaseId::parse(&self.case).unwrap());
        let view = me.case(&id).await.unwrap();
        let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
        let to = to.with_reporter(id, &reporter(&me, &id).await.reply).unwrap();
        put(&me, head(&me, &id, kind, &to), Plaintext::from("Gedaan".to_owned()), &to, true).await
    }

    /// The reporter writes a line.
    async fn writes(&self) {
        let sent = [("act", "write"), ("text", "Ik kan een bericht niet openen.")];
        assert_eq!(self.browser.mailbox(&self.code, None, &sent).await.status, 200);
    }

    /// What is owed, and whether it was confirmed, by the inbox of a colleague.
    async fn stands(&self) -> (Value, Value) {
        let inbox = self.service.desk(SECOND, &["inbox"]).await.unwrap();
        (inbox[0]["owed"].clone(), inbox[0]["acknowledged"].clone())
    }

    /// The items that a colleague is told did not open for the reporter.
    async fn unread(&self) -> Vec<String> {
        let items = self.read(SECOND).await["items"].clone();
        let unread = items.as_array().unwrap().iter().filter(|item| item["unread"] == true && item["withheld"] == true);
        unread.map(|item| item["item"].as_str().unwrap().to_owned()).collect()
    }
}

#[actix_web::test]
async fn an_acknowledgement_that_did_not_open_for_the_reporter_is_none_once_they_write() {
    let filed = Filed::new().await;
    let torn = filed.torn(Kind::Acknowledgement).await.to_string();
    filed.read(SECOND).await;
    assert_eq!((filed.stands().await, filed.unread().await), ((json!("feedback"), json!(true)), Vec::new()));
    let page = filed.mailbox().await.html;
    assert!(page.contains("kan niet worden geopend") && page.contains("Schrijf hieronder één regel"), "{page}");

    filed.writes().await;
    assert_eq!(filed.unread().await, vec![torn]);
    assert_eq!(filed.stands().await, (json!("feedback_unless_given"), json!(false)));
    let words = filed.service.desk_words(SECOND, &["read", &filed.case]).await.unwrap();
    assert!(words.contains("The reporter could not open this"), "{words}");
    let (_, page) = Local::desk(&filed.service, SECOND).await.get(&format!("/nl/case/{}", filed.case)).await;
    assert_eq!(page.matches("De melder kon dit niet openen").count(), 1, "{page}");

    // The server's clock moved, and does so once; the words reach the reporter in an answer.
    let refused = filed.acts(SECOND, "acknowledge", "Ontvangen").await.unwrap_err();
    assert!(refused.contains("acknowledged before; use reply"), "{refused}");
    filed.acts(SECOND, "reply", "Wij hebben uw melding ontvangen.").await.unwrap();
    assert!(filed.mailbox().await.html.contains("Wij hebben uw melding ontvangen."));
    assert_eq!(filed.unread().await.len(), 1, "what opened is not among them");
}

#[actix_web::test]
async fn feedback_that_did_not_open_for_the_reporter_is_owed_again() {
    let filed = Filed::new().await;
    filed.acts(SECOND, "acknowledge", "Ontvangen").await.unwrap();
    filed.torn(Kind::Feedback).await;
    filed.read(SECOND).await;
    assert_eq!(filed.stands().await.0, json!("fed_back"));
    filed.writes().await;
    filed.read(SECOND).await;
    assert_eq!(filed.stands().await.0, json!("feedback"));
    filed.acts(SECOND, "feedback", "Wij vinden dit.").await.unwrap();
    assert_eq!(filed.stands().await.0, json!("fed_back"));
}

#[actix_web::test]
async fn who_sends_much_that_does_not_open_keeps_nothing_of_it_from_being_named() {
    let filed = Filed::new().await;
    let torn = filed.torn(Kind::Acknowledgement).await.to_string();
    let by = Bare::new(&filed.service, SECOND).await;
    let to = [SentTo::Reader(by.keyed(SECOND)), SentTo::Reporter];
    for _ in 0..25 {
        assert_eq!(filed.rubbish(&by, None, &to, 100).await, 200);
    }
    filed.writes().await;
    assert_eq!(filed.unread().await, [torn]);
}

#[actix_web::test]
async fn in_a_closed_case_nobody_is_asked_to_write() {
    let filed = Filed::new().await;
    filed.torn(Kind::Closing).await;
    let page = filed.mailbox().await.html;
    assert!(page.contains("kan niet worden geopend") && page.contains("andere organisatie"), "{page}");
    assert!(!page.contains("Schrijf hieronder"), "{page}");
}

#[actix_web::test]
async fn what_did_not_open_is_the_reporter_s_word_and_nobody_else_s() {
    let filed = Filed::new().await;
    let sent = filed.acts(SECOND, "acknowledge", "Ontvangen").await.unwrap()["item"].as_str().unwrap().to_owned();
    let (me, id) = (hostile(&filed.service, READER).await, CaseId::parse(&filed.case).unwrap());
    let view = me.case(&id).await.unwrap();
    let to = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    for author in [Author::Reader(me.me.reader.clone()), Author::Reporter] {
        let unread = ItemId::parse(&sent).into_iter().collect();
        let says = ItemHead { unread, author, ..head(&me, &id, Kind::Message, &to) };
        put(&me, says, Plaintext::from("Het ging niet open".to_owned()), &to, false).await;
    }
    assert_eq!((filed.unread().await, filed.stands().await), (Vec::new(), (json!("feedback"), json!(true))));
}
