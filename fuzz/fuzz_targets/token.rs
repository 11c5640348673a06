//! The hidden fields of the filing form: what a page hands out is believed when it comes back, and nothing else is.
#![no_main]
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meldkluis::{domain::roster::Roster, fuzzing::Form};
use meldkluis_fuzz::{
    Input,
    roster::{ANCHOR, BELIEVED, ORG, ROOT, files, filled, today},
};

const KEY: [u8; 32] = [4; 32];
const OLD: [u8; 32] = [5; 32];
const NAMES: [&str; 14] = [
    "want", "org", "topic", "adviser", "deputy", "strike", "strike", "manager", "story", "who", "when", "place",
    "known", "seed",
];
/// What a page asks for comes from the reporter; the rest stands in its hidden fields. Page 7 shows the texts in fields of their own.
const ASKED: [(u8, &[&str]); 6] = [
    (2, &["want"]),
    (3, &["org"]),
    (4, &["topic"]),
    (5, &["adviser", "deputy", "strike", "manager"]),
    (6, TEXTS),
    (7, TEXTS),
];
const TEXTS: &[&str] = &["story", "who", "when", "place", "known"];

/// The roster with one text changed.
static OTHER: LazyLock<Roster> = LazyLock::new(|| {
    let files = files(&filled(ROOT).replace("Call them", "Write to them"), &filled(ORG));
    files.verify(&ANCHOR, today(), |_| None).expect("it is in order").0
});

type Fields = Vec<(String, String)>;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let (page, kind, which, with) = (1 + input.byte() % 9, input.byte(), usize::from(input.byte()), input.byte());
    let count = input.byte() % 16;
    let field = |input: &mut Input<'_>| (NAMES[usize::from(input.byte()) % NAMES.len()].to_owned(), input.text());
    let fields: Fields = (0..count).map(|_| field(&mut input)).collect();
    let form = Form::read(fields.clone());
    let mut sent = inputs(&form.hidden(&BELIEVED, &KEY, page));
    let (_, token) = sent.pop().expect("a token");
    let (step, number) = sent.pop().expect("the page");
    assert_eq!((step.as_str(), number), ("step", page.to_string()));
    let asked = |name: &str| ASKED.iter().any(|(of, names)| *of == page && names.contains(&name));
    assert!(sent.iter().all(|(name, _)| !asked(name)), "what is asked for is not hidden");
    sent.extend(fields.iter().filter(|(name, _)| asked(name)).cloned());
    // A browser sends no NUL: what it does with one is its own.
    if !fields.iter().any(|(_, value)| value.contains('\0')) {
        assert!(believed(&sent, page, &token), "the page's own fields");
        assert!(Form::read(sent.clone()).believed(&BELIEVED, &[OLD, KEY], page, &token), "a key that was changed");
    }
    altered(&sent, page, &token, (kind, which, with), &asked);
});

fn believed(fields: &Fields, page: u8, token: &str) -> bool {
    Form::read(fields.clone()).believed(&BELIEVED, &[KEY], page, token)
}

/// One alteration that means something else.
fn altered(sent: &Fields, page: u8, token: &str, (kind, which, with): (u8, usize, u8), asked: &impl Fn(&str) -> bool) {
    let mut fields = sent.clone();
    match kind % 7 {
        0 => assert!(!believed(&fields, page % 9 + 1, token), "another page"),
        1 => assert!(!Form::read(fields).believed(&BELIEVED, &[OLD], page, token), "another key"),
        2 => {
            let mut bytes = token.as_bytes().to_vec();
            let at = which % bytes.len();
            bytes[at] = if bytes[at] == b'0' + with % 10 { b'x' } else { b'0' + with % 10 };
            assert!(!believed(&fields, page, &String::from_utf8_lossy(&bytes)), "another token");
        }
        3 => {
            assert!(!Form::read(fields).believed(&OTHER, &[KEY], page, token), "another roster");
        }
        4 => {
            let name = TEXTS[which % TEXTS.len()];
            if asked(name) && page != 7 {
                return;
            }
            let text = fields.iter().rev().find(|(n, _)| n == name).map_or("", |(_, text)| text.as_str());
            let text = format!("{text}{}", char::from(with % 26 + b'a'));
            fields.push((name.to_owned(), text));
            assert!(!believed(&fields, page, token), "another text");
        }
        5 if !asked("strike") => {
            let struck = format!("geschrapt-{which}-{with}");
            if fields.iter().all(|(_, value)| *value != struck) {
                fields.push((String::from("strike"), struck));
                assert!(!believed(&fields, page, token), "one struck more");
            }
        }
        6 => {
            let choices = ["want", "org", "topic", "adviser", "manager", "deputy"];
            let name = choices[which % choices.len()];
            let had = fields.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone());
            let other = match name {
                "want" => ["report", "advice"],
                "topic" => ["money", "power"],
                "deputy" => ["yes", "no"],
                _ => ["bzk", "buiten"],
            };
            let other = if had.as_deref() == Some(other[0]) { other[1] } else { other[0] };
            // No deputy is as good as none.
            if !asked(name) && !(name == "deputy" && other == "no" && had.is_none()) {
                fields.push((name.to_owned(), other.to_owned()));
                assert!(!believed(&fields, page, token), "another choice for {name}");
            }
        }
        _ => {}
    }
}

/// The names and values of hidden inputs, as a browser reads them.
fn inputs(html: &str) -> Fields {
    let mut rest = html;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        rest = rest.strip_prefix("<input type=\"hidden\" name=\"").expect("an input");
        let (name, after) = rest.split_once("\" value=\"").expect("a value");
        let (value, after) = after.split_once("\">").expect("its end");
        assert!(!value.contains(['<', '>', '"', '\'', '\r', '\n', '\0']), "it would be read otherwise");
        fields.push((name.to_owned(), unescaped(value)));
        rest = after;
    }
    fields
}

fn unescaped(value: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#13;", "\r"), ("&#10;", "\n")];
    let text = pairs.iter().fold(value.replace("&#65533;", "\u{fffd}"), |text, (entity, c)| text.replace(entity, c));
    assert!(text.split('&').skip(1).all(|after| after.starts_with("amp;")), "every & is escaped");
    text.replace("&amp;", "&")
}
