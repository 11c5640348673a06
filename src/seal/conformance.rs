//! Our hybrid age against the published vectors and against another implementation, both from npm.
use std::{
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use age::{Decryptor, Identity, secrecy::SecretString};
use sha2::{Digest, Sha256};

use super::hybrid::{HybridIdentity, HybridRecipient};

/// Vectors we know to end otherwise, with the reason. All three are of the classic types in the `age` crate; nothing that
/// Meldkluis seals has such a stanza.
const DIFFERENT: [(&str, &str); 3] = [
    ("stanza_missing_body", "the age crate also accepts the older form of a stanza without its last line"),
    ("stanza_missing_final_line", "the same"),
    ("scrypt_work_factor_23", "the age crate bounds the work by time, not by factor; it takes half a minute"),
];

/// The npm packages, installed once into the build folder.
fn peer() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("meldkluis-age-{}", env!("CARGO_PKG_VERSION")));
        std::fs::create_dir_all(&folder).unwrap();
        for file in ["package.json", "dump.mjs", "peer.mjs"] {
            std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/age").join(file), folder.join(file))
                .unwrap();
        }
        let npm =
            Command::new("npm").args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder).status();
        assert!(npm.unwrap().success(), "npm could not install the age vectors");
        folder
    })
}

fn node(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut node = Command::new("node");
    node.args(args).current_dir(peer()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = node.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    out.stdout
}

struct Vector {
    expect: String,
    payload: Option<String>,
    identities: Vec<Box<dyn Identity>>,
    skip: bool,
    file: Vec<u8>,
}

fn read(bytes: &[u8]) -> Vector {
    let end = bytes.windows(2).position(|w| w == b"\n\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut vector = Vector {
        expect: String::new(),
        payload: None,
        identities: Vec::new(),
        skip: false,
        file: bytes[end + 2..].to_vec(),
    };
    for (key, value) in head.lines().filter_map(|l| l.split_once(": ")) {
        match key {
            "expect" => vector.expect = value.to_owned(),
            "payload" => vector.payload = Some(value.to_owned()),
            "identity" if value.starts_with("AGE-SECRET-KEY-PQ-1") => match HybridIdentity::parse(value) {
                Some(identity) => vector.identities.push(Box::new(identity)),
                None => vector.skip = true,
            },
            "identity" => match value.parse::<age::x25519::Identity>() {
                Ok(identity) => vector.identities.push(Box::new(identity)),
                Err(_) => vector.skip = true,
            },
            "passphrase" => vector.identities.push(Box::new(age::scrypt::Identity::new(SecretString::from(value)))),
            // Armour and compressed vectors are for features that are not built in.
            "armored" | "compressed" => vector.skip = true,
            _ => {}
        }
    }
    vector
}

fn opens(vector: &Vector) -> bool {
    let Ok(decryptor) = Decryptor::new_buffered(Cursor::new(&vector.file)) else { return false };
    let Ok(mut opened) = decryptor.decrypt(vector.identities.iter().map(AsRef::as_ref)) else { return false };
    let mut body = Vec::new();
    opened.read_to_end(&mut body).is_ok()
        && vector.payload.as_ref().is_none_or(|p| *p == hex::encode(Sha256::digest(&body)))
}

#[test]
fn every_published_vector_ends_as_it_should() {
    let folder = peer().join("vectors");
    node(&["dump.mjs", folder.to_str().unwrap()], b"");
    let (mut ran, mut hybrid, mut wrong) = (0, 0, Vec::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let vector = read(&std::fs::read(&path).unwrap());
        let different = DIFFERENT.iter().any(|(known, _)| *known == name);
        if vector.skip || vector.identities.is_empty() || different {
            continue;
        }
        ran += 1;
        hybrid += usize::from(name.starts_with("hybrid"));
        if opens(&vector) != (vector.expect == "success") {
            wrong.push(format!("{name}: expected {}", vector.expect));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(ran > 80 && hybrid > 14, "only {ran} vectors, {hybrid} hybrid");
}

#[test]
fn what_we_seal_the_other_implementation_opens_and_the_other_way_round() {
    let identity = HybridIdentity::from_seed(zeroize::Zeroizing::new([5; 32]));
    let recipient: HybridRecipient = identity.recipient().unwrap();
    let ours = age::encrypt(&recipient, b"from here").unwrap();
    assert_eq!(node(&["peer.mjs", "decrypt", &identity.text()], &ours), b"from here");
    let theirs = node(&["peer.mjs", "encrypt", &recipient.text()], b"from there");
    assert_eq!(age::decrypt(&identity, &theirs).unwrap(), b"from there");
}

#[test]
fn a_slot_joined_with_its_payload_is_an_age_file_to_the_other_implementation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let key = std::fs::read_to_string(path.join("item.key")).unwrap();
    let opened = node(&["peer.mjs", "decrypt", key.trim()], &std::fs::read(path.join("item.age")).unwrap());
    assert!(opened.starts_with(b"An item of format version 1.\0"));
}
