//! What stands around every page: whether it is an example, by which door somebody came and what that means, and the one size.
use actix_web::http::uri::Authority;
use askama::Template;

use super::onion::Door;
use crate::{domain::roster::Mode, text::Texts};

/// Bytes of every page. The story stands once on a page and is at most 40 KiB, escaped.
pub(crate) const PAGE: usize = 64 << 10;
/// Bytes that are kept for the frame and the title: what fits on a page does not depend on the door.
const FRAME: usize = 10 << 10;
/// Bytes of the comment that pads, without its spaces.
const COMMENT: usize = 10;
pub(crate) const STYLE: &str = include_str!("../../web/style.css");

/// A page without its frame, which the guard puts around it: the guard alone knows the door.
pub(crate) struct Content {
    pub(crate) t: Texts,
    pub(crate) title: String,
    pub(crate) inner: String,
}

/// Marks an answer that has the one size and needs no frame.
pub(crate) struct Whole;

impl Content {
    /// Whether it fits a page, whatever the frame.
    pub(crate) fn fits(&self) -> bool {
        self.title.len() + self.inner.len() <= PAGE - FRAME
    }

    /// The whole page, of [`PAGE`] bytes.
    pub(crate) fn framed(&self, around: &Around) -> String {
        let base = Base { t: self.t, style: STYLE, title: &self.title, around, inner: &self.inner };
        let mut html = base.render().unwrap_or_default();
        let tail = "</html>\n";
        let padding = PAGE.saturating_sub(html.len() + tail.len() + COMMENT);
        html.push_str("<!-- ");
        html.extend(std::iter::repeat_n(' ', padding));
        html.push_str(" -->\n");
        html.push_str(tail);
        html
    }
}

#[derive(Template)]
#[template(path = "base.html")]
struct Base<'a> {
    t: Texts,
    style: &'static str,
    title: &'a str,
    around: &'a Around,
    inner: &'a str,
}

/// By which way somebody came, as far as it changes who can see them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// By the onion service.
    Onion,
    /// By the clear net: HTTPS, or a proxy in front of the plain listener.
    Clear,
    /// On the service's own machine.
    Local,
}

impl Way {
    /// The listener decides; on those that are not Tor's, the name that was dialled. Who lies about it deceives nobody else.
    pub(crate) fn of(door: Door, host: Option<&str>) -> Self {
        match door {
            Door::Onion => Self::Onion,
            Door::Clear if host.is_some_and(is_local) => Self::Local,
            Door::Clear => Self::Clear,
        }
    }
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// What a page says about the service and the way to it.
pub(crate) struct Around {
    pub(crate) mode: Mode,
    pub(crate) way: Way,
    /// The onion service's address, where another way was taken.
    pub(crate) onion: Option<String>,
}

impl Around {
    /// The text that says this is no place for real reports.
    fn mode_id(&self) -> Option<&'static str> {
        match self.mode {
            Mode::Live => None,
            Mode::Training => Some("mode-training"),
            Mode::Demo => Some("mode-demo"),
        }
    }

    fn way_id(&self) -> &'static str {
        match self.way {
            Way::Onion => "door-onion",
            Way::Clear => "door-clear",
            Way::Local => "door-local",
        }
    }

    /// The advice to take the other way, where there is a better one.
    fn advice_id(&self) -> Option<&'static str> {
        match (self.way, &self.onion) {
            (Way::Clear, Some(_)) => Some("door-use-onion"),
            (Way::Clear, None) => Some("door-use-tor"),
            _ => None,
        }
    }

    /// The address that the advice ends with.
    fn address(&self) -> Option<&str> {
        self.onion.as_deref().filter(|_| self.way == Way::Clear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::code::Language;

    #[test]
    fn whatever_the_frame_says_a_page_that_fits_has_the_one_size() {
        let onion = || Some(format!("http://{}.onion", "a".repeat(56)));
        for language in [Language::Nl, Language::En] {
            for mode in [Mode::Live, Mode::Training, Mode::Demo] {
                for way in [Way::Onion, Way::Clear, Way::Local] {
                    for onion in [None, onion()] {
                        let (t, around) = (Texts::of(language), Around { mode, way, onion });
                        let mut content = Content { t, title: "x".repeat(200), inner: String::new() };
                        content.inner = "i".repeat(PAGE - FRAME - 200);
                        assert!(content.fits());
                        assert_eq!(content.framed(&around).len(), PAGE, "{mode:?} {way:?}");
                        content.inner.push('i');
                        assert!(!content.fits());
                    }
                }
            }
        }
    }

    #[test]
    fn a_local_name_is_told_from_others() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "127.1.2.3"] {
            assert_eq!(Way::of(Door::Clear, Some(host)), Way::Local, "{host}");
        }
        for host in ["meldkluis.example.org", "127.0.0.1.example.org", "localhost.example.org:443", "[2001:db8::1]", ""]
        {
            assert_eq!(Way::of(Door::Clear, Some(host)), Way::Clear, "{host}");
        }
        assert_eq!(Way::of(Door::Clear, None), Way::Clear);
        assert_eq!(Way::of(Door::Onion, Some("localhost")), Way::Onion);
    }
}
