//! The reporter sees who could read before: all of them, and nobody whom a letter only names.
use meldkluis::{
    api_types::{Going, SentTo},
    domain::{id::CaseId, roster::Reader},
    seal::{Kind, Plaintext, Recipients},
};

use crate::{
    NEW, READER, RESERVE, SECOND, THIRD,
    evil::{self, hostile, send},
    filed, mailbox, read,
    support::{Service, postgres::Postgres},
};

const GONE: &str = "Kon dit eerder lezen, en nu niet meer</dt><dd>Functionaris integriteit 2</dd>";

async fn named(database: Option<String>) {
    let service = Service::start(database).await;
    let (browser, code, case) = filed(&service, &[]).await;
    read(&service, READER, &case).await;
    let page = async || mailbox(&browser, &code, &[]).await.html;
    assert!(!page().await.contains("Kon dit eerder"), "the reserve reader never could");
    // Before anybody wrote to the reporter.
    service.desk(SECOND, &["leave", &case, "--conflict"]).await.unwrap();
    assert!(page().await.contains(GONE), "{}", page().await);

    // A letter that is said to be sealed to somebody who never could read it.
    let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
    let reply = evil::reporter(&me, &id).await.reply;
    let to = [READER, THIRD, NEW, RESERVE].map(|name| evil::named(&me, name));
    let to = Recipients::of(&to).unwrap().with_reporter(id, &reply).unwrap();
    send(&me, &id, Kind::Reply, Plaintext::from("Een brief".to_owned()), &to).await;
    let seen = page().await;
    assert!(seen.contains("Een brief") && seen.contains(GONE), "{seen}");
    assert!(!seen.contains("Directeur") && !seen.contains(&format!("{GONE}<dd>")), "{seen}");
}

/// Somebody of another organisation who was let in and went has a name too, and nobody else of it.
#[actix_web::test]
async fn who_could_read_before_is_named_whatever_their_organisation() {
    let service = Service::start(None).await;
    let (browser, code, case) = filed(&service, &[]).await;
    let (me, id) = (hostile(&service, READER).await, CaseId::parse(&case).unwrap());
    let view = me.case(&id).await.unwrap();
    let others = me.roster.organisations.iter().filter(|org| org.entry.id != view.org);
    let key = |r: &&Reader| service.path(&format!("readers/{}.key", r.id.as_str())).exists();
    let theirs: Vec<&Reader> =
        others.filter_map(|org| org.file.as_ref()).flat_map(|file| &file.readers).filter(key).collect();
    let [went, stays] = [theirs[0], theirs[1]];
    assert_ne!(went.shown_as.nl, stays.shown_as.nl);
    evil::give(&me, &id, &view.items[0], went, SentTo::Reader(went.keyed())).await;
    let going = Going { log: Some(evil::RECORD.to_owned()) };
    hostile(&service, went.id.as_str()).await.leave(&id, &going).await.unwrap();
    let page = mailbox(&browser, &code, &[]).await.html;
    let gone = format!("Kon dit eerder lezen, en nu niet meer</dt><dd>{}</dd>", went.shown_as.nl);
    assert!(page.contains(&gone) && !page.contains(&stays.shown_as.nl), "{page}");
}

#[actix_web::test]
async fn who_could_read_before_is_who_had_a_slot_on_sqlite() {
    named(None).await;
}

#[actix_web::test]
async fn who_could_read_before_is_who_had_a_slot_on_postgresql() {
    let postgres = Postgres::start();
    named(Some(postgres.database("named"))).await;
}
