//! Pages of a PDF as pictures, drawn in Rust. Nothing of the file is run or followed: scripts, links and attachments are not looked at.
use std::io::Cursor;

use hayro::{
    PixmapSettings, RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf, render,
    vello_cpu::color::palette::css::WHITE,
};
use image::{ImageFormat, RgbaImage};

use super::draw::{Drawn, MOST_PAGES};

/// Pixels of a page, at most.
const WIDE: f32 = 1200.0;
const HIGH: f32 = 1700.0;
/// A small page is not enlarged more than so.
const LARGER: f32 = 3.0;

/// Whether bytes begin as a PDF does.
pub(super) fn is_pdf(head: &[u8]) -> bool {
    head.starts_with(b"%PDF-")
}

/// A page of a document, from 1; `None` when there is none that can be drawn.
pub(super) fn drawn(pdf: Vec<u8>, page: usize) -> Option<Drawn> {
    let pdf = Pdf::new(pdf).ok()?;
    let pages = pdf.pages().len().min(MOST_PAGES);
    let page = pdf.pages().get(page.checked_sub(1)?).filter(|_| page <= pages)?;
    let (width, height) = page.render_dimensions();
    let scale = (WIDE / width).min(HIGH / height).min(LARGER);
    // What is no size, or has no pixel on a side, is no page.
    let drawable = |side: f32| side.is_finite() && side * scale >= 1.0;
    if !drawable(width) || !drawable(height) {
        return None;
    }
    let size = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let settings = InterpreterSettings::default();
    let pixels = render(page, &RenderCache::new(), &settings, &RenderSettings::default(), &size);
    let (width, height) = (pixels.width().into(), pixels.height().into());
    let picture = RgbaImage::from_raw(width, height, pixels.data_as_u8_slice().to_vec())?;
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(Drawn { pages, png: png.into_inner() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::fmt::Write as _;

    use crate::desk::draw::draw;

    /// A PDF of one page with these boxes and this content.
    fn pdf(page: &str, content: &str) -> Vec<u8> {
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            format!("<< /Type /Page /Parent 2 0 R {page} /Contents 4 0 R >>"),
            format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        ];
        let mut text = "%PDF-1.4\n".to_owned();
        let mut places = Vec::new();
        for (n, object) in objects.iter().enumerate() {
            places.push(text.len());
            writeln!(text, "{} 0 obj\n{object}\nendobj", n + 1).unwrap();
        }
        let table = text.len();
        let count = objects.len() + 1;
        writeln!(text, "xref\n0 {count}\n0000000000 65535 f ").unwrap();
        for place in places {
            writeln!(text, "{place:010} 00000 n ").unwrap();
        }
        writeln!(text, "trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF").unwrap();
        text.into_bytes()
    }

    const A5: &str = "/MediaBox [0 0 420 595]";
    const RED: &str = "1 0 0 rg 0 0 210 595 re f";

    #[test]
    fn a_page_is_drawn_as_a_picture_and_nothing_of_the_file_is_in_it() {
        let drawn = draw(pdf(A5, RED), 1).unwrap();
        assert_eq!(drawn.pages, 1);
        assert!(!drawn.png.windows(9).any(|w| w == b"app.alert"));
        let picture = image::load_from_memory(&drawn.png).unwrap().to_rgb8();
        let (left, right) = (picture.get_pixel(100, 400).0, picture.get_pixel(picture.width() - 100, 400).0);
        assert_eq!((left, right), ([255, 0, 0], [255, 255, 255]));
        assert!(draw(pdf(A5, RED), 2).is_none() && draw(pdf(A5, RED), 0).is_none(), "there is no such page");
    }

    #[test]
    fn a_page_of_any_size_takes_a_bounded_picture() {
        for page in
            ["0 0 14400000 10", "0 0 10 14400000", "0 0 1e30 1e30", "0 0 0 0", "-5 -5 5 5", "5 5 -5 -5", "0 0 1 1"]
        {
            let page = format!("/MediaBox [{page}]");
            if let Some(drawn) = draw(pdf(&page, RED), 1) {
                let picture = image::load_from_memory(&drawn.png).unwrap();
                assert!(picture.width() <= 1200 && picture.height() <= 1700, "{page}");
            }
        }
    }

    #[test]
    fn what_is_broken_is_not_drawn_and_brings_nothing_down() {
        for broken in [&b""[..], b"%PDF-", b"%PDF-1.7\ntrailer << /Root 1 0 R >>", &[0xff; 3000]] {
            assert!(draw(broken.to_vec(), 1).is_none());
        }
        // Changed at random, cut and doubled: a panic of the renderer would end this test.
        let whole = pdf(A5, &format!("q {RED} Q BT /F1 24 Tf 100 100 Td (Tekst) Tj ET 0 0 m 9 9 l S"));
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut draw_number = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
        };
        let quiet = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..=draw_number(8) {
                let at = draw_number(bytes.len());
                match draw_number(3) {
                    0 => bytes[at] = u8::try_from(draw_number(256)).unwrap(),
                    1 => bytes.truncate(at.max(10)),
                    _ => bytes.splice(at..at, b"<< /Kids [2 0 R] 99999999999 ".iter().copied()).for_each(drop),
                }
            }
            drop(draw(bytes, 1));
        }
        std::panic::set_hook(quiet);
    }
}
