//! Output that cannot take over a terminal, and names that cannot leave a folder.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
    process::ExitCode,
};

/// Bytes of a safe name: file systems take 255, and a number may come before it.
const NAME_BYTES: usize = 200;

/// Characters that steer a terminal or turn text around.
fn steers(c: char) -> bool {
    let bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidi || c == '\u{feff}'
}

/// Characters that show nothing, though some count as letters.
fn shows_nothing(c: char) -> bool {
    let blank = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    );
    let joins = matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}');
    blank || joins || matches!(c, '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}') || steers(c)
}

/// The first line of a text in which there is a letter or digit to see, without what shows nothing or turns words around: it names something
/// in lists and sentences, where nobody should miss it or read other words than stand there.
pub fn visible_line(text: &str) -> Option<String> {
    let mut lines = text.lines().map(|line| line.replace('\t', " ").replace(shows_nothing, ""));
    lines.find(|line| line.contains(char::is_alphanumeric)).map(|line| line.trim().to_owned())
}

/// Prints a line. Whoever stops reading has read enough; what could not be written for another reason was not said.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The end of a program: says what was done, or what was wrong.
pub fn ended(program: &str, done: Result<String, impl Display>) -> ExitCode {
    end(done, |error| format!("{program}: {error}"))
}

/// The same, to a program: what was wrong is one JSON object on standard error.
pub fn ended_in_json(done: Result<String, impl Display>) -> ExitCode {
    end(done, |error| safe_json(&serde_json::json!({ "error": error }).to_string()))
}

fn end(done: Result<String, impl Display>, wrong: impl Fn(&str) -> String) -> ExitCode {
    let said = match done {
        Ok(text) if text.is_empty() => Ok(()),
        Ok(text) => print(&text).map_err(|error| format!("what it says could not be written: {error}")),
        Err(error) => Err(error.to_string()),
    };
    let Err(error) = said else { return ExitCode::SUCCESS };
    // There is nobody else to tell.
    drop(writeln!(std::io::stderr(), "{}", wrong(&error)));
    ExitCode::FAILURE
}

/// Text for a terminal: line ends and tabs stay, everything that steers becomes `�`.
pub fn safe_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().map(|c| if steers(c) && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// JSON for a terminal: what steers stands as an escape, and it is the same document.
pub fn safe_json(json: &str) -> String {
    let mut safe = String::new();
    for c in json.chars() {
        // JSON as serde_json writes it has such characters in texts only.
        if steers(c) { safe.push_str(&format!("\\u{:04x}", u32::from(c))) } else { safe.push(c) }
    }
    safe
}

/// A file name from one that cannot be trusted: no path, no leading dot, nothing that steers, no device of Windows.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if steers(c) || r#"<>:"|?*"#.contains(c) { '_' } else { c };
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= NAME_BYTES
    };
    let mut safe: String = last.chars().map(plain).take_while(fits).collect();
    safe = safe.trim_matches(['.', ' ']).to_owned();
    let stem = safe.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")));
    if safe.is_empty() {
        "file".to_owned()
    } else if device {
        format!("_{safe}")
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder_or_hide() {
        for (name, safe) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\evil.exe", "evil.exe"),
            (".bashrc", "bashrc"),
            ("nul.txt", "_nul.txt"),
            ("a\u{202e}fdp.exe", "a_fdp.exe"),
            ("..", "file"),
            ("", "file"),
            ("x\u{1b}[2J.pdf", "x_[2J.pdf"),
        ] {
            assert_eq!(safe_name(name), safe);
        }
        assert_eq!(safe_name(&"🦀".repeat(120)).len(), 200, "a name fits a file system in bytes");
    }

    #[test]
    fn the_line_that_names_something_is_seen_and_turns_no_words_around() {
        for (text, line) in [
            ("\u{200b}\n\u{3164}\u{2800} \n  De kas klopt niet.\nTweede", Some("De kas klopt niet.")),
            ("\u{202e}tein tpolk sak eD", Some("tein tpolk sak eD")),
            ("a\u{200d}\u{ad}b\tc", Some("ab c")),
            ("\u{e0041}\u{ffa0}!\n…", None),
            ("", None),
        ] {
            assert_eq!(visible_line(text).as_deref(), line, "{text:?}");
        }
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(safe_json("{\"a\":\"\u{9b}2J\u{202e}é\"}"), "{\"a\":\"\\u009b2J\\u202eé\"}");
        assert_eq!(safe_text("a\u{1b}[31mb\r\nc\u{202e}"), "a\u{fffd}[31mb\nc\u{fffd}");
    }
}
