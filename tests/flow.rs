//! The main job, end to end over HTTP: filed, sealed, routed, opened, answered, read back. On both databases.
#![cfg(all(feature = "server", feature = "desk"))]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod support;

use support::{Browser, PAGE, Service, files_in, postgres::Postgres, stands_in};

const STORY: &str = "Er is \"iets\" gebeurd <b>& meer\r\nCANARY-STORY-7f3a";
const STRUCK: &str = "bzk-functionaris-2";
const RESERVE: &str = "bzk-functionaris-4";
const READER: &str = "bzk-functionaris-1";

async fn main_job(database: Option<String>) {
    let service = Service::start(database).await;
    let browser = Browser::new(&service.base);
    let (code, mailbox) = browser.report(STORY, &[STRUCK]).await;
    assert_eq!(mailbox.status, 200, "{}", mailbox.title());
    assert!(
        mailbox.html.contains("Functionaris integriteit 1") && !mailbox.html.contains("Functionaris integriteit 2")
    );

    let file: Vec<u8> = (0..5_000_000_u32).flat_map(|n| n.to_le_bytes().into_iter().take(1)).collect();
    let added = browser.upload(&code, "../CANARY-NAME-51c2.pdf", file.clone()).await;
    assert_eq!(added.status, 200, "{}", added.title());
    assert!(added.html.contains("Uw bestand is toegevoegd"));

    // The struck person has no slot: not in the inbox, not by id, not in the stored bytes.
    assert_eq!(service.desk(STRUCK, &["inbox"]).await.unwrap(), serde_json::json!([]));
    // The reserve reader waits: nothing is served to them, what was added later included.
    assert!(mailbox.html.contains("Functionaris integriteit 4 (Leest alleen als"));
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), serde_json::json!([]));
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap().to_owned();
    assert!(service.desk(STRUCK, &["read", &case]).await.is_err());

    let saved = service.path("saved");
    let read = service.desk(READER, &["read", &case, "--save", saved.to_str().unwrap()]).await.unwrap();
    assert_eq!(read["items"][0]["story"]["story"], STORY);
    assert!(read["items"].as_array().unwrap().iter().all(|i| i["proven"] == true), "{read}");
    assert_eq!(read["items"][1]["name"], "CANARY-NAME-51c2.pdf");
    assert!(std::fs::read(saved.join("CANARY-NAME-51c2.pdf")).unwrap() == file, "every byte matches");

    let (text, along) = (service.path("text"), service.path("along.bin"));
    std::fs::write(&text, "Dank u. CANARY-ANSWER-90ab").unwrap();
    std::fs::write(&along, vec![7; 700_000]).unwrap();
    let (text, along) = (text.to_str().unwrap(), along.to_str().unwrap());
    service.desk(READER, &["acknowledge", &case, "--file", text]).await.unwrap();
    service.desk(READER, &["note", &case, "--file", text, "--attach", along]).await.unwrap();

    let page = browser.post("/nl/mailbox", &[("code".into(), code.clone())]).await;
    let reserve = "<dt>Leest pas als iedereen weggaat die het opende</dt><dd>Functionaris integriteit 4</dd>";
    assert!(page.html.contains(reserve), "opened in time: the reserve reader does not read");
    assert_eq!(service.desk(RESERVE, &["inbox"]).await.unwrap(), serde_json::json!([]));
    assert!(page.html.contains("CANARY-ANSWER-90ab") && page.html.contains("Bevestiging"));
    assert!(!page.html.contains("CANARY-STORY"), "the reporter's own text is never shown again");
    let written = [("code".into(), code.clone()), ("act".into(), "write".into()), ("text".into(), "Nog iets".into())];
    assert!(browser.post("/nl/mailbox", &written).await.html.contains("Uw bericht is verstuurd"));
    let read = service.desk("bzk-functionaris-3", &["read", &case]).await.unwrap();
    let texts: Vec<&str> = read["items"].as_array().unwrap().iter().filter_map(|i| i["text"].as_str()).collect();
    assert!(texts.contains(&"Nog iets") && texts.len() == 3, "{texts:?}");

    service.desk(READER, &["close", &case, "--file", text]).await.unwrap();
    let again = service.desk(READER, &["reply", &case, "--file", text]).await;
    assert!(again.unwrap_err().contains("this case is closed"));

    // A word of four letters stands in sealed bytes by chance; the longest of the twelve does not.
    let word = code.split(' ').max_by_key(|word| word.len()).unwrap();
    for canary in ["CANARY-STORY-7f3a", "CANARY-NAME-51c2", "CANARY-ANSWER-90ab", word] {
        assert!(!stands_in(&service.path("data"), canary.as_bytes()), "{canary} is on the disk");
    }
}

