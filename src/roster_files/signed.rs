//! Signatures as `ssh-keygen -Y sign` makes them: by whom, and whether by enough distinct people.
use std::collections::BTreeSet;

use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig, public::KeyData};

use super::text::wrong;
use crate::domain::roster::{RosterError, Signers};

/// What the signatures are for; a signature over anything else does not count.
pub const NAMESPACE: &str = "meldkluis-roster@v1";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// The flag a hardware key sets when a person touched it.
const USER_PRESENT: u8 = 1;
/// Flags (one byte) and counter (four) behind a hardware key's signature.
const HARDWARE_TRAILER: usize = 5;

/// An armored signature over a roster file; empty if the key cannot sign (hardware keys sign through `ssh-keygen`).
pub fn sign(bytes: &[u8], key: &PrivateKey) -> String {
    let signed = SshSig::sign(key, NAMESPACE, HashAlg::Sha512, bytes);
    signed.and_then(|s| s.to_pem(LineEnding::LF)).unwrap_or_default()
}

/// Whether enough distinct people signed these bytes.
pub(super) fn signed_by_enough(name: &str, bytes: &[u8], sigs: &str, signers: &Signers) -> Result<(), RosterError> {
    let keys = keys(name, signers)?;
    let mut people = BTreeSet::new();
    let mut not_counted = Vec::new();
    for armored in armored(sigs) {
        match signer(&armored, bytes, &keys) {
            Ok(person) => drop(people.insert(person)),
            Err(why) => not_counted.push(why),
        }
    }
    if people.len() >= signers.threshold {
        return Ok(());
    }
    let why = not_counted.iter().map(|w| format!(" One signature does not count: {w}.")).collect::<String>();
    let who = if people.is_empty() { "nobody".to_owned() } else { people.into_iter().collect::<Vec<_>>().join(", ") };
    let needed = signers.threshold;
    Err(wrong(
        name,
        format!(
            "signed by {who}, but {needed} of its signers must sign; each runs: ssh-keygen -Y sign -n {NAMESPACE} -f KEY < {name} >> {name}.sig.{why}"
        ),
    ))
}

/// The signers' keys, each of one person, and as many as the threshold asks at least.
fn keys<'a>(name: &str, signers: &'a Signers) -> Result<Vec<(&'a str, KeyData)>, RosterError> {
    if signers.threshold == 0 || signers.threshold > signers.keys.len() {
        return Err(wrong(name, "the threshold of its signers must be 1 to the number of signers"));
    }
    let mut keys: Vec<(&str, KeyData)> = Vec::new();
    for (person, line) in &signers.keys {
        let key = key(line).ok_or_else(|| wrong(name, unusable(person)))?;
        if let Some((other, _)) = keys.iter().find(|(_, k)| *k == key) {
            return Err(wrong(name, format!("signers {other} and {person} have the same key; each uses their own")));
        }
        keys.push((person, key));
    }
    Ok(keys)
}

/// What to say of a signer's key that [`key`] does not take.
pub(super) fn unusable(person: &str) -> String {
    format!("the key of signer {person} is not a line of an id_ed25519.pub, id_ecdsa.pub (P-256) or their -sk kinds")
}

/// A signer's key, of a kind that can be checked.
pub(super) fn key(line: &str) -> Option<KeyData> {
    let key = PublicKey::from_openssh(line).ok()?.key_data().clone();
    let usable = key.is_ed25519() || key.is_sk_ed25519() || key.is_sk_ecdsa_p256() || is_p256(&key);
    usable.then_some(key)
}

fn is_p256(key: &KeyData) -> bool {
    key.algorithm() == Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }
}

/// Who made a signature that holds, or why it does not count.
fn signer<'a>(armored: &str, bytes: &[u8], keys: &[(&'a str, KeyData)]) -> Result<&'a str, String> {
    let sig = SshSig::from_pem(armored).map_err(|_| "it is damaged".to_owned())?;
    let by = keys.iter().find(|(_, key)| key == sig.public_key());
    let (person, key) = by.ok_or("its key is not of a signer of this file")?;
    if sig.namespace() != NAMESPACE {
        return Err(format!("{person} signed for another purpose; use -n {NAMESPACE}"));
    }
    let hardware = key.is_sk_ed25519() || key.is_sk_ecdsa_p256();
    if hardware && !touched(sig.signature_bytes()) {
        return Err(format!("the hardware key of {person} was not touched; make it without no-touch-required"));
    }
    let holds =
        sig.algorithm() == key.algorithm() && PublicKey::new(key.clone(), "").verify(NAMESPACE, bytes, &sig).is_ok();
    if holds { Ok(person) } else { Err(format!("{person} signed another version of this file")) }
}

/// Whether a person was there: the `ssh-key` crate proves the flags but leaves them to its caller.
fn touched(signature: &[u8]) -> bool {
    let flags = signature.len().checked_sub(HARDWARE_TRAILER).and_then(|at| signature.get(at));
    flags.is_some_and(|flags| flags & USER_PRESENT != 0)
}

fn armored(sigs: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut current: Option<String> = None;
    for line in sigs.lines().map(str::trim) {
        if line == BEGIN {
            current = Some(String::new());
        }
        if let Some(text) = &mut current {
            text.push_str(line);
            text.push('\n');
        }
        if line == END {
            all.extend(current.take());
        }
    }
    all
}
