//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness of the service. It looks like every other answer: on each door the
//! same headers and the one size, filled up with comments. Without it, or past its day, the address leads nowhere.
//!
//! Why so large, when readers of such files like them short: whoever watches the line must not tell by its size that somebody asked for this
//! and not for a page (promise 6, which excepts nothing). The filling is comments and stands last: a reader that stops early has had every
//! field by then.
use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    App,
    frame::{PAGE, Whole},
    page::problem,
};
use crate::{domain::day::Day, seal::code::Language};

/// Days before its end on which `check` begins to warn.
const SOON: i32 = 30;
/// Bytes of a line of filling.
const LINE: usize = 64;
/// Bytes of an address, and how many there may be.
const ADDRESS: usize = 500;
const ADDRESSES: usize = 10;

/// What the file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Whom to tell, the best way first: `mailto:` or `https:` addresses.
    pub contact: Vec<String>,
    /// The last day on which this holds; no file is served without it, or after it.
    pub expires: Option<Day>,
    /// The address of a page that says how weaknesses are handled, `https:`.
    pub policy: Option<String>,
}

impl Security {
    /// Refuses what is no such address. The error names the setting.
    pub(crate) fn check(&self) -> Result<(), String> {
        let plain = |text: &str| text.len() <= ADDRESS && text.bytes().all(|b| b.is_ascii_graphic());
        let address = |text: &String, schemes: &[&str]| {
            plain(text) && schemes.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        };
        if self.contact.is_empty() || self.contact.len() > ADDRESSES {
            return Err(format!("[security]: contact must be a list of one to {ADDRESSES} addresses"));
        }
        if !self.contact.iter().all(|contact| address(contact, &["mailto:", "https://"])) {
            return Err("[security]: each contact must be a mailto: or https: address, without spaces".into());
        }
        if self.policy.as_ref().is_some_and(|policy| !address(policy, &["https://"])) {
            return Err("[security]: policy must be an https: address, without spaces".into());
        }
        Ok(())
    }

    /// What `check` has to say: that the file is not served, or will soon be no more.
    pub fn doubt(&self, today: Day) -> Option<String> {
        match self.expires {
            None => Some("Warning: [security] has no expires, and security.txt is not served.".into()),
            Some(day) if day < today => {
                Some(format!("Warning: [security] expired on {day}, and security.txt is not served."))
            }
            Some(day) if day < today.plus_days(SOON) => {
                Some(format!("Warning: [security] expires on {day}; look at the contacts and set a later day."))
            }
            Some(_) => None,
        }
    }

    fn text(&self, expires: Day) -> String {
        let mut text =
            String::from("# Weaknesses of this service itself. To report wrongdoing, begin at the front page.\n");
        let contacts = self.contact.iter().map(|contact| format!("Contact: {contact}\n"));
        let policy = self.policy.iter().map(|policy| format!("Policy: {policy}\n"));
        let fixed = [format!("Expires: {expires}T23:59:59Z\n"), String::from("Preferred-Languages: nl, en\n")];
        text.extend(contacts.chain(fixed).chain(policy));
        while text.len() < PAGE {
            let line = (PAGE - text.len()).min(LINE);
            text.push_str(if line > 1 { "#" } else { "" });
            text.extend(std::iter::repeat_n(' ', line.saturating_sub(2)));
            text.push('\n');
        }
        text
    }
}

/// The file, if there is one today.
pub(super) async fn file(app: Data<App>) -> HttpResponse {
    let security = app.config.security.as_ref();
    let valid = security.and_then(|s| Some((s, s.expires.filter(|day| *day >= app.clock.today())?)));
    let Some((security, expires)) = valid else { return problem(Language::Nl, StatusCode::NOT_FOUND) };
    // Spelt without a space, the type is as long as that of a page.
    let mut response = HttpResponse::Ok().content_type("text/plain;charset=utf-8").body(security.text(expires));
    response.extensions_mut().insert(Whole);
    response
}