#[actix_web::test]
async fn a_report_is_filed_opened_answered_and_read_back_on_sqlite() {
    main_job(None).await;
}

#[actix_web::test]
async fn a_report_is_filed_opened_answered_and_read_back_on_postgresql() {
    let postgres = Postgres::start();
    main_job(Some(postgres.database("flow"))).await;
}

#[actix_web::test]
async fn sending_twice_with_the_same_code_is_one_case() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let path = "/nl/report";
    let mut page = browser.get(path).await;
    let code = loop {
        let step = page.fields().iter().find(|(n, _)| n == "step").unwrap().1.clone();
        let answers: &[(&str, &str)] = match step.as_str() {
            "2" => &[("want", "report")],
            "3" => &[("org", "fin")],
            "4" => &[("topic", "other")],
            "6" => &[("story", "Verhaal")],
            "8" => break page.code(),
            _ => &[],
        };
        page = browser.answer(path, &page, &[answers, &[("go", "next")]].concat()).await;
    };
    // Reloading page 8 shows the same code.
    let page9 = browser.answer(path, &page, &[("go", "next")]).await;
    let back = browser.answer(path, &page9, &[("go", "back")]).await;
    assert_eq!(back.code(), code);
    let wrong = code.split(' ').enumerate().map(|(i, w)| if i == 6 { code.split(' ').next().unwrap() } else { w });
    let wrong = browser.answer(path, &page9, &[("code", &wrong.collect::<Vec<_>>().join(" ")), ("go", "next")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.html.contains("Woord 7 is niet goed") && wrong.title().starts_with("Fout:"));
    for _ in 0..2 {
        let sent = browser.answer(path, &page9, &[("code", &code), ("go", "next")]).await;
        assert_eq!(sent.status, 200, "{}", sent.title());
    }
}

#[actix_web::test]
async fn two_hundred_reports_at_once_are_two_hundred_cases_on_both_databases() {
    let postgres = Postgres::start();
    for database in [None, Some(postgres.database("crowd"))] {
        let service = Service::start(database).await;
        let browser = Browser::new(&service.base);
        let crowd = (0..200).map(|n| {
            let browser = &browser;
            async move { browser.report(&format!("Verhaal {n}"), &[]).await }
        });
        let filed = futures_util::future::join_all(crowd).await;
        assert!(filed.iter().all(|(_, page)| page.status == 200 && page.html.contains("veilig aangekomen")));
        let inbox = service.desk(READER, &["inbox"]).await.unwrap();
        assert_eq!(inbox.as_array().unwrap().len(), 200);
    }
}

#[actix_web::test]
async fn everything_looks_alike_from_outside() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report(STORY, &[]).await;
    let open = |code: &str| [("code".to_owned(), code.to_owned())];
    let pages = [
        browser.get("/").await,
        browser.get("/en/").await,
        browser.get("/nl/report").await,
        browser.get("/nl/mailbox").await,
        browser.get("/en/info/privacy").await,
        browser.get("/nl/bestaat-niet").await,
        browser.get("/favicon.ico").await,
        browser.post("/nl/", &[]).await,
        browser.post("/nl/report", &[]).await,
        browser.post("/nl/mailbox", &open(&code)).await,
        browser.post("/nl/mailbox", &open("een twee")).await,
    ];
    for page in &pages {
        assert_eq!(page.html.len(), PAGE, "{}", page.title());
        let header = |name: &str| page.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(header("date").ends_with("00:00:00 GMT"), "{}", header("date"));
        let asks = page.html.contains("/nl/report\" accept-charset");
        assert_eq!(header("cache-control"), if asks { "no-cache" } else { "no-store" });
        assert_eq!(header("cache-control").len(), "no-store".len(), "what asks is no longer than what does not");
        assert!(page.headers.get("set-cookie").is_none());
        assert!(!page.html.contains("<script") && !page.html.contains("<img") && !page.html.contains("<svg"));
        let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
        names.retain(|n| n != "connection");
        names.sort();
        let mut first: Vec<String> = pages[0].headers.keys().map(ToString::to_string).collect();
        first.sort();
        assert_eq!(names, first, "{}", page.title());
    }
}

