//! The steps of a walk, each of which says what is wrong.
use uuid::Uuid;

use super::{
    super::{
        Attachment, Client, Content, DeskError, Item, Opened, Reach, State,
        open::{Body, entered},
        open_case, write,
    },
    page::{Form, Page},
    visitor::{Visitor, wrong},
};
use crate::{
    domain::{
        case::Act,
        id::{CaseId, OrgId},
        oral::REPORT_ROOM,
    },
    seal::{Author, Plaintext, code::Code},
};

const REPORT: &str = "/nl/report";
const MAILBOX: &str = "/nl/mailbox";
const FILE: &str = "proef \u{e9}\u{20ac}.txt";

/// A report that is about to be sent.
pub(super) struct Ready {
    last: Form,
    filed: Filed,
}

/// A report that was sent.
#[derive(Clone)]
pub(super) struct Filed {
    code: String,
    case: CaseId,
    story: String,
    answer: String,
    file: Vec<u8>,
}

/// Answers the pages up to the last, where the code is typed back.
pub(super) async fn form(visitor: &Visitor, client: &Client, org: &OrgId) -> Result<Ready, DeskError> {
    let mark = Uuid::new_v4();
    let story = format!(
        "Dit is een proefmelding van meldkluis-desk canary. Geen mens heeft dit geschreven.\r\n\
         This is a synthetic report. It says whether the service works: <b>&amp;\"'</b> \u{e9}\u{20ac}\u{1f426}\r\n\r\n{mark}"
    );
    let mut page = visitor.get(REPORT).await?;
    let answers = [None, Some(("want", "report")), Some(("org", org.as_str())), Some(("topic", "other")), None];
    for (step, answer) in (1..).zip(answers.into_iter().chain([Some(("story", story.as_str())), None])) {
        page = next(visitor, &page, step, answer).await?;
    }
    let code = page.words.join(" ");
    let typed = Code::typed(&Plaintext::from(code.clone()), &client.roster.instance);
    let keys = typed.map_err(|_| wrong("page 8 shows no code"))?.keys(&client.roster.instance, REPORT_ROOM);
    let case = keys.public().case(&client.roster.instance);
    let page = next(visitor, &page, 8, None).await?;
    let last = step_form(&page, 9)?.with("code", &code).and_then(|form| form.pressed("go", "next"));
    let answer = format!("Dit is het antwoord op een proefmelding. <i>&amp;</i> \u{e9}\u{20ac} {mark}");
    let filed = Filed { code, case, story, answer, file: mark.as_bytes().repeat(64) };
    Ok(Ready { last: last.ok_or_else(|| wrong("page 9 does not ask for the code"))?, filed })
}

/// The form of the page of a step.
fn step_form(page: &Page, step: u8) -> Result<Form, DeskError> {
    let found = page.forms.iter().find(|form| form.action == REPORT && form.value("step") == Some(&step.to_string()));
    found.cloned().ok_or_else(|| wrong(&format!("page {step} of the form is not there")))
}

async fn next(visitor: &Visitor, page: &Page, step: u8, answer: Option<(&str, &str)>) -> Result<Page, DeskError> {
    let form = step_form(page, step)?;
    let form = match answer {
        Some((name, value)) => form.with(name, value),
        None => Some(form),
    };
    let form = form.and_then(|form| form.pressed("go", "next"));
    visitor.send(form.ok_or_else(|| wrong(&format!("page {step} of the form does not ask what it should")))?, 200).await
}

impl Ready {
    /// What there is once it was sent.
    pub(super) fn filed(&self) -> Filed {
        self.filed.clone()
    }

    /// Sends it and reads the receipt, which is the mailbox.
    pub(super) async fn send(self, visitor: &Visitor) -> Result<(), DeskError> {
        let receipt = visitor.send(self.last, 200).await?;
        mailbox_form(&receipt, "write").map(drop)
    }
}

/// The form of an opened mailbox with this button: the code is in it and is not asked for.
fn mailbox_form(page: &Page, act: &str) -> Result<Form, DeskError> {
    let with_code = page.forms.iter().filter(|form| form.value("code").is_some() && !form.asks("code"));
    let pressed = with_code.cloned().find_map(|form| form.pressed("act", act));
    pressed.ok_or_else(|| wrong(&format!("the mailbox has no button for \"{act}\"")))
}

impl Filed {
    /// Goes to the mailbox and types the code.
    async fn visit(&self, visitor: &Visitor, status: u16) -> Result<Page, DeskError> {
        let door = visitor.get(MAILBOX).await?;
        let form = door.forms.into_iter().find(|form| form.asks("code"));
        let form = form.and_then(|form| form.with("code", &self.code));
        visitor.send(form.ok_or_else(|| wrong("the mailbox does not ask for a code"))?, status).await
    }

