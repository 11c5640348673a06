//! The first use, and the exercise of who reads reports and of who gives advice.
use crate::{
    READER, entered,
    support::{Browser, Page, Service},
    unlocked,
};

const ADVISER: &str = "bzk-vertrouwenspersoon-1";

async fn sent(desk: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let fields: Vec<(String, String)> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    desk.post(path, &fields).await
}

#[actix_web::test]
async fn everything_that_is_wrong_with_new_keys_is_said_at_once_and_the_public_half_has_a_name() {
    let service = Service::start(None).await;
    let desk = entered(&service, "nieuw").await;
    let wrong = [("name", "Jan Jansen"), ("passphrase", "te kort"), ("again", "iets anders")];
    let refused = sent(&desk, "/nl/first", &wrong).await;
    assert_eq!(refused.status, 422);
    for (field, said) in [
        ("name", "Een naam in de lijst heeft"),
        ("passphrase", "Deze wachtzin is te kort"),
        ("again", "De twee wachtzinnen zijn niet gelijk"),
    ] {
        assert!(refused.html.contains(&format!("<a href=\"#{field}\">{said}")), "{said} {}", refused.html);
    }
    assert!(
        refused.html.contains("Jan Jansen") && !refused.html.contains("te kort\""),
        "the name is kept, no passphrase"
    );
    let right =
        [("name", "bzk-nieuw-1"), ("passphrase", "vier losse woorden hier"), ("again", "vier losse woorden hier")];
    assert!(sent(&desk, "/nl/first", &right).await.html.contains("Uw sleutels zijn gemaakt"));
    let file = desk.post("/nl/keys/public", &[]).await;
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"meldkluis-public-bzk-nieuw-1.toml\"");
}

#[actix_web::test]
async fn an_adviser_practises_with_a_request_for_advice_that_no_term_runs_on() {
    let service = Service::start(None).await;
    let advice = |page: &Page| page.html.contains("Vraag om advies") && !page.html.contains("7 dagen");
    let own = unlocked(&service, ADVISER).await.get("/nl/training").await;
    assert!(advice(&own) && own.html.contains("Voor advies geldt geen termijn"), "{}", own.html);
    let officer = unlocked(&service, READER).await;
    let shown = officer.get("/nl/training").await;
    assert!(shown.html.contains("binnen 7 dagen") && shown.html.contains("/nl/training?of=advice"), "{}", shown.html);
    assert!(advice(&officer.get("/nl/training?of=advice").await));
    // Who stands in no roster yet chooses.
    let locked = entered(&service, ADVISER).await;
    assert!(locked.get("/en/training").await.html.contains("value=\"advice\""));
    // In the other language the choice stays, and no exercise is begun.
    let other = sent(&locked, "/nl/training", &[("of", "advice"), ("passphrase", ""), ("in", "en")]).await;
    assert!(
        other.html.contains("value=\"advice\" checked") && other.html.contains("Start the exercise"),
        "{}",
        other.html
    );
    let done = sent(&locked, "/en/training", &[("of", "advice"), ("passphrase", "")]).await;
    assert!(done.html.contains("No term runs on advice") && !done.html.contains("3 months"), "{}", done.html);
}