#[actix_web::test]
async fn unknown_and_withdrawn_codes_are_one_page_and_an_unopened_report_is_destroyed_at_once() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    let (code, _) = browser.report("Weg ermee", &[]).await;
    assert_eq!(browser.upload(&code, "x.txt", vec![1; 100_000]).await.status, 200);
    let act = |act: &str| [("code".to_owned(), code.clone()), ("act".to_owned(), act.to_owned())];
    assert!(browser.post("/nl/mailbox", &act("sure")).await.html.contains("vernietigen wij alles meteen"));
    assert_eq!(browser.post("/nl/mailbox", &act("withdraw")).await.status, 200);
    let gone = browser.post("/nl/mailbox", &act("open")).await;
    let other = Service::start(None).await;
    let (never, _) = Browser::new(&other.base).report("Elders", &[]).await;
    drop(never);
    assert_eq!(gone.status, 422);
    assert!(gone.html.contains("niets te vinden"));
    assert_eq!(files_in(&service.path("data/payloads")), 0, "no payload stays");
    assert_eq!(service.desk(READER, &["inbox"]).await.unwrap(), serde_json::json!([]));
}

#[actix_web::test]
async fn bad_input_gets_a_kind_answer_and_nothing_typed_is_lost() {
    let service = Service::with(None, |config| config.max_file_bytes = 1_000_000).await;
    let browser = Browser::new(&service.base);
    let path = "/nl/report";
    let page = browser.get(path).await;
    let page = browser.answer(path, &page, &[("go", "next")]).await;
    let nothing = browser.answer(path, &page, &[("go", "next")]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.html.contains("href=\"#want\"") && nothing.title().starts_with("Fout:"));
    let page = browser.answer(path, &page, &[("want", "advice"), ("go", "next")]).await;
    let defence = browser.answer(path, &page, &[("org", "def"), ("go", "next")]).await;
    assert!(defence.html.contains("eigen meldpunt") && !defence.html.contains("<textarea"));
    let page = browser.answer(path, &page, &[("org", "bzk"), ("go", "next")]).await;
    let page = browser.answer(path, &page, &[("topic", "conduct"), ("go", "next")]).await;
    let page = browser.answer(path, &page, &[("adviser", "bzk-vertrouwenspersoon-1"), ("go", "next")]).await;
    let empty = browser.answer(path, &page, &[("who", "een naam"), ("story", " "), ("go", "next")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.html.contains("een naam") && empty.html.contains("Vertel wat er is gebeurd"));
    let long = "x".repeat(50_000);
    let long_page = browser.answer(path, &page, &[("story", &long), ("go", "next")]).await;
    assert_eq!(long_page.status, 422);
    assert_eq!(long_page.html.len(), PAGE);
    let page = browser.answer(path, &page, &[("story", "Verhaal"), ("go", "next")]).await;
    let tampered = browser.answer(path, &page, &[("adviser", "bzk-vertrouwenspersoon-2"), ("go", "next")]).await;
    assert_eq!(tampered.status, 422);
    assert!(tampered.html.contains("Verhaal"));

    let foreign =
        reqwest::Client::new().post(format!("{}/nl/mailbox", service.base)).header("origin", "https://x.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let (code, _) = browser.report("Groot", &[]).await;
    let large = browser.upload(&code, "groot.bin", vec![0; 3_000_000]).await;
    assert_eq!(large.status, 422);
    assert!(large.html.contains("976 KiB") && large.html.contains("Uw melding staat er nog"));
    assert_eq!(files_in(&service.path("data/payloads")), 0);
}

/// Every byte of an answer to a raw request.
#[cfg(unix)]
async fn on_the_wire(base: &str, request: String) -> String {
    let address = base.trim_start_matches("http://").to_owned();
    let ask = move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    actix_web::rt::task::spawn_blocking(ask).await.unwrap()
}

#[cfg(unix)]
#[actix_web::test]
async fn every_answer_has_the_same_number_of_bytes_on_the_wire() {
    let service = Service::start(None).await;
    let (code, _) = Browser::new(&service.base).report(STORY, &[]).await;
    let code = code.replace(' ', "+");
    let host = service.base.trim_start_matches("http://");
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\nconnection: close\r\ncontent-type: \
             application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            service.base,
            body.len()
        )
    };
    let right = post("/nl/mailbox", &format!("code={code}"));
    let wrong = post("/nl/mailbox", "code=een+twee");
    let escaped = post("/nl/%72eport", "step=1");
    let mut seen = std::collections::BTreeMap::new();
    let method = get("/nl/report").replacen("GET", "PUT", 1);
    for request in [get("/"), get("/nl/report"), get("/nowhere"), right, wrong, escaped, method] {
        let answer = on_the_wire(&service.base, request).await;
        let status = answer.split(' ').nth(1).unwrap().to_owned();
        seen.insert(status, answer.len());
    }
    let statuses: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(statuses, ["200", "404", "405", "422"]);
    assert!(seen.values().all(|length| *length == seen["200"]), "{seen:?}");
}

