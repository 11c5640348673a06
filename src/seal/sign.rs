//! Ed25519 signatures (RFC 8032), made over domain-separated bytes.
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// A signing key: a reader's, or the one derived from a reporter's code. Zeroed when dropped.
pub struct Signer(SigningKey);

impl Signer {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Its public half, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Whether a signature is this key's over this message; weak keys are refused.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// Whether these bytes are a public key that signatures can be checked with: a point, and not a weak one.
pub fn is_sign_key(public: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public).is_ok_and(|key| !key.is_weak())
}