    /// Opens the report with the reader's key, and looks at every byte.
    pub(super) async fn open(&self, client: &Client) -> Result<(), DeskError> {
        if client.inbox().await?.iter().all(|case| case.case != self.case) {
            return Err(wrong("what was sent is not in the reader's inbox"));
        }
        let (_, items) = entered(client, &self.case).await?;
        let first = opened(&items)?.next().ok_or_else(|| wrong("there is nothing in the case"))?;
        let Content::Story(story) = &first.content else { return Err(wrong("the first item is no report")) };
        if story.story.as_bytes() != self.story.as_bytes() {
            return Err(wrong("the report is not what was sent"));
        }
        if first.manifest.head.to != [client.me.keyed()] {
            return Err(wrong("others than the canary's reader got a key"));
        }
        Ok(())
    }

    pub(super) async fn add_file(&self, visitor: &Visitor) -> Result<(), DeskError> {
        let form = mailbox_form(&self.visit(visitor, 200).await?, "file")?;
        let page = visitor.upload(form, FILE, self.file.clone()).await?;
        mailbox_form(&page, "write").map(drop)
    }

    pub(super) async fn open_file(&self, client: &Client) -> Result<(), DeskError> {
        let case = client.case(&self.case).await?;
        let items = open_case(client, &case, Reach::Small).await?;
        let mut files = opened(&items)?.filter_map(|opened| match &opened.content {
            Content::File { body: Body::Memory(bytes), .. } => Some((opened.manifest.head.name.as_deref(), bytes)),
            _ => None,
        });
        match files.next() {
            Some((Some(FILE), bytes)) if **bytes == self.file => Ok(()),
            Some(_) => Err(wrong("the file is not what was sent")),
            None => Err(wrong("the file is not there")),
        }
    }

    pub(super) async fn answer(&self, client: &Client) -> Result<(), DeskError> {
        let text = Plaintext::from(self.answer.clone());
        write(client, &self.case, Act::Reply, text, Vec::<Attachment>::new()).await.map(drop)
    }

    pub(super) async fn read_answer(&self, visitor: &Visitor) -> Result<(), DeskError> {
        let page = self.visit(visitor, 200).await?;
        if page.written == [self.answer.as_str()] { Ok(()) } else { Err(wrong("the mailbox does not show the answer")) }
    }

    /// Withdraws: of the canary's organisation this destroys everything, opened or not.
    pub(super) async fn withdraw(&self, visitor: &Visitor) -> Result<(), DeskError> {
        let page = visitor.send(mailbox_form(&self.visit(visitor, 200).await?, "sure")?, 200).await?;
        let page = visitor.send(mailbox_form(&page, "withdraw")?, 200).await?;
        if page.forms.is_empty() { Ok(()) } else { Err(wrong("it was not destroyed")) }
    }

    /// After a fault: leaves nothing, whether it arrived or not.
    pub(super) async fn clear(&self, visitor: &Visitor) -> Result<(), DeskError> {
        if self.visit(visitor, 422).await.is_ok() { Ok(()) } else { self.withdraw(visitor).await }
    }

    /// The code opens nothing, and the reader has nothing.
    pub(super) async fn gone(&self, visitor: &Visitor, client: &Client) -> Result<(), DeskError> {
        // The door again, which says that it does not know the code.
        let page = self.visit(visitor, 422).await?;
        if !page.forms.iter().any(|form| form.asks("code")) || mailbox_form(&page, "open").is_ok() {
            return Err(wrong("the code still opens something"));
        }
        if client.inbox().await?.iter().any(|case| case.case == self.case) {
            return Err(wrong("it is still in the reader's inbox"));
        }
        Ok(())
    }
}

/// What opened, if everything did and each is proven to be from whom it says.
fn opened(items: &[Item]) -> Result<impl Iterator<Item = &Opened>, DeskError> {
    for item in items {
        match &item.state {
            State::Opened(opened) if opened.proven => {}
            State::Opened(_) => return Err(wrong("an item is not proven to be from whom it says")),
            State::Failed(error) => return Err(wrong(&format!("an item does not open: {error}"))),
            State::Away => return Err(wrong("an item was not fetched")),
            State::Large(_) => return Err(wrong("an item is larger than what was sent")),
        }
    }
    let of_reporter = |opened: &&Opened| opened.manifest.head.author == Author::Reporter;
    Ok(items
        .iter()
        .filter_map(|item| match &item.state {
            State::Opened(opened) => Some(&**opened),
            _ => None,
        })
        .filter(of_reporter))
}
