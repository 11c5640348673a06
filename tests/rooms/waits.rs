//! What waits for the reporter stays in sight: behind newer answers, and in another room of the code. What they sent is named by its day.
use crate::{
    OFFICER, OUTSIDE, REPORT, begin, cases, letter, next,
    support::{Browser, Page, Service},
};

const WAITS: &str = "wacht nog op uw antwoord";

#[actix_web::test]
async fn a_question_stays_in_sight_until_it_is_answered_and_what_was_sent_is_named_by_its_day() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, page) = browser.report("Een verhaal", &[]).await;
    assert!(page.html.contains("kunt u het hier niet teruglezen") && !page.html.contains(WAITS));
    let case = cases(&service, OFFICER).await.remove(0);
    letter(&service, OFFICER, "ask", &case, "Hoeveel waren het er?").await.unwrap();
    let asked = browser.mailbox(&code, None, &[]).await;
    assert!(asked.html.contains("Hoeveel waren het er?") && asked.html.contains(WAITS));
    for text in ["Nog iets", "En nog iets"] {
        letter(&service, OFFICER, "reply", &case, text).await.unwrap();
    }
    let page = browser.mailbox(&code, None, &[]).await;
    assert!(!page.html.contains("Hoeveel waren het er?") && page.html.contains(WAITS), "{}", page.title());
    let led = browser.mailbox(&code, None, &[("at", "2")]).await;
    assert!(page.html.contains("name=\"at\" value=\"2\"") && led.html.contains("Hoeveel waren het er?"));

    let day = service.clock.today().date();
    // A line with the day, once however much was sent on it.
    let lines = |page: &Page, what: &str| {
        let on = format!("<li>Op {} ", day.day());
        page.html.split(&on).skip(1).filter(|rest| rest.split("</li>").next().unwrap().ends_with(what)).count()
    };
    let (messages, files) = ("stuurde u een of meer berichten.", "stuurde u een of meer bestanden.");
    assert_eq!(lines(&led, messages), 0);
    let sent = browser.mailbox(&code, None, &[("act", "write"), ("text", "GEHEIM-ANTWOORD, het waren er zeven")]).await;
    assert!(lines(&sent, messages) == 1 && !sent.html.contains(WAITS), "{}", sent.html);
    assert!(!sent.html.contains("GEHEIM-ANTWOORD"), "the readers alone can open it");
    assert_eq!(browser.upload(&code, "lijst.txt", b"een twee drie".to_vec()).await.status, 200);
    let page = browser.mailbox(&code, None, &[]).await;
    assert_eq!((lines(&page, messages), lines(&page, files)), (1, 1));
    // A second question on the same day waits for a second message, which adds no line.
    letter(&service, OFFICER, "ask", &case, "Weet u dat zeker?").await.unwrap();
    assert!(browser.mailbox(&code, None, &[]).await.html.contains(WAITS));
    for _ in 0..2 {
        let sent = browser.mailbox(&code, None, &[("act", "write"), ("text", "Ja")]).await;
        assert!(!sent.html.contains(WAITS) && lines(&sent, messages) == 1);
    }
    let pool = sqlx::SqlitePool::connect(&service.database).await.unwrap();
    let (items,): (i64,) = sqlx::query_as("select count(*) from item").fetch_one(&pool).await.unwrap();
    pool.close().await;
    // Story, two questions, two replies, three messages and a file; and three times that something was sent.
    assert_eq!(items, 12);
    // It is for the reporter alone: readers have the message and the file, and no more.
    let read = service.desk(OFFICER, &["read", &case]).await.unwrap();
    let own = read["items"].as_array().unwrap().iter().filter(|item| item["from"] == "the reporter").count();
    assert_eq!(own, 5, "{read}");
}

#[actix_web::test]
async fn what_waits_in_another_room_is_announced_in_this_one() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Een verhaal", &[]).await;
    let report = cases(&service, OFFICER).await.remove(0);
    let ask = begin(&browser, &code, REPORT, "retaliation").await;
    let check = next(&browser, &ask, &[("text", "OVERGEPLAATST")]).await;
    next(&browser, &check, &[]).await;
    let announced =
        async |room| browser.mailbox(&code, room, &[]).await.html.matches("Hier staat iets voor u klaar").count();
    assert_eq!((announced(REPORT).await, announced(Some(2)).await), (0, 0));
    let theirs = cases(&service, OUTSIDE).await.remove(0);
    letter(&service, OUTSIDE, "ask", &theirs, "Sinds wanneer?").await.unwrap();
    assert_eq!((announced(REPORT).await, announced(Some(2)).await), (1, 0), "here it is seen anyway");
    browser.mailbox(&code, Some(2), &[("act", "write"), ("text", "Sinds mei")]).await;
    assert_eq!(announced(REPORT).await, 0);

    let file = service.path("why.txt");
    std::fs::write(&file, "Zij leidt het onderzoek").unwrap();
    let words = ["ask-consent", &report, "--to", "bzk-leidinggevende-1", "--file", file.to_str().unwrap()];
    let asked = service.desk(OFFICER, &words).await.unwrap()["item"].as_str().unwrap().to_owned();
    assert_eq!((announced(REPORT).await, announced(Some(2)).await), (0, 1));
    browser.mailbox(&code, REPORT, &[("act", "consent-no"), ("request", &asked)]).await;
    assert_eq!(announced(Some(2)).await, 0);
    // What the law demands can be answered until it is done.
    let ground = ["--ground", "report_of_crime_162sv", "--file", file.to_str().unwrap()];
    let duty = [&["ask-duty", &report, "--to", "bzk-leidinggevende-1"][..], &ground].concat();
    service.desk(OFFICER, &duty).await.unwrap();
    assert_eq!((announced(REPORT).await, announced(Some(2)).await), (0, 1));
}
