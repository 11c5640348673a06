//! A reporter's page, as far as a browser without script acts on it: forms, buttons, the code, and what somebody answered.
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The HTTP status.
    pub(super) status: u16,
    pub(super) forms: Vec<Form>,
    /// The words of a code that is shown.
    pub(super) words: Vec<String>,
    /// Texts that somebody wrote.
    pub(super) written: Vec<String>,
    /// There is a script, which no page of ours has.
    pub(super) script: bool,
}

/// A form with what it sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// The path it is sent to.
    pub(super) action: String,
    fields: Vec<(String, String)>,
    /// Names that can be answered.
    asked: Vec<String>,
    buttons: Vec<Button>,
}

/// A button that sends its form.
#[derive(Clone, Debug)]
struct Button {
    name: String,
    value: String,
    /// Where it sends the form instead.
    action: Option<String>,
}

impl Form {
    /// What is sent under a name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether something is typed or chosen under a name.
    pub(super) fn asks(&self, name: &str) -> bool {
        self.asked.iter().any(|asked| asked == name)
    }

    /// With an answer; `None` when the form does not ask for it.
    pub(super) fn with(mut self, name: &str, value: &str) -> Option<Self> {
        self.asks(name).then(|| {
            self.fields.retain(|(field, _)| field != name);
            self.fields.push((name.to_owned(), value.to_owned()));
            self
        })
    }

    /// With a button pressed; `None` when it is not there.
    pub(super) fn pressed(mut self, name: &str, value: &str) -> Option<Self> {
        let button = self.buttons.iter().find(|b| b.name == name && b.value == value)?.clone();
        self.fields.push((button.name, button.value));
        self.action = button.action.unwrap_or(self.action);
        Some(self)
    }

    /// What a browser sends: lines end with CR LF.
    pub(super) fn into_fields(self) -> Vec<(String, String)> {
        self.fields.into_iter().map(|(name, value)| (name, with_crlf(&value))).collect()
    }

    fn input(&mut self, tag: &StartTag<()>) {
        let Some(name) = attribute(tag, "name") else { return };
        let value = attribute(tag, "value").unwrap_or_default();
        match attribute(tag, "type").as_deref() {
            Some("hidden") => self.fields.push((name, value)),
            Some("radio" | "checkbox") => {
                if attribute(tag, "checked").is_some() {
                    self.fields.push((name.clone(), value));
                }
                self.asked.push(name);
            }
            // A form whose file was not chosen sends an empty one; ours is added when it is sent.
            _ => self.asked.push(name),
        }
    }
}

fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.iter().find(|(key, _)| key.as_slice() == name.as_bytes()).map(|(_, value)| text(value))
}

/// Where the text that comes belongs.
#[derive(Default)]
enum Place {
    #[default]
    Elsewhere,
    Area(String, String),
    Written(String),
    /// In the list of a code, in a word of it.
    Code(String),
}

/// Reads a page. What is not of use to a visitor is passed over.
pub(super) fn page(status: u16, html: &str) -> Page {
    let mut page = Page { status, ..Page::default() };
    let mut emitter = DefaultEmitter::default();
    // Text areas hold text, not tags.
    emitter.naively_switch_states(true);
    let (mut place, mut code, mut number) = (Place::Elsewhere, false, false);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => match tag.name.as_slice() {
                b"form" => {
                    let action = attribute(&tag, "action").unwrap_or_default();
                    page.forms.push(Form { action, ..Form::default() });
                }
                b"input" => page.forms.last_mut().into_iter().for_each(|form| form.input(&tag)),
                b"button" => page.forms.last_mut().into_iter().for_each(|form| {
                    let named = attribute(&tag, "name").zip(attribute(&tag, "value"));
                    let action = attribute(&tag, "formaction");
                    form.buttons.extend(named.map(|(name, value)| Button { name, value, action }));
                }),
                b"textarea" => place = Place::Area(attribute(&tag, "name").unwrap_or_default(), String::new()),
                b"div" if attribute(&tag, "class").as_deref() == Some("mk-story") => {
                    place = Place::Written(String::new())
                }
                b"ol" => code = attribute(&tag, "class").as_deref() == Some("mk-code"),
                b"li" if code => place = Place::Code(String::new()),
                b"span" => number = true,
                b"script" => page.script = true,
                _ => {}
            },
            Token::String(piece) => match &mut place {
                Place::Area(_, so_far) | Place::Written(so_far) => so_far.push_str(&text(&piece)),
                Place::Code(word) if !number => word.push_str(&text(&piece)),
                Place::Code(_) | Place::Elsewhere => {}
            },
            Token::EndTag(tag) => match (tag.name.as_slice(), std::mem::take(&mut place)) {
                (b"textarea", Place::Area(name, typed)) => {
                    if let Some(form) = page.forms.last_mut() {
                        form.asked.push(name.clone());
                        form.fields.push((name.clone(), typed.clone()));
                    }
                }
                (b"div", Place::Written(all)) => page.written.push(all),
                (b"li", Place::Code(word)) => page.words.push(word.trim().to_owned()),
                (b"span", before) => (number, place) = (false, before),
                (b"ol", before) => (code, place) = (false, before),
                (_, before) => place = before,
            },
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<form action=\"/nl/report\"><input type=\"hidden\" name=\"step\" value=\"&lt;5&#34;\">\
        <input type=radio name=want value=a checked><input type=radio name=want value=b>\
        <input type=checkbox name=strike value=x><textarea name=story>a &lt;b&gt;\n<i></textarea>\
        <button hidden name=go value=next></button><button name=go value=back>x</button>\
        <button name=go value=file formaction=\"/nl/file\">y</button></form>\
        <ol class=\"mk-code\"><li><span>1.</span> appel</li><li><span>2.</span> peer</li></ol><ol><li>no</li></ol>\
        <div class=\"mk-story\">Eén &amp; twee</div>";

    #[test]
    fn a_page_is_read_as_a_browser_reads_it() {
        let mut page = page(200, PAGE);
        assert_eq!((page.words.join(" "), page.written.join("|")), ("appel peer".into(), "Eén & twee".into()));
        assert!(!page.script && page.forms.len() == 1);
        let form = page.forms.remove(0);
        assert!(form.clone().with("adviser", "x").is_none() && form.clone().pressed("go", "send").is_none());
        let sent = form.clone().with("want", "b").and_then(|form| form.pressed("go", "next")).map(Form::into_fields);
        let wanted = [("step", "<5\""), ("story", "a <b>\r\n<i>"), ("want", "b"), ("go", "next")];
        assert_eq!(form.pressed("go", "file").map(|form| form.action).as_deref(), Some("/nl/file"));
        assert_eq!(sent, Some(wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).into()));
    }

    #[test]
    fn a_script_is_seen() {
        assert!(page(200, "<p>a<script>b</script>").script);
    }
}
