//! What came of a case is said in one place: the case and the register never say two things.
use crate::{
    OTHER, READER, cases, page,
    support::{Browser, Service},
    unlocked,
};

#[actix_web::test]
async fn after_the_outcome_it_is_changed_there_and_case_and_register_say_the_same() {
    let service = Service::start(None).await;
    Browser::new(&service.base).report("Er ging iets mis.", &[]).await;
    let case = cases(&service, READER).await.remove(0);
    let classify = |of: &'static str| ["classify", &case, "--type", of, "--assessment", "accepted"];
    let closing = ["--closing", "--investigation", "internal", "--finding", "partly", "--measure", "warning"];
    let desk = unlocked(&service, OTHER).await;
    assert!(page(&desk, "nl", &case, "").await.html.contains(&format!("{case}/classify")));
    service.desk(READER, &[&classify("res")[..], &closing].concat()).await.unwrap();

    let refused = service.desk(OTHER, &[&classify("fin")[..], &["--flag", "pattern"]].concat()).await.unwrap_err();
    assert!(refused.contains("the outcome of this case was recorded; change it there"), "{refused}");
    let shown = page(&desk, "nl", &case, "").await;
    assert!(!shown.html.contains(&format!("{case}/classify")) && shown.html.contains(&format!("{case}/outcome")));
    for (language, said) in
        [("nl", "De uitkomst van deze zaak is al vastgelegd."), ("en", "The outcome of this case was recorded")]
    {
        let refused = page(&desk, language, &case, "/classify").await;
        assert!(refused.status == 409 && refused.html.contains(said), "{}", refused.html);
    }
    let outcome = page(&desk, "nl", &case, "/outcome").await;
    for chosen in ["type-res", "assessment-accepted", "investigation-internal", "finding-partly", "measure-warning"] {
        let name = chosen.split_once('-').unwrap();
        let radio = format!("name=\"{}\" id=\"{chosen}\" value=\"{}\" checked", name.0, name.1);
        assert!(outcome.html.contains(&radio), "{radio} {}", outcome.html);
    }
    service.desk(OTHER, &[&classify("fin")[..], &closing].concat()).await.unwrap();
    let row = &service.desk("bzk-coordinator", &["register"]).await.unwrap()[0]["row"];
    assert!(row["closing"]["of"] == "fin", "{row}");
}
