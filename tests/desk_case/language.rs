//! Letters begin in the language in which the reporter filed, whatever the reader's is.
use serde_json::Value;

use crate::{
    READER, cases, next, page,
    support::{Browser, Page, Service, stands_in},
    unlocked,
};

/// Files a report on the English pages.
async fn in_english(browser: &Browser) -> String {
    let (code, fields) = browser.prepared("Something went wrong", &[]).await;
    browser.post("/en/report", &fields).await;
    code
}

/// What stands in the field of a letter, as a browser shows it.
fn text(page: &Page) -> String {
    let field = page.html.split("<textarea").nth(1).unwrap().split_once('>').unwrap().1;
    field.split("</textarea>").next().unwrap().replace("&#10;", "\n").replace("&#34;", "\"")
}

async fn sent(desk: &Browser, case: &str, act: &str, fields: &[(&str, &str)]) -> Page {
    let fields: Vec<(String, String)> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    desk.post(&format!("/nl/case/{case}/{act}"), &fields).await
}

#[actix_web::test]
async fn a_letter_begins_in_the_reporter_s_language_and_the_other_one_is_a_button_away() {
    let service = Service::start(None).await;
    in_english(&Browser::new(&service.base)).await;
    let case = cases(&service, READER).await.remove(0);
    let desk = unlocked(&service, READER).await;
    let shown = page(&desk, "nl", &case, "").await;
    assert!(shown.html.contains("<dt>Taal van de melder</dt><dd>Engels</dd>"), "{}", shown.html);
    let read = service.desk_words(READER, &["read", &case]).await.unwrap();
    assert!(read.contains("Language of the reporter: English"), "{read}");
    assert_eq!(service.desk(READER, &["read", &case]).await.unwrap()["language"], "en");
    for act in ["acknowledge", "ask", "feedback", "close"] {
        let english = text(&page(&desk, "nl", &case, &format!("/{act}")).await);
        assert!(english.contains(" you"), "{act}: {english}");
        let dutch = text(&sent(&desk, &case, act, &[("text", &english), ("letter", "nl")]).await);
        assert!(dutch.contains(" u ") && !dutch.contains(" you "), "{act}: {dutch}");
        let kept = text(&sent(&desk, &case, act, &[("text", "Dear reporter,"), ("letter", "en")]).await);
        assert!(kept.starts_with("Dear reporter,\n\n") && kept.ends_with(&english), "{act}: {kept}");
    }
    let untouched = sent(&desk, &case, "ask", &[("text", &text(&page(&desk, "nl", &case, "/ask").await))]).await;
    assert!(untouched.html.contains("Dit is nog de tekst waarmee u begint"), "it is one to fill in, in any language");
    assert!(!stands_in(&service.path("data"), b"\"lang\":\"en\""));
}

#[actix_web::test]
async fn what_is_filed_further_and_what_was_told_say_their_language_too() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let code = in_english(&browser).await;
    let report = cases(&service, READER).await.remove(0);
    for (to, answers) in
        [("identity", vec![("tell", READER), ("text", "Ik")]), ("retaliation", vec![("text", "Nadeel")])]
    {
        let ask = browser.with_code("/nl/mailbox/more", &code, Some(1), &[("to", to)]).await;
        let check = next(&browser, &ask, &answers).await;
        next(&browser, &check, &[]).await;
    }
    let story = service.path("told.txt");
    std::fs::write(&story, "Iemand belde").unwrap();
    let told = ["oral", "--how", "phone", "--topic", "money", "--language", "en", "--file", story.to_str().unwrap()];
    let drawn = service.desk(READER, &[&told[..], &["--draw"]].concat()).await.unwrap();
    let words: Vec<&str> = drawn["code"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let said = service.path("said.txt");
    std::fs::write(&said, words.join(" ")).unwrap();
    let said = said.to_str().unwrap();
    let oral = service.desk(READER, &[&told[..], &["--code", said, "--said", said]].concat()).await.unwrap();
    let oral = oral["case"].as_str().unwrap().to_owned();
    for case in cases(&service, READER).await {
        let language: Value = service.desk(READER, &["read", &case]).await.unwrap()["language"].clone();
        let english = case == oral || case == report;
        assert_eq!(language, if english { "en" } else { "nl" }, "{case}");
    }
}
