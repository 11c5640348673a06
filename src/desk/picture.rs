//! Pictures as their pixels alone: what a camera wrote beside them stays behind.
use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};

use super::draw::Drawn;

/// Pixels on a side, and bytes in memory, that a picture may take.
const SIDE: u32 = 20_000;
const MEMORY: u64 = 512 << 20;
const WIDEST: u32 = 1600;

/// Whether bytes begin as a picture does that can be shown.
pub(super) fn is_picture(head: &[u8]) -> bool {
    image::guess_format(head).is_ok_and(known)
}

fn known(format: ImageFormat) -> bool {
    matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Gif | ImageFormat::WebP)
}

/// A picture's pixels and nothing else, no wider than a page needs; `None` when it does not decode. It has one page.
pub(super) fn drawn(bytes: &[u8], page: usize) -> Option<Drawn> {
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE), Some(SIDE), Some(MEMORY));
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    reader.format().filter(|format| page == 1 && known(*format))?;
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let picture = if picture.width() > WIDEST { picture.thumbnail(WIDEST, SIDE) } else { picture };
    let mut png = Cursor::new(Vec::new());
    picture.to_rgba8().write_to(&mut png, ImageFormat::Png).ok()?;
    Some(Drawn { pages: 1, png: png.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_pixels_and_loses_what_it_carries() {
        let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let mut jpeg = Cursor::new(Vec::new());
        picture.write_to(&mut jpeg, ImageFormat::Jpeg).ok();
        // An EXIF segment, as a camera writes one.
        let mut bytes = jpeg.into_inner();
        let exif = b"\xff\xe1\x00\x1bExif\0\0CANARY-CAMERA-1234\0";
        bytes.splice(2..2, exif.iter().copied());
        let png = drawn(&bytes, 1).map(|drawn| drawn.png).unwrap_or_default();
        assert!(png.starts_with(b"\x89PNG"));
        assert!(!png.windows(13).any(|w| w == b"CANARY-CAMERA"));
        assert!(drawn(&bytes, 2).is_none() && drawn(b"\x89PNG\r\n\x1a\nbroken", 1).is_none());
    }
}
