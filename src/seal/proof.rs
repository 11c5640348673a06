//! Proof of filing: a secret from the code, of one room, whose hash stands in the first item and in the acknowledgement.
//!
//! Commitment, version 1: `SHA-256("meldkluis/proof/v1\n" ‖ instance (16) ‖ case (16) ‖ proof (32))`, hex. Whoever shows the proof
//! shows that they have, or were given, the code's proof of that case; nothing else of the code follows from it.
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::id::{CaseId, InstanceId};

const LABEL: &[u8] = b"meldkluis/proof/v1\n";
/// Hex digits of a group, as it is shown and typed.
const GROUP: usize = 4;

/// Shows who filed a case. Zeroed when dropped; no Debug, Clone or Serialize.
pub struct Proof(Zeroizing<[u8; 32]>);

impl Proof {
    /// The proof of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads what [`Self::groups`] shows, with any white space or hyphens between; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect());
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.as_bytes(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// As a person copies it: sixteen groups of four.
    pub fn groups(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.0.as_slice()));
        let mut groups = Zeroizing::new(String::with_capacity(digits.len() + digits.len() / GROUP));
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && n.is_multiple_of(GROUP) {
                groups.push(' ');
            }
            groups.push(digit);
        }
        groups
    }

    /// What stands in the first item of a case.
    pub fn commitment(&self, instance: &InstanceId, case: &CaseId) -> String {
        let hash = Sha256::new()
            .chain_update(LABEL)
            .chain_update(instance.as_bytes())
            .chain_update(case.as_bytes())
            .chain_update(self.0.as_slice())
            .finalize();
        hex::encode(hash)
    }

    /// Whether this is the proof of that commitment, in the same time for all.
    pub fn fits(&self, commitment: &str, instance: &InstanceId, case: &CaseId) -> bool {
        self.commitment(instance, case).as_bytes().ct_eq(commitment.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_vector_of_a_commitment_holds_and_a_proof_comes_back_from_its_groups() {
        let (instance, case) =
            (InstanceId::from_uuid(Uuid::from_bytes([1; 16])), CaseId::from_uuid(Uuid::from_bytes([2; 16])));
        let proof = Proof::from_bytes([3; 32]);
        let commitment = proof.commitment(&instance, &case);
        assert_eq!(commitment, include_str!("../../tests/vectors/proof.txt").trim());
        let again = Proof::parse(&proof.groups().replace(' ', " - "));
        assert!(again.is_some_and(|again| again.fits(&commitment, &instance, &case)));
        assert!(!Proof::from_bytes([4; 32]).fits(&commitment, &instance, &case));
        assert!(Proof::parse("0303").is_none() && Proof::parse("geen bewijs").is_none());
    }
}
