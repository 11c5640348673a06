//! What one reader adds to a case takes nothing from its reporter: no notice, no mailbox; and what is for readers does not go to them.
use meldkluis::{
    api_types::SentTo,
    domain::{ground::Ground, id::CaseId},
    seal::{
        Kind, Plaintext, Recipients,
        circle::{DutyApproval, DutyRequest},
        consent::Named,
    },
};

use super::{Filed, NEW, READER, SECOND, bare::Bare, head, hostile, named, new_item, put, reporter};

#[actix_web::test]
async fn what_one_reader_says_takes_no_notice_of_two_off_the_page() {
    let filed = Filed::new().await;
    let id = CaseId::parse(&filed.case).unwrap();
    let text = |text: &str| Plaintext::from(text.to_owned());
    let file = filed.service.path("reason.txt");
    std::fs::write(&file, "De rechter wil het").unwrap();
    let ask = ["ask-duty", &filed.case, "--to", NEW, "--ground", "court_order", "--reference", "C/13/1", "--file"];
    let asked = filed.service.desk(READER, &[&ask[..], &[file.to_str().unwrap()]].concat()).await.unwrap();
    filed.service.desk(SECOND, &["approve-duty", &filed.case, asked["item"].as_str().unwrap()]).await.unwrap();
    let me = hostile(&filed.service, SECOND).await;
    let view = me.case(&id).await.unwrap();
    let readers = Recipients::of(view.readers.iter().filter_map(|r| me.roster.reader(&r.reader))).unwrap();
    let with = readers.with_reporter(id, &reporter(&me, &id).await.reply).unwrap();
    for _ in 0..4 {
        let story = Named { item: view.items[0], kind: Kind::Report, day: me.today(), name: None };
        let to = (named(&me, NEW).keyed(), vec![story]);
        let duty = DutyRequest::new(to, (Ground::CourtOrder, text("VALS")), text("Zomaar"), true);
        let said = DutyApproval::telling(&new_item(), &duty);
        put(&me, head(&me, &id, Kind::DutyApproval, &with), said, &with, false).await;
    }
    let page = filed.mailbox().await.html;
    assert!(page.contains("C/13/1") && page.contains("VALS"), "{page}");
}

#[actix_web::test]
async fn a_payload_that_is_away_closes_no_mailbox() {
    let filed = Filed::new().await;
    let by = Bare::new(&filed.service, SECOND).await;
    let to = [SentTo::Reader(by.keyed(SECOND)), SentTo::Reporter];
    assert_eq!(filed.rubbish(&by, None, &to, 305 << 10).await, 200);
    let folder = filed.service.path("data/payloads");
    std::fs::rename(&folder, filed.service.path("away")).unwrap();
    let page = filed.mailbox().await;
    assert!(page.status == 200 && page.html.contains("kan niet worden geopend"), "{} {}", page.status, page.html);
}

#[actix_web::test]
async fn what_goes_along_with_an_answer_is_for_the_readers() {
    let filed = Filed::new().await;
    let paths = ["text.txt", "along.bin"].map(|name| filed.service.path(name).to_str().unwrap().to_owned());
    std::fs::write(&paths[0], "Dank u").unwrap();
    std::fs::write(&paths[1], vec![7; 700_000]).unwrap();
    let words = ["reply", &filed.case, "--file", &paths[0], "--attach", &paths[1]];
    let sent = filed.service.desk(READER, &words).await.unwrap();
    let view = hostile(&filed.service, SECOND).await.case(&CaseId::parse(&filed.case).unwrap()).await.unwrap();
    let told: Vec<String> = view.told.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!((view.items.len(), told), (3, vec![sent["item"].as_str().unwrap().to_owned()]));
}