#[actix_web::test]
async fn a_nearly_full_disk_refuses_the_file_and_the_report_stands() {
    let service = Service::with(None, |config| config.reserve_bytes = u64::MAX).await;
    let browser = Browser::new(&service.base);
    let (code, page) = browser.report("Verhaal", &[]).await;
    assert!(page.html.contains("veilig aangekomen"), "what is kept free is for text");
    let refused = browser.upload(&code, "groot.bin", vec![1; 300_000]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.html.contains("er is nu te weinig ruimte") && refused.html.contains("Uw melding staat er nog"));
    assert_eq!(files_in(&service.path("data/payloads")), 0);
    let inbox = service.desk(READER, &["inbox"]).await.unwrap();
    let case = inbox[0]["case"].as_str().unwrap();
    let (text, file) = (service.path("text.txt"), service.path("file.bin"));
    std::fs::write(&text, "Antwoord").unwrap();
    std::fs::write(&file, vec![2; 3 << 20]).unwrap();
    let paths = [text.to_str().unwrap(), file.to_str().unwrap()];
    let refused = service.desk(READER, &["reply", case, "--file", paths[0], "--attach", paths[1]]).await;
    assert!(refused.unwrap_err().contains("try again later"));
    assert_eq!(files_in(&service.path("data/payloads")), 0);
    service.desk(READER, &["reply", case, "--file", paths[0]]).await.unwrap();
}

/// Answered as GET is, without a body: the headers, the length among them, tell nothing more of which page it is.
#[actix_web::test]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let service = Service::start(None).await;
    let asked = |method: &'static str, path: &'static str| {
        let address = service.base.strip_prefix("http://").unwrap().to_owned();
        tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
            std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
            let mut answer = String::new();
            std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
            lines.sort();
            (lines, body.len())
        })
    };
    let mut lengths = std::collections::BTreeSet::new();
    for path in
        ["/", "/nl/", "/en/info/privacy", "/nl/report", "/nl/mailbox", "/nl/bestaat-niet", "/.well-known/security.txt"]
    {
        let (head, body) = asked("HEAD", path).await.unwrap();
        assert_eq!(
            (&head, PAGE),
            (&asked("GET", path).await.unwrap().0, asked("GET", path).await.unwrap().1),
            "{path}"
        );
        assert_eq!(body, 0, "{path}");
        assert!(head.contains(&format!("content-length: {PAGE}")), "{head:?}");
        lengths.insert(head.concat().len());
    }
    assert_eq!(lengths.len(), 1, "one size on the wire");
    // What only takes a form stays so, and the readers' API has no HEAD.
    assert!(asked("HEAD", "/nl/mailbox/more").await.unwrap().0.iter().any(|line| line.contains(" 405 ")));
    assert!(asked("HEAD", "/api/v1/roster").await.unwrap().0.iter().any(|line| line.contains(" 405 ")));
}

/// Names alone help nobody: what each is for, and its address, which nobody can follow by mistake.
#[actix_web::test]
async fn other_organisations_are_named_with_their_subject_and_address_and_no_link() {
    let service = Service::start(None).await;
    let browser = Browser::new(&service.base);
    for (path, subject) in [("/nl/info/external", "gratis advies"), ("/en/info/external", "free advice")] {
        let page = browser.get(path).await;
        let main = page.html.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        for name in [
            "huisvoorklokkenluiders",
            "acm",
            "afm",
            "autoriteitnvs",
            "autoriteitpersoonsgegevens",
            "dnb",
            "igj",
            "nvwa",
            "nza",
        ] {
            assert!(main.contains(&format!(">{name}.nl<")), "{path}: {name}");
        }
        assert!(main.contains(subject) && !main.contains("href") && !main.contains("://"), "{path}");
    }
}
