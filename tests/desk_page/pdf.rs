//! Documents are shown as pictures of their pages, made here.
use std::{fmt::Write, time::Duration};

use thirtyfour::By;

use crate::{
    READER, STORY, absolute, desk, entered, picture,
    support::{Browser, Service},
};

/// A PDF of so many pages, half of each in red.
pub(crate) fn pdf(pages: usize) -> Vec<u8> {
    let kids: Vec<String> = (0..pages).map(|n| format!("{} 0 R", n + 4)).collect();
    let kids = kids.join(" ");
    let content = "1 0 0 rg 0 0 210 595 re f";
    let mut text = format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [{kids}] /Count \
         {pages} /MediaBox [0 0 420 595] >>\nendobj\n3 0 obj\n<< /Length {} >>\nstream\n{content}\nendstream\nendobj\n",
        content.len()
    );
    for n in 0..pages {
        writeln!(text, "{} 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>\nendobj", n + 4).unwrap();
    }
    text.push_str("trailer << /Root 1 0 R >>\n%%EOF\n");
    text.into_bytes()
}

#[actix_web::test]
async fn a_pdf_is_shown_page_by_page_and_one_that_cannot_be_drawn_says_so() {
    let service = Service::start(None).await;
    let reporter = Browser::new(&service.base);
    let (code, _) = reporter.report(STORY, &[]).await;
    for (name, bytes) in [("brief.pdf", pdf(3)), ("lang.pdf", pdf(250)), ("kapot.pdf", b"%PDF-1.7\nkapot".to_vec())] {
        assert_eq!(reporter.upload(&code, name, bytes).await.status, 200);
    }
    let (link, _) = desk(&service, READER, Duration::from_mins(10));
    let browser = entered(&link).await;
    browser.press("table a").await;
    let case = browser.page.current_url().await.unwrap().to_string();
    let open = async |name: &str| {
        browser.page.goto(&case).await.unwrap();
        let file = browser.page.find(By::PartialLinkText(name)).await.unwrap();
        browser.page.goto(absolute(&link, &file.attr("href").await.unwrap().unwrap())).await.unwrap();
        assert_eq!(browser.heading().await, name);
    };
    let drawn = async || {
        let picture = browser.page.find(By::Css("img.mk-picture")).await.unwrap();
        picture.prop("naturalWidth").await.unwrap().unwrap().parse::<u32>().unwrap()
    };
    open("brief.pdf").await;
    for number in 1..=3 {
        assert!(browser.text().await.contains(&format!("Bladzijde {number} van 3")), "{}", browser.text().await);
        assert_eq!(drawn().await, 1200, "the page was drawn and shown");
        let after = format!("main nav a[href$='page={}']", number + 1);
        assert_eq!(browser.page.find(By::Css(&after)).await.is_ok(), number < 3);
        if number < 3 {
            browser.press(&after).await;
        }
    }
    picture(&browser, "desk-pdf").await;
    browser.press("main nav a[href$='page=2']").await;
    assert!(browser.text().await.contains("Bladzijde 2 van 3"));
    open("lang.pdf").await;
    assert!(browser.text().await.contains("Alleen de eerste 200 bladzijden"), "{}", browser.text().await);
    let url = browser.page.current_url().await.unwrap();
    browser.page.goto(format!("{url}?page=201")).await.unwrap();
    assert!(browser.text().await.contains("kan hier niet worden getoond"));
    open("kapot.pdf").await;
    assert!(browser.text().await.contains("kan hier niet worden getoond"));
    assert!(browser.page.find(By::Css("img.mk-picture")).await.is_err());
    browser.quit().await;
}
